package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ftpfs/cmd/ftpfs/internal/status"
	"ftpfs/ftpserver"
)

// counted is what a server has seen.
type counted struct {
	commands, stored, retrieved atomic.Int64
}

func (c *counted) options() ftpserver.Options {
	return ftpserver.Options{
		Trace: ftpserver.Trace{Command: func(int, string) { c.commands.Add(1) }},
		Transferred: func(x ftpserver.Transfer) {
			if x.Verb == "RETR" {
				c.retrieved.Add(x.Bytes)
			} else {
				c.stored.Add(x.Bytes)
			}
		},
	}
}

// TestStatusUnderLoad: while programs read and write, no counter goes back and none
// contradicts another; afterwards they are those of the server.
func TestStatusUnderLoad(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	const workers, files, octets = 6, 8, 100_000
	var server counted
	tree, addr, _ := testServerWith(t, server.options())
	for w := range workers {
		for i := range files {
			if err := writeTree(tree, fmt.Sprintf("sub/%d-%d", w, i), strings.Repeat(string(rune('a'+w)), octets)); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := mountTest(t, "--http=127.0.0.1:0", "ftp://me:sesame@"+addr+"/")
	var load sync.WaitGroup
	for w := range workers {
		load.Go(func() {
			for i := range files {
				name := fmt.Sprintf("%d-%d", w, i)
				text, err := os.ReadFile(filepath.Join(dir, "sub", name))
				if err != nil || !bytes.Equal(text, bytes.Repeat([]byte{byte('a' + w)}, octets)) {
					t.Errorf("%s: %d octets, %v", name, len(text), err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { load.Wait(); close(done) }()
	url := statusOf(t, dir).Status.Mount.HTTP
	before, looks := status.Snapshot{}, 0
	for under := true; under; looks++ {
		select {
		case <-done:
			under = false
		default:
		}
		now := snapshotOf(t, url)
		agrees(t, &before, &now)
		before = now
	}
	t.Logf("%d looks under load", looks)

	s := statusOf(t, dir).Status
	if n := int64(workers * files); s.Uploads.Confirmed != n || s.Traffic.Sent != n*octets || s.Traffic.Sent != server.stored.Load() {
		t.Errorf("%d uploads of %d octets, the server has %d", s.Uploads.Confirmed, s.Traffic.Sent, server.stored.Load())
	}
	if s.Traffic.Received < workers*files*octets || s.Traffic.Received < server.retrieved.Load() {
		t.Errorf("%d octets received, the server sent %d of files", s.Traffic.Received, server.retrieved.Load())
	}
	for _, o := range s.Operations {
		if o.Name == "create" && o.Count != workers*files || o.Failed > 0 && o.Name == "read" {
			t.Errorf("%+v", o)
		}
	}
	eventually(t, "as many commands as the server has read", func() bool {
		return snapshotOf(t, url).Traffic.Commands == server.commands.Load()
	})
}

func snapshotOf(t *testing.T, url string) (s status.Snapshot) {
	t.Helper()
	if err := json.Unmarshal(fetchPage(t, url+"status.json"), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// agrees compares figures with earlier ones, and with each other.
func agrees(t *testing.T, before, now *status.Snapshot) {
	t.Helper()
	a, b := before.Traffic, now.Traffic
	if b.Received < a.Received || b.Sent < a.Sent || b.Commands < a.Commands || b.Replies < a.Replies || b.Transfers < a.Transfers {
		t.Errorf("a counter goes back: %+v, then %+v", a, b)
	}
	if c := now.Connections; c.Busy > c.Open || c.Open+c.Dialing > c.Limit || len(c.List) != c.Open {
		t.Errorf("%+v", c)
	}
	if c := now.Caches.Content; c.Bytes > c.Limit || c.HitRate > 1 || c.Files > 0 && c.Bytes == 0 {
		t.Errorf("%+v", c)
	}
	if u := now.Uploads; u.Confirmed < before.Uploads.Confirmed || u.Failed+int(u.GivenUp) > 0 {
		t.Errorf("%+v", u)
	}
}
