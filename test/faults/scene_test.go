package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

func TestMain(m *testing.M) { ftptest.Main(m) }

const (
	connections = 3
	silence     = time.Second      // that a client takes; over TLS twice that
	waiting     = 15 * time.Second // for a connection: the client does not dial for some seconds after a failure
	hang        = 60 * time.Second // nothing takes so long
	largeSize   = 700_001
	listed      = 150 // files
)

// scene is a server and what is on it.
type scene struct {
	options ftpclient.Options // without Dial
	root    string
	content []byte // of the file "large"
	names   []string
	noRest  bool // each download begins at the beginning
	tls     bool

	connections int
	patience    time.Duration
}

// errWrong is what must never be; errHang neither.
var (
	errWrong = errors.New("wrong")
	errHang  = errors.New("it hangs")
)

func content(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

// sceneOn puts what is to be read on a server.
func sceneOn(s *ftptest.Server) scene {
	c := scene{root: s.Root, content: content(largeSize), connections: connections, patience: silence, options: ftpclient.Options{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password}}
	if s.CAFile != "" {
		c.options.TLS, c.options.Security, c.tls = s.ClientTLS(), ftpclient.SecurityExplicit, true
	}
	s.WriteFile("large", c.content)
	for i := range listed {
		name := fmt.Sprintf("file number %d", i)
		s.WriteFile("dir/"+name, []byte("x"))
		c.names = append(c.names, name)
	}
	slices.Sort(c.names)
	return c
}

// mounted is a client and its volume, on the scene's server by a relay.
type mounted struct {
	scene
	relay  *relay
	client *ftpclient.Client
	volume *cache.Volume
	spool  string
}

func (c scene) mount() (*mounted, error) {
	o := c.options
	m := &mounted{scene: c, relay: newRelay(net.JoinHostPort(o.Host, strconv.Itoa(o.Port)))}
	o.Dial, o.Connections = m.relay.dial, c.connections
	patience := c.patience
	if c.tls {
		patience *= 2 // that is work
	}
	o.DialTimeout, o.ReplyTimeout, o.DataTimeout, o.WaitTimeout = 2*patience, patience, patience, waiting
	var err error
	if m.client, err = ftpclient.New(o); err != nil {
		return nil, err
	}
	if m.spool, err = os.MkdirTemp("", "ftpfs-faults-"); err != nil {
		return nil, errors.Join(err, m.client.Close())
	}
	m.volume, err = cache.NewVolume(cache.FromClient(m.client), cache.Options{Root: c.root, TTL: time.Minute, SpoolDir: m.spool})
	if err != nil {
		return nil, errors.Join(err, m.client.Close(), os.RemoveAll(m.spool))
	}
	return m, nil
}

// close ends everything; no connection must be left.
func (m *mounted) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	m.relay.set(nil)
	err := errors.Join(m.volume.Close(ctx), m.client.Close(), os.RemoveAll(m.spool))
	if !within(func() bool { control, data, _ := m.relay.count(); return control+data == 0 }) {
		control, data, _ := m.relay.count()
		err = errors.Join(err, fmt.Errorf("%d control and %d data connections are left", control, data))
	}
	return err
}

// within waits for what must come.
func within(cond func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(hang); !cond(); <-tick.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// An op is something that a mount is asked for.
type op struct {
	name string
	run  func(ctx context.Context, m *mounted, rng *rand.Rand) error
}

var ops = []op{{"read in order", readInOrder}, {"read at random", readAtRandom}, {"list", list}}

// do runs an operation, on nothing that is in the cache.
func (m *mounted) do(o op, rng *rand.Rand) error {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	m.volume.Refresh("")
	if err := o.run(ctx, m, rng); ctx.Err() == nil || errors.Is(err, errWrong) {
		return err
	}
	return errHang
}

func readInOrder(ctx context.Context, m *mounted, _ *rand.Rand) error {
	return m.reading(ctx, func(read func(off, n int64) error) error {
		for off := int64(0); off < largeSize; off += 64 << 10 {
			if err := read(off, 64<<10); err != nil {
				return err
			}
		}
		return nil
	})
}

func readAtRandom(ctx context.Context, m *mounted, rng *rand.Rand) error {
	return m.reading(ctx, func(read func(off, n int64) error) error {
		for range 6 {
			if err := read(rng.Int64N(largeSize), 1+rng.Int64N(100_000)); err != nil {
				return err
			}
		}
		return nil
	})
}

// reading opens the file; read compares what is read.
func (m *mounted) reading(ctx context.Context, do func(read func(off, n int64) error) error) error {
	h, err := m.volume.Open(ctx, "large", os.O_RDONLY)
	if err != nil {
		return err
	}
	defer h.Release()
	return do(func(off, n int64) error {
		buf := make([]byte, n)
		got, err := h.ReadAt(ctx, buf, off)
		want := m.content[off:min(off+n, int64(len(m.content)))]
		if err == nil && !bytes.Equal(buf[:got], want) {
			return fmt.Errorf("%w: %d octets at %d, right are %d", errWrong, got, off, common(buf[:got], want))
		}
		return err
	})
}

// common is how far a and b are the same.
func common(a, b []byte) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func list(ctx context.Context, m *mounted, _ *rand.Rand) error {
	rows, err := m.volume.List(ctx, "dir")
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, r := range rows {
		names[r.Name] = true
	}
	if got := slices.Sorted(maps.Keys(names)); !slices.Equal(got, m.names) {
		return fmt.Errorf("%w: %d names of %d", errWrong, len(got), len(m.names))
	}
	return nil
}

// recovers: without the fault everything works again, if not at once, for a server
// that was down is left alone for a while, then soon.
func (m *mounted) recovers(rng *rand.Rand) error {
	for _, o := range ops {
		var err error
		if !within(func() bool { err = m.do(o, rng); return err == nil || errors.Is(err, errWrong) || err == errHang }) || err != nil {
			return fmt.Errorf("without the fault: %s: %w", o.name, err)
		}
	}
	return m.whole()
}

// whole: as many downloads go at a time as there may be connections, and their
// ends leave nothing. That a connection has fallen silent while it was idle shows
// when it is used.
func (m *mounted) whole() error {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	var all []*ftpclient.Download
	defer func() {
		for _, d := range all {
			d.Close()
		}
	}()
	for silent := 0; len(all) < m.connections; {
		d, err := m.client.Retrieve(ctx, m.pathIn("large"), ftpclient.RetrieveOptions{})
		if silent < m.connections && ftpclient.KindOf(err) == ftpclient.KindTimeout && ctx.Err() == nil {
			silent++
			continue
		}
		if err == nil {
			all = append(all, d)
			_, err = d.Read(make([]byte, 1))
		}
		if err != nil {
			return fmt.Errorf("the pool is not whole: download %d of %d: %w", len(all)+1, m.connections, err)
		}
	}
	if control, _, _ := m.relay.count(); control != m.connections {
		return fmt.Errorf("%d control connections for %d downloads", control, m.connections)
	}
	for _, d := range all {
		d.Close()
	}
	all = nil
	// Each control connection may have one that was opened ahead.
	if !within(func() bool { control, data, _ := m.relay.count(); return data <= control }) {
		_, data, _ := m.relay.count()
		return fmt.Errorf("%d data connections are left of downloads that have ended", data)
	}
	return nil
}
