package fakeremote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"ftpfs/ftpclient"
)

func wantKind(t *testing.T, what string, err error, want ftpclient.Kind) {
	t.Helper()
	var e *ftpclient.Error
	if !errors.As(err, &e) || e.Kind != want {
		t.Errorf("%s: %v, want kind %d", what, err, want)
	}
}

func sample() *Tree {
	t := New()
	t.Put("/d/f", []byte("content"))
	t.PutDir("/empty")
	t.PutSymlink("d/f", "/link")
	t.PutSymlink("/loop", "/loop")
	return t
}

func TestRefusals(t *testing.T) {
	ctx, tree := t.Context(), sample()
	refused := func(what string, want ftpclient.Kind, f func() error) {
		t.Helper()
		wantKind(t, what, f(), want)
	}
	refused("List file", ftpclient.KindNotDir, func() error { _, err := tree.List(ctx, "/d/f"); return err })
	refused("List nothing", ftpclient.KindNotExist, func() error { _, err := tree.List(ctx, "/x"); return err })
	refused("Stat below file", ftpclient.KindNotDir, func() error { _, err := tree.Stat(ctx, "/d/f/x"); return err })
	refused("Stat relative", ftpclient.KindInvalidName, func() error { _, err := tree.Stat(ctx, "d"); return err })
	refused("Verify loop", ftpclient.KindTooManyLinks, func() error { _, err := tree.Verify(ctx, "/loop"); return err })
	refused("Retrieve dir", ftpclient.KindIsDir, func() error { _, err := tree.Retrieve(ctx, "/d", ftpclient.RetrieveOptions{}); return err })
	refused("Delete dir", ftpclient.KindIsDir, func() error { return tree.Delete(ctx, "/d") })
	refused("Rmdir full", ftpclient.KindNotEmpty, func() error { return tree.Rmdir(ctx, "/d") })
	refused("Rmdir file", ftpclient.KindNotDir, func() error { return tree.Rmdir(ctx, "/d/f") })
	refused("Mkdir again", ftpclient.KindExist, func() error { return tree.Mkdir(ctx, "/d") })
	refused("Rename onto full", ftpclient.KindNotEmpty, func() error { return tree.Rename(ctx, "/empty", "/d") })
	refused("Rename with newline", ftpclient.KindInvalidName, func() error { return tree.Rename(ctx, "/d", "/a\nb") })
	tree.Configure(func(b *Behaviour) { b.KeepTarget = true })
	refused("Rename onto file", ftpclient.KindExist, func() error { return tree.Rename(ctx, "/link", "/d/f") })
	if got, ok := tree.Get("/link"); !ok || string(got) != "content" {
		t.Errorf("after the refusals the link leads to %q, %v", got, ok)
	}
}

func TestStore(t *testing.T) {
	ctx, tree := t.Context(), sample()
	store := func(p, data string, o ftpclient.StoreOptions) {
		t.Helper()
		n, err := tree.Store(ctx, p, strings.NewReader(data), o)
		if err != nil || n.Sent != int64(len(data)) {
			t.Fatalf("Store %s: %d, %v", p, n.Sent, err)
		}
	}
	want := func(p, want string) {
		t.Helper()
		if got, _ := tree.Get(p); string(got) != want {
			t.Errorf("%s holds %q, want %q", p, got, want)
		}
	}
	old, err := tree.Retrieve(ctx, "/d/f", ftpclient.RetrieveOptions{Offset: 3})
	if err != nil {
		t.Fatal(err)
	}
	store("/d/f", "XY", ftpclient.StoreOptions{Offset: 2})
	want("/d/f", "coXYent")
	store("/d/f", "+", ftpclient.StoreOptions{Append: true})
	want("/link", "coXYent+")
	store("/new", "abc", ftpclient.StoreOptions{})
	want("/new", "abc")
	tree.Configure(func(b *Behaviour) { b.RestCuts = true })
	store("/d/f", "Z", ftpclient.StoreOptions{Offset: 2})
	want("/d/f", "coZ")
	if got, err := io.ReadAll(iotest.OneByteReader(old)); string(got) != "tent" || err != nil {
		t.Errorf("a stream opened before read %q, %v", got, err)
	}
}

func TestStoreCutShort(t *testing.T) {
	tree, broken := sample(), errors.New("source broke")
	r := io.MultiReader(strings.NewReader("part"), iotest.ErrReader(broken))
	if _, err := tree.Store(t.Context(), "/d/f", r, ftpclient.StoreOptions{}); !errors.Is(err, broken) {
		t.Errorf("Store: %v, want the source's error", err)
	}
	if got, _ := tree.Get("/d/f"); string(got) != "part" {
		t.Errorf("the file holds %q", got)
	}
}

func TestRules(t *testing.T) {
	ctx, tree := t.Context(), sample()
	tree.Fail("Stat", "/d", 1, Error("MLST", "/d", ftpclient.KindPermission, 550, "no"))
	_, err := tree.Stat(ctx, "/d")
	wantKind(t, "first Stat", err, ftpclient.KindPermission)
	if _, err := tree.Stat(ctx, "/d"); err != nil {
		t.Errorf("second Stat: %v", err)
	}
	if n := len(tree.Calls("Stat")); n != 2 {
		t.Errorf("%d calls counted, want 2", n)
	}
	synctest.Test(t, func(t *testing.T) {
		tree := sample()
		gate := tree.Block("List", "")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { _, err := tree.List(ctx, "/d"); done <- err }()
		<-gate.Entered()
		cancel()
		wantKind(t, "cancelled List", <-done, ftpclient.KindCanceled)
		go func() { _, err := tree.List(t.Context(), "/d"); done <- err }()
		<-gate.Entered()
		gate.Open()
		gate.Open()
		if err := <-done; err != nil {
			t.Errorf("List through an open gate: %v", err)
		}
	})
}

func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := sample()
		tree.Configure(func(b *Behaviour) { b.Connections, b.Chunk = 1, 2 })
		s, err := tree.Retrieve(t.Context(), "/d/f", ftpclient.RetrieveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { _, err := tree.List(t.Context(), "/"); done <- err }()
		synctest.Wait()
		if !s.Contended() {
			t.Error("nobody seems to wait")
		}
		buf := make([]byte, 10)
		if n, err := s.Read(buf); err != nil || !bytes.Equal(buf[:n], []byte("co")) {
			t.Errorf("Read: %q, %v", buf[:n], err)
		}
		s.Park()
		if err := <-done; err != nil {
			t.Errorf("List: %v", err)
		}
		if s.Resume() {
			t.Error("the parked stream survived")
		}
		if tree.Connections() != 0 {
			t.Errorf("%d connections in use", tree.Connections())
		}
	})
}

func TestEntries(t *testing.T) {
	tree := sample()
	tree.Configure(func(b *Behaviour) { b.NoModes, b.Precision = true, time.Minute })
	tree.Touch("/d/f", time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC))
	l, err := tree.List(t.Context(), "/d")
	if err != nil || len(l.Entries) != 1 || !l.Complete() {
		t.Fatalf("List: %+v, %v", l, err)
	}
	e := l.Entries[0]
	if e.HasMode || e.Size != 7 || !e.ModTime.Equal(time.Date(2020, 1, 2, 3, 4, 0, 0, time.UTC)) {
		t.Errorf("entry %+v", e)
	}
}
