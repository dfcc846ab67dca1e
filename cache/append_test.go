package cache_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// add opens a file with O_APPEND, writes and closes it.
func add(t *testing.T, v *cache.Volume, p string, data []byte) error {
	t.Helper()
	h := open(t, v, p, os.O_WRONLY|os.O_APPEND)
	defer h.Release()
	write(t, h, data, 0)
	return h.Flush(t.Context())
}

// mustAdd is add that succeeds.
func mustAdd(t *testing.T, v *cache.Volume, p string, data []byte) {
	t.Helper()
	if err := add(t, v, p, data); err != nil {
		t.Fatalf("append to %s: %v", p, err)
	}
}

// onlyName wants nothing but one file in the root, once what is deleted in the
// background is gone.
func onlyName(t *testing.T, tree *fakeremote.Tree, name string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		n := tree.Names("/")
		if len(n) == 1 && n[0] == name {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("on the server: %v, want %s", n, name)
		case <-tick.C:
		}
	}
}

// TestAppendSendsTheTail: what is added goes by APPE to the file itself, after one
// trial; nothing is downloaded.
func TestAppendSendsTheTail(t *testing.T) {
	tree := fakeremote.New()
	want := octets(3<<20, 1)
	tree.Put("/log", want)
	v := newVolume(t, tree, cache.Options{})
	for i := range 5 {
		line := octets(100, uint64(i+2))
		if i == 1 {
			tree.ForgetCalls()
		}
		mustAdd(t, v, "log", line)
		want = append(want, line...)
		onServer(t, tree, "/log", want)
	}
	if n := len(tree.Calls("Retrieve")) + len(tree.Calls("Rename")); n != 0 {
		t.Errorf("%d downloads and renames", n)
	}
	for _, c := range tree.Calls("Store") {
		if c.Path != "/log" {
			t.Errorf("stored %s", c.Path)
		}
	}
	if n := len(tree.Calls("Store")); n != 4 {
		t.Errorf("%d uploads of 4", n)
	}
	same(t, "read back", load(t, v, "log"), want)
	onlyName(t, tree, "log")
}

// TestAppendWhereTheServerCannot: an APPE that is refused, or that replaces, is
// found out without harm, and the file is sent whole.
func TestAppendWhereTheServerCannot(t *testing.T) {
	for name, behave := range map[string]func(*fakeremote.Behaviour){
		"refuses":  func(b *fakeremote.Behaviour) { b.Features.Append = ftpclient.No },
		"replaces": func(b *fakeremote.Behaviour) { b.AppendReplaces = true },
	} {
		t.Run(name, func(t *testing.T) {
			tree := fakeremote.New()
			tree.Configure(behave)
			tree.Put("/log", []byte("old\n"))
			v := newVolume(t, tree, cache.Options{})
			mustAdd(t, v, "log", []byte("one\n"))
			mustAdd(t, v, "log", []byte("two\n"))
			onServer(t, tree, "/log", []byte("old\none\ntwo\n"))
			if n := len(tree.Calls("Rename")); n != 2 {
				t.Errorf("%d renames, want 2", n)
			}
			onlyName(t, tree, "log")
		})
	}
}

// TestAppendToWhatOthersAppendedTo: O_APPEND is the end of the file as it is.
func TestAppendToWhatOthersAppendedTo(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/log", []byte("a\n"))
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "log", os.O_WRONLY|os.O_APPEND)
	defer h.Release()
	tree.Put("/log", []byte("a\ntheirs\n"))
	write(t, h, []byte("ours\n"), 0)
	flush(t, h)
	onServer(t, tree, "/log", []byte("a\ntheirs\nours\n"))
	same(t, "read back", load(t, v, "log"), []byte("a\ntheirs\nours\n"))
	write(t, h, []byte("more\n"), 0)
	flush(t, h)
	onServer(t, tree, "/log", []byte("a\ntheirs\nours\nmore\n"))
}

// TestAppendCutOff: an addition that is cut off goes on where it was.
func TestAppendCutOff(t *testing.T) {
	for _, op := range []string{"Store", "Write", "Reply", "Verify"} {
		t.Run(op, func(t *testing.T) {
			tree := fakeremote.New()
			tree.Put("/log", []byte("old"))
			v := newVolume(t, tree, cache.Options{})
			mustAdd(t, v, "log", []byte("-")) // the trial
			tail := octets(200_000, 3)
			tree.Fail(op, "/log", 1, lost)
			mustAdd(t, v, "log", tail)
			onServer(t, tree, "/log", append([]byte("old-"), tail...))
		})
	}
}

// TestAppendThatFails: the old content is there, and what the mount shows is what
// the server has.
func TestAppendThatFails(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/log", []byte("old"))
	dir := t.TempDir()
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", TTL: time.Hour, SpoolDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	mustAdd(t, v, "log", []byte("-"))
	tree.Fail("Reply", "/log", -1, fakeremote.Error("APPE", "/log", ftpclient.KindNoSpace, 552, "Quota exceeded"))
	kind(t, add(t, v, "log", []byte("more")), ftpclient.KindNoSpace)
	got, _ := tree.Get("/log")
	if !bytes.HasPrefix(got, []byte("old-")) {
		t.Errorf("the server has %q", got)
	}
	same(t, "after the failure", load(t, v, "log"), got)
}

// TestAppendIsNotForChangedFiles: what was changed elsewhere is sent whole.
func TestAppendIsNotForChangedFiles(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("0123456789"))
	v := newVolume(t, tree, cache.Options{})
	h := open(t, v, "f", os.O_RDWR)
	defer h.Release()
	write(t, h, []byte("abc"), 10)
	write(t, h, []byte("X"), 3)
	flush(t, h)
	onServer(t, tree, "/f", []byte("012X456789abc"))
	size := int64(5)
	if _, err := h.SetAttr(t.Context(), cache.Change{Size: &size}); err != nil {
		t.Fatal(err)
	}
	write(t, h, []byte("again"), 8)
	flush(t, h)
	onServer(t, tree, "/f", []byte("012X4\x00\x00\x00again"))
}

// TestAppendIsReadMeanwhile: what was there before something is added can be read
// while the server's file grows, and is not taken for somebody else's.
func TestAppendIsReadMeanwhile(t *testing.T) {
	tree := fakeremote.New()
	was := octets(3<<20, 1)
	tree.Put("/log", was)
	v := newVolume(t, tree, cache.Options{})
	reader := open(t, v, "log", os.O_RDONLY)
	defer reader.Release()
	gate := tree.Block("Store", "/log")
	added := make(chan error)
	go func() { added <- add(t, v, "log", []byte("more")) }()
	<-gate.Entered()
	when, _ := tree.Look("/log")
	tree.Put("/log", append(bytes.Clone(was), "mo"...))
	got := make([]byte, 1000)
	if n, err := reader.ReadAt(t.Context(), got, 2<<20); err != nil || !bytes.Equal(got[:n], was[2<<20:2<<20+1000]) {
		t.Errorf("read %d octets, %v", n, err)
	}
	tree.Put("/log", was)
	tree.Touch("/log", when.ModTime)
	gate.Open()
	if err := <-added; err != nil {
		t.Error(err)
	}
	same(t, "after it", load(t, v, "log"), append(bytes.Clone(was), "more"...))
}
