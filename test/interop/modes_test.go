package interop

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// conversation collects what was sent and answered.
type conversation struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (c *conversation) listen(o *ftpclient.Options) {
	add := func(line string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lines = append(c.lines, line)
	}
	o.Trace = &ftpclient.Trace{
		Command: func(_ int, line string) { add("> " + line) },
		Reply:   func(_, code int, text string, _ time.Duration) { add(fmt.Sprintf("< %d %s", code, text)) },
	}
}

// starting returns the lines that begin with this.
func (c *conversation) starting(with string) (found []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range c.lines {
		if strings.HasPrefix(line, with) {
			found = append(found, line)
		}
	}
	return found
}

// nameless is a connection to Pure-FTPd on which it does not tell its name.
type nameless struct{ net.Conn }

func (c nameless) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	copy(p, bytes.ReplaceAll(p[:n], []byte("Pure-FTPd"), []byte("Some-FTPd")))
	return n, err
}

// TestPRET: Pure-FTPd lists PRET, and answers in it what it would say to the
// transfer. It is used where its name does not tell that it needs none.
func TestPRET(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.PureFTPd)
	s.WriteFile("f", []byte("content"))
	var said conversation
	ctx, c := dialed(t, s, said.listen, func(o *ftpclient.Options) {
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			return nameless{nc}, err
		}
	})
	if got, err := retrieve(ctx, c, s.Path("f"), 3, -1); err != nil || string(got) != "tent" {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := c.Store(ctx, s.Path("g"), strings.NewReader("new"), ftpclient.StoreOptions{}); err != nil {
		t.Error(err)
	}
	if l, err := c.List(ctx, s.Path("")); err != nil || len(l.Entries) != 2 {
		t.Errorf("listed %+v, %v", l, err)
	}
	if _, err := retrieve(ctx, c, s.Path("missing"), 0, -1); ftpclient.KindOf(err) != ftpclient.KindNotExist {
		t.Errorf("what is not there: %v", err)
	}
	if sent := said.starting("> RETR"); len(sent) != 1 {
		t.Errorf("sent %q: PRET has answered for the second file", sent)
	}
	sent := said.starting("> PRET")
	for _, want := range []string{"> PRET RETR " + s.Path("f"), "> PRET STOR " + s.Path("g"), "> PRET MLSD " + s.Path("")} {
		if !strings.Contains(strings.Join(sent, "\n")+"\n", want+"\n") {
			t.Errorf("sent %q, without %q", sent, want)
		}
	}
	if c.Features().PRET != ftpclient.Yes {
		t.Errorf("PRET: %v", c.Features().PRET)
	}
}

// TestActiveByEPRT: the servers take EPRT over IPv4 too, where PORT is refused
// it is found out.
func TestActiveByEPRT(t *testing.T) {
	t.Parallel()
	s := ftptest.Start(t, ftptest.Bundled, ftptest.Extra("PORT"))
	s.WriteFile("f", []byte("content"))
	var said conversation
	ctx, c := dialed(t, s, said.listen, func(o *ftpclient.Options) { o.Active = true })
	for range 2 {
		if got, err := retrieve(ctx, c, s.Path("f"), 0, -1); err != nil || string(got) != "content" {
			t.Errorf("read %q, %v", got, err)
		}
	}
	if port, eprt := said.starting("> PORT "), said.starting("> EPRT |1|127.0.0.1|"); len(port) != 1 || len(eprt) != 2 {
		t.Errorf("sent %q and %q", port, eprt)
	}
}

// TestActivePorts: each server serves eight transfers at a time on ports of a
// range of ours. Pure-FTPd connects from port 20 and so can have each port once
// in a minute only; there are enough for that.
func TestActivePorts(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		data := bytes.Repeat([]byte("0123456789"), 1000)
		s.WriteFile("f", data)
		first := 16000 + rand.IntN(3000) // neither servers nor the kernel take these
		ctx, c := dialed(t, s, func(o *ftpclient.Options) { o.Active, o.ActivePorts = true, [2]int{first, first + 39} })
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() { readAndWrite(ctx, t, c, s, i, data) })
		}
		all.Wait()
	})
}

// readAndWrite makes some transfers; i is whose they are.
func readAndWrite(ctx context.Context, t *testing.T, c *ftpclient.Client, s *ftptest.Server, i int, data []byte) {
	for range 2 {
		if got, err := retrieve(ctx, c, s.Path("f"), int64(i), -1); err != nil || !bytes.Equal(got, data[i:]) {
			t.Errorf("%d: read %d octets, %v", i, len(got), err)
		}
		if _, err := c.Store(ctx, s.Path(fmt.Sprintf("up%d", i)), bytes.NewReader(data), ftpclient.StoreOptions{}); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}
