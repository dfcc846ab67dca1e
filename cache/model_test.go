package cache_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

var seed = flag.Uint64("seed", 0, "seed of the model test; 0: a new one")

// model is what the tree should be: content of files, nil for directories.
type model struct {
	rng     *rand.Rand
	v       *cache.Volume
	tree    *fakeremote.Tree
	files   map[string][]byte
	handles []*modelHandle
	log     []string
	breaks  int // left of those that no operation may fail by
}

// modelHandle is an open file and the content it should show, shared by all
// handles of the file.
type modelHandle struct {
	h    *cache.Handle
	data *[]byte
	path string // "" once it is no longer in the tree

	writable bool
}

// TestModel applies random operations to a volume and to a plain model and
// compares what they show, while connections break.
func TestModel(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with: go test ./cache -run TestModel -seed %d", s)
	rounds := 12
	if testing.Short() {
		rounds = 5
	}
	for round := range uint64(rounds) {
		t.Run(fmt.Sprint(round), func(t *testing.T) { runModel(t, s+round) })
	}
}

func runModel(t *testing.T, seed uint64) {
	tree := fakeremote.New()
	rng := rand.New(rand.NewPCG(seed, 0))
	tree.Configure(func(b *fakeremote.Behaviour) {
		b.KeepTarget = rng.IntN(4) == 0
		b.Connections = rng.IntN(3)
	})
	v := newVolume(t, tree, cache.Options{TTL: time.Hour, CacheBytes: 1 << 20})
	v.SetFollow(100_000)
	m := &model{rng: rng, v: v, tree: tree, files: map[string][]byte{"": nil}, breaks: 2}
	defer func() {
		if t.Failed() {
			t.Logf("seed %d, operations:\n%s", seed, strings.Join(m.log, "\n"))
		}
	}()
	for range 150 {
		m.step(t)
		if t.Failed() {
			return
		}
	}
	for _, h := range m.handles {
		m.close(t, h)
	}
	m.compare(t)
}

func (m *model) path() string {
	dirs := []string{"", "a/", "b/", "a/b/"}
	return dirs[m.rng.IntN(len(dirs))] + string(rune('a'+m.rng.IntN(4)))
}

func (m *model) step(t *testing.T) {
	ops := []func(*testing.T){m.open, m.open, m.write, m.write, m.write, m.read, m.read, m.truncate,
		m.flush, m.release, m.mkdir, m.remove, m.rename, m.rename, m.hiccup, m.compare}
	ops[m.rng.IntN(len(ops))](t)
}

func (m *model) note(format string, args ...any) { m.log = append(m.log, fmt.Sprintf(format, args...)) }

// expect compares an outcome with that of the model.
func (m *model) expect(t *testing.T, err error, want ftpclient.Kind, what string) {
	t.Helper()
	m.note("%s -> %v", what, err)
	if want == okay && err != nil || want != okay && ftpclient.KindOf(err) != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

const okay = ftpclient.Kind(255)

func (m *model) isDir(p string) bool  { d, ok := m.files[p]; return ok && d == nil }
func (m *model) isFile(p string) bool { return m.files[p] != nil }

func (m *model) parentOK(p string) bool {
	dir, _ := path.Split(p)
	return m.isDir(strings.TrimSuffix(dir, "/"))
}

func (m *model) open(t *testing.T) {
	p := m.path()
	if !m.parentOK(p) || len(m.handles) > 6 {
		return
	}
	flags := []int{os.O_RDONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC}[m.rng.IntN(3)]
	var h *cache.Handle
	var err error
	want := okay
	if m.isDir(p) {
		want = ftpclient.KindIsDir
	}
	if _, exists := m.files[p]; exists {
		h, err = m.v.Open(context.Background(), p, flags)
	} else {
		h, _, err = m.v.Create(context.Background(), p, flags|os.O_CREATE|os.O_EXCL, 0o644)
		m.files[p] = []byte{}
	}
	m.expect(t, err, want, fmt.Sprintf("open %s %#x", p, flags))
	if h == nil {
		return
	}
	mh := &modelHandle{h: h, path: p, writable: flags&os.O_RDWR != 0}
	for _, o := range m.handles {
		if o.path == p {
			mh.data = o.data
		}
	}
	if mh.data == nil {
		data := slices.Clone(m.files[p])
		mh.data = &data
	}
	if flags&os.O_TRUNC != 0 {
		m.set(mh, []byte{})
	}
	m.handles = append(m.handles, mh)
}

func (m *model) set(h *modelHandle, data []byte) {
	*h.data = data
	if h.path != "" {
		m.files[h.path] = data
	}
}

func (m *model) pick() *modelHandle {
	if len(m.handles) == 0 {
		return nil
	}
	return m.handles[m.rng.IntN(len(m.handles))]
}

func (m *model) write(t *testing.T) {
	h := m.pick()
	if h == nil || !h.writable {
		return
	}
	off, data := m.rng.IntN(300_000), octets(m.rng.IntN(200_000)+1, m.rng.Uint64())
	_, err := h.h.WriteAt(context.Background(), data, int64(off))
	m.expect(t, err, okay, fmt.Sprintf("write %s %d+%d", h.path, off, len(data)))
	now := slices.Clone(*h.data)
	if need := off + len(data); need > len(now) {
		now = append(now, make([]byte, need-len(now))...)
	}
	copy(now[off:], data)
	m.set(h, now)
}

func (m *model) truncate(t *testing.T) {
	h := m.pick()
	if h == nil || !h.writable {
		return
	}
	size := int64(m.rng.IntN(400_000))
	_, err := h.h.SetAttr(context.Background(), cache.Change{Size: &size})
	m.expect(t, err, okay, fmt.Sprintf("truncate %s %d", h.path, size))
	now := make([]byte, size)
	copy(now, *h.data)
	m.set(h, now)
}

func (m *model) read(t *testing.T) {
	h := m.pick()
	if h == nil {
		return
	}
	off, buf := m.rng.IntN(400_000), make([]byte, m.rng.IntN(300_000))
	n, err := h.h.ReadAt(context.Background(), buf, int64(off))
	m.expect(t, err, okay, fmt.Sprintf("read %s %d+%d", h.path, off, len(buf)))
	want := (*h.data)[min(off, len(*h.data)):]
	same(t, "read "+h.path, buf[:n], want[:min(len(want), len(buf))])
}

func (m *model) flush(t *testing.T) {
	if h := m.pick(); h != nil && h.writable {
		m.expect(t, h.h.Flush(context.Background()), okay, "flush "+h.path)
		if got, ok := m.tree.Get("/" + h.path); h.path != "" && (!ok || string(got) != string(*h.data)) {
			t.Errorf("flush %s: the server has %d octets, want %d", h.path, len(got), len(*h.data))
		}
	}
}

func (m *model) release(t *testing.T) {
	if h := m.pick(); h != nil {
		m.close(t, h)
		m.handles = slices.DeleteFunc(m.handles, func(o *modelHandle) bool { return o == h })
	}
}

func (m *model) close(t *testing.T, h *modelHandle) {
	m.expect(t, h.h.Flush(context.Background()), okay, "close "+h.path)
	h.h.Release()
}

func (m *model) mkdir(t *testing.T) {
	p := m.path()
	if _, exists := m.files[p]; exists || !m.parentOK(p) {
		return
	}
	_, err := m.v.Mkdir(context.Background(), p, 0o755)
	m.expect(t, err, okay, "mkdir "+p)
	m.files[p] = nil
}

func (m *model) children(p string) (n int) {
	for f := range m.files {
		if strings.HasPrefix(f, p+"/") {
			n++
		}
	}
	return n
}

func (m *model) remove(t *testing.T) {
	p := m.path()
	switch {
	case m.isFile(p):
		m.expect(t, m.v.Unlink(context.Background(), p), okay, "unlink "+p)
		m.orphan(p)
	case m.isDir(p) && m.children(p) > 0:
		// A file that is only here yet keeps its directory here, not there.
		return
	case m.isDir(p):
		m.expect(t, m.v.Rmdir(context.Background(), p), okay, "rmdir "+p)
	default:
		return
	}
	delete(m.files, p)
}

// orphan takes the handles of a path out of the tree.
func (m *model) orphan(p string) {
	for _, h := range m.handles {
		if h.path == p {
			h.path = ""
		}
	}
}

func (m *model) rename(t *testing.T) {
	from, to := m.path(), m.path()
	if !m.isFile(from) && !m.isDir(from) || !m.parentOK(to) || from == to || strings.HasPrefix(to, from+"/") {
		return
	}
	if m.isDir(to) || m.isDir(from) && m.isFile(to) {
		return
	}
	m.expect(t, m.v.Rename(context.Background(), from, to, false), okay, "rename "+from+" "+to)
	m.orphan(to)
	moved := map[string][]byte{}
	for p, data := range m.files {
		if p == from || strings.HasPrefix(p, from+"/") {
			moved[to+strings.TrimPrefix(p, from)] = data
			delete(m.files, p)
		}
	}
	for p, data := range moved {
		m.files[p] = data
	}
	for _, h := range m.handles {
		if h.path == from || strings.HasPrefix(h.path, from+"/") {
			h.path = to + strings.TrimPrefix(h.path, from)
		}
	}
}

// hiccup breaks a connection or two, of which nobody may notice anything.
func (m *model) hiccup(*testing.T) {
	if m.breaks--; m.breaks < 0 {
		return
	}
	op := []string{"Retrieve", "Read", "Store", "Write", "Reply"}[m.rng.IntN(5)]
	m.note("hiccup %s", op)
	m.tree.Fail(op, "", 1, lost)
	m.tree.DropParked()
}

// compare checks the whole tree, and forgets what is cached now and then.
func (m *model) compare(t *testing.T) {
	if m.rng.IntN(2) == 0 {
		m.v.Refresh("")
	}
	for p, want := range m.files {
		a, err := m.v.Stat(context.Background(), p)
		if err != nil || (a.Type == ftpclient.TypeDir) != (want == nil) || want != nil && a.Size != int64(len(want)) {
			t.Errorf("stat %q: %+v, %v; want %d octets", p, a, err, len(want))
			return
		}
		if want == nil {
			m.compareDir(t, p)
		}
	}
}

func (m *model) compareDir(t *testing.T, dir string) {
	want := map[string]bool{}
	for p := range m.files {
		d, name := path.Split(p)
		if p != "" && strings.TrimSuffix(d, "/") == dir {
			want[name] = true
		}
	}
	got := names(t, m.v, dir)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("list %q: %v, want %v", dir, got, want)
	}
}
