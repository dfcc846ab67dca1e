package status

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/fusefs"
	"ftpfs/test/fakeremote"
)

// A snapshot of a mount that has not done anything has what there is, and asks
// nobody.
func TestTakeAsksNobody(t *testing.T) {
	client, err := ftpclient.New(ftpclient.Options{Host: "server.invalid"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	tree := fakeremote.New()
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: t.TempDir(), TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close(t.Context())
	s := Sources{Mount: Mount{PID: 7}, Version: "v", Client: client, Volume: v}.Take()
	if s.Server.State != "idle" || s.Mount.PID != 7 || s.Version != "v" || s.Connections.Limit != 8 || s.Caches.Content.HitRate != -1 || s.Caches.Disk != nil {
		t.Errorf("%+v", s)
	}
	if s.Transfers == nil || s.Errors == nil || s.Operations == nil || s.Uploads.List == nil || s.Connections.List == nil {
		t.Errorf("lists are empty in JSON, and not null: %+v", s)
	}
	if c := tree.Calls(""); len(c) != 0 || client.Stats().Commands != 0 {
		t.Errorf("asked: %v", c)
	}
}

func TestServerStates(t *testing.T) {
	one := []ftpclient.ConnStats{{ID: 1}}
	for _, c := range []struct {
		stats ftpclient.Stats
		want  string
	}{
		{ftpclient.Stats{Connections: one}, "up"},
		{ftpclient.Stats{}, "idle"},
		{ftpclient.Stats{Server: ftpclient.ServerStats{Down: true, Err: errors.New("x")}}, "down"},
	} {
		if got := serverOf(c.stats, ftpclient.Features{}); got.State != c.want {
			t.Errorf("%+v is %s", c.stats, got.State)
		}
	}
}

// A transfer is told with the size of the file, and by the name that it is for.
func TestTransfers(t *testing.T) {
	now := time.Now()
	list := transfersOf(ftpclient.Stats{Connections: []ftpclient.ConnStats{
		{ID: 1, Transfer: &ftpclient.TransferStats{Verb: "RETR", Path: "/a", From: 100, Bytes: 50, Size: 100, Since: now.Add(-time.Second)}},
		{ID: 2},
		{ID: 3, Transfer: &ftpclient.TransferStats{Up: true, Verb: "STOR", Path: "/d/.b.ftpfs-0123456789abcdef", Size: -1}},
		{ID: 4, State: ftpclient.ConnParked, Transfer: &ftpclient.TransferStats{Verb: "MLSD", Size: -1}},
	}}, now)
	if len(list) != 3 || list[0].Size != 200 || list[0].Progress() != 0.75 || list[0].Kind != "download" || list[0].Seconds != 1 ||
		list[1].Path != "/d/b" || list[1].Kind != "upload" || list[1].Progress() != -1 || list[2].Kind != "listing" || list[2].State != "parked" {
		t.Errorf("%+v", list)
	}
}

func TestQuantiles(t *testing.T) {
	buckets := make([]int64, len(fusefs.Bounds())+1)
	buckets[1], buckets[5], buckets[len(buckets)-1] = 50, 48, 2
	o := operationOf(fusefs.OpStats{Name: "read", Begun: 103, Buckets: buckets, Time: time.Second})
	bounds := fusefs.Bounds()
	if o.Count != 100 || o.Running != 3 || o.Mean != 0.01 || o.P50 != bounds[1].Seconds() || o.P99 != bounds[len(bounds)-1].Seconds() {
		t.Errorf("%+v", o)
	}
	if o := operationOf(fusefs.OpStats{Begun: 1, Buckets: make([]int64, len(buckets))}); o.P50 != 0 || o.Mean != 0 || o.Running != 1 {
		t.Errorf("nothing answered yet: %+v", o)
	}
}

// The last warnings are remembered with all that they say, also those that the log
// itself does not want, and no secret of theirs.
func TestRecent(t *testing.T) {
	var out bytes.Buffer
	r := new(Recent)
	log := r.Watch(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelError})))
	log.Info("no trouble")
	for range 3 {
		log.With("file", "/a").WithGroup("g").Warn("trouble", "error", errors.New("552 full"))
	}
	log.Error("worse")
	log.Warn(fusefs.FailureMessage, "op", "read")
	got := r.entries()
	if len(got) != 2 || got[0].Text != "trouble, file /a, g.error 552 full" || got[0].Count != 3 || got[1].Text != "worse" || got[1].From != "log" {
		t.Errorf("%+v", got)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%s", &out)
	}
	for range 3 * keptLines {
		log.Warn(strings.Repeat("x", len(got)))
		got = append(got, ErrorEntry{})
	}
	if n := len(r.entries()); n != keptLines {
		t.Errorf("%d lines are remembered", n)
	}
}
