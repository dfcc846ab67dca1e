package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
)

// writingPatience is the time for a reply: a failure without need is no harm here, a
// success without content is.
const (
	writingPatience = 500 * time.Millisecond
	writingAtOnce   = 48
)

// TestWriting: whatever the bundled server does wrong while a file is written, the
// close that succeeds has written what was to be written, and one that fails has left
// the old version. Then, without the fault, what was written is sent from the spool,
// and no temporary file stays.
func TestWriting(t *testing.T) {
	rng := rand.New(rand.NewPCG(seed(t), 8))
	var mu sync.Mutex
	tally := map[string]int{}
	var cases sync.WaitGroup
	slots := make(chan struct{}, writingAtOnce)
	for _, w := range writings {
		verbs, err := w.verbs()
		if err != nil {
			t.Fatalf("%s without a fault: %v", w.name, err)
		}
		for _, f := range writingRules(verbs, rng) {
			own := rand.New(rand.NewPCG(rng.Uint64(), 9))
			slots <- struct{}{}
			cases.Go(func() {
				defer func() { <-slots }()
				outcome, err := w.suffer(f, own)
				mu.Lock()
				defer mu.Unlock()
				if tally[outcome]++; err != nil {
					t.Errorf("%s: %s: %v", w.name, ruleName(f), err)
				}
			})
		}
	}
	cases.Wait()
	t.Log(tally)
	if tally["done"] == 0 || tally["failed"] == 0 {
		t.Error("no fault made anything fail, or nothing went well")
	}
}

// written is one change at one server.
type written struct {
	writing
	before, want []byte
	do           func(context.Context, *cache.Volume) error

	tree   *ftpserver.MemFS
	server *ftpserver.Server
	port   int
	served chan error
	client *ftpclient.Client
	volume *cache.Volume
	spool  string

	mu    sync.Mutex
	heard []string // what the server was told and answered; guarded by mu
}

// start starts both sides. The volume has a connection and knows its server.
func (w writing) start(rng *rand.Rand, patience time.Duration) (*written, error) {
	c := &written{writing: w, tree: ftpserver.NewMemFS(0), served: make(chan error, 1)}
	size := [...]int{5_000, 150_000, 1_400_000}[rng.IntN(3)]
	c.before, c.want, c.do = w.plan(size, rng)
	if err := c.put(); err != nil {
		return nil, err
	}
	server, err := ftpserver.New(ftpserver.Options{FS: c.tree, Anonymous: true, AnonymousWrite: true, LoginDelay: -1, Trace: ftpserver.Trace{
		Command: func(session int, line string) { c.note(fmt.Sprintf("%d > %s", session, line)) },
		Reply:   func(session, code int, text string) { c.note(fmt.Sprintf("%d < %d %s", session, code, text)) },
	}})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.server, c.port = server, l.Addr().(*net.TCPAddr).Port
	go func() { c.served <- server.Serve(l) }()
	if c.spool, err = os.MkdirTemp("", "ftpfs-faults-"); err == nil {
		err = c.mount(patience)
	}
	if err == nil && !within(func() bool { _, err = c.volume.List(context.Background(), ""); return err == nil }) {
		err = fmt.Errorf("before the fault: %w", err)
	}
	return c, err
}

func (c *written) note(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, line)
}

// put makes the server's version, an hour old.
func (c *written) put() error {
	if c.before == nil {
		return nil
	}
	f, err := c.tree.OpenFile("f", os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(c.before)
	hour := time.Now().Add(-time.Hour)
	return errors.Join(err, f.Close(), c.tree.Chtimes("f", hour, hour))
}

// mount makes a client and its volume.
func (c *written) mount(patience time.Duration) (err error) {
	c.client, err = ftpclient.New(ftpclient.Options{Host: "127.0.0.1", Port: c.port, Connections: connections,
		DialTimeout: 2 * time.Second, ReplyTimeout: patience, DataTimeout: patience, WaitTimeout: 2 * time.Second})
	if err != nil {
		return err
	}
	c.volume, err = cache.NewVolume(cache.FromClient(c.client), cache.Options{Root: "/", TTL: time.Minute, SpoolDir: c.spool, Connections: connections})
	return err
}

// onServer is what the server's file holds; nil for no file.
func (c *written) onServer() ([]byte, error) {
	f, err := c.tree.OpenFile("f", os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return append([]byte{}, b...), err
}

// verbs are the commands that the change uses.
func (w writing) verbs() ([]string, error) {
	seen := map[string]bool{}
	for n := range uint64(9) { // of each size
		c, err := w.start(rand.New(rand.NewPCG(n, n)), hang)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		from := len(c.heard)
		c.mu.Unlock()
		err = c.do(context.Background(), c.volume)
		got, readErr := c.onServer()
		if err := errors.Join(err, readErr, c.stop()); err != nil {
			return nil, err
		}
		if !bytes.Equal(got, c.want) {
			return nil, fmt.Errorf("%w: %d octets, right are %d of %d", errWrong, len(got), common(got, c.want), len(c.want))
		}
		for _, line := range c.heard[from:] {
			if _, said, ok := strings.Cut(line, " > "); ok {
				verb, _, _ := strings.Cut(said, " ")
				seen[strings.ToUpper(verb)] = true
			}
		}
	}
	delete(seen, "QUIT")
	verbs := []string{""} // any
	for verb := range seen {
		verbs = append(verbs, verb)
	}
	slices.Sort(verbs)
	return verbs, nil
}

// stop ends both sides.
func (c *written) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	err := errors.Join(c.volume.Close(ctx), c.client.Close(), c.server.Close(), closed(<-c.served))
	return errors.Join(err, os.RemoveAll(c.spool))
}

// suffer makes the change under a fault, and what is to be made of it afterwards.
func (w writing) suffer(f ftpserver.Fault, rng *rand.Rand) (outcome string, err error) {
	c, err := w.start(rng, writingPatience)
	if err != nil {
		return "WRONG", err
	}
	defer func() {
		if err != nil {
			outcome = "WRONG"
			err = fmt.Errorf("%d octets: %w\n%s", len(c.want), err, strings.Join(c.heard, "\n"))
		}
	}()
	if f.Point == ftpserver.AtData {
		f.Octet = rng.Int64N(int64(len(c.want)) + 1)
	}
	if err := c.server.SetFaults(f); err != nil {
		return "", errors.Join(err, c.stop())
	}
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	said := c.do(ctx, c.volume)
	outcome, err = c.judge(said, ctx.Err() != nil)
	err = errors.Join(err, c.server.SetFaults())
	if err == nil {
		err = c.recovers(said)
	}
	return outcome, errors.Join(err, c.stop())
}

// judge holds what the close has said against what the server has.
func (c *written) judge(said error, hung bool) (outcome string, err error) {
	got, err := c.onServer()
	isOld := bytes.Equal(got, c.before) && (got == nil) == (c.before == nil)
	isNew := got != nil && bytes.Equal(got, c.want)
	switch {
	case err != nil:
		return "", err
	case hung:
		return "", errHang
	case said == nil && isNew:
		return "done", nil
	case said == nil:
		return "", fmt.Errorf("%w: success, and %d octets, right are %d of %d", errWrong, len(got), common(got, c.want), len(c.want))
	case isOld:
		return "failed", nil
	case isNew:
		return "failed, though it is there", nil
	case c.fits(c.before, c.want, got):
		return "failed, a part is there", nil
	}
	return "", fmt.Errorf("%w: %v, and %d octets, of the new version are %d, of the old one %d", errWrong, said, len(got), common(got, c.want), common(got, c.before))
}

// recovers: without the fault, what could not be written is kept and can be sent, by
// the same volume or the next one, and no temporary file is left.
func (c *written) recovers(said error) error {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	if err := errors.Join(c.volume.Close(ctx), c.client.Close()); err != nil {
		return fmt.Errorf("%v, and at the end: %w", said, err)
	}
	if err := c.mount(hang / 4); err != nil {
		return err
	}
	c.volume.Recover()
	kept := c.volume.Uploads()
	if said != nil && len(kept) > 0 {
		if err := c.volume.RetryUpload("f"); err != nil {
			return fmt.Errorf("%v, and retry: %w", said, err)
		}
	}
	if !within(func() bool { return c.settled() }) {
		left, _ := filepath.Glob(filepath.Join(c.spool, "*"))
		return fmt.Errorf("%v, and is not cleared up: uploads %v, in the spool %q, on the server %q", said, c.volume.Uploads(), left, c.names())
	}
	got, err := c.onServer()
	changed := slices.ContainsFunc(c.volume.Uploads(), func(u cache.Upload) bool { return ftpclient.KindOf(u.Err) == ftpclient.KindChanged })
	switch {
	case err != nil:
		return err
	case (said == nil || len(kept) > 0) && !bytes.Equal(got, c.want) && !changed:
		return fmt.Errorf("%w: %v, sent again %d octets, right are %d of %d", errWrong, said, len(got), common(got, c.want), len(c.want))
	case changed:
		return c.volume.DiscardUpload("f") // as who is told of it decides
	}
	return nil
}

// settled: no temporary file is on the server, and no upload goes on.
func (c *written) settled() bool {
	if slices.ContainsFunc(c.volume.Uploads(), func(u cache.Upload) bool { return !u.Ended }) {
		return false
	}
	return !slices.ContainsFunc(c.names(), func(name string) bool { return name != "f" })
}

// names are those of the server's files.
func (c *written) names() (names []string) {
	list, err := c.tree.ReadDir(".")
	if err != nil {
		return []string{err.Error()}
	}
	for _, info := range list {
		names = append(names, info.Name())
	}
	return names
}
