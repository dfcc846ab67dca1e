package cache_test

import (
	"context"
	"io"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// folding is a server that takes names which differ in case only for one.
type folding struct{ *fakeremote.Tree }

func (f folding) actual(p string) string {
	for _, name := range f.Names(path.Dir(p)) {
		if strings.EqualFold(name, path.Base(p)) {
			return path.Join(path.Dir(p), name)
		}
	}
	return p
}

func (f folding) Stat(ctx context.Context, p string) (ftpclient.Entry, error) {
	return f.Tree.Stat(ctx, f.actual(p))
}

func (f folding) Verify(ctx context.Context, p string) (ftpclient.Entry, error) {
	return f.Tree.Verify(ctx, f.actual(p))
}

func (f folding) Store(ctx context.Context, p string, r io.Reader, o ftpclient.StoreOptions) (ftpclient.Stored, error) {
	return f.Tree.Store(ctx, f.actual(p), r, o)
}

func (f folding) Retrieve(ctx context.Context, p string, o ftpclient.RetrieveOptions) (cache.Stream, error) {
	return f.Tree.Retrieve(ctx, f.actual(p), o)
}

func (f folding) Rename(ctx context.Context, from, to string) error {
	if strings.EqualFold(from, to) {
		return f.Tree.Rename(ctx, f.actual(from), to)
	}
	return f.Tree.Rename(ctx, f.actual(from), f.actual(to))
}

// On a server that ignores case nothing is made, or renamed, over what differs in
// case only; a name can be given another case.
func TestOtherCase(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/README", []byte("precious"))
	tree.Put("/d/other", []byte("other"))
	v, err := cache.NewVolume(folding{tree}, cache.Options{Root: "/", SpoolDir: t.TempDir(), TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close(t.Context())
	for _, flags := range []int{os.O_CREATE, os.O_CREATE | os.O_EXCL, os.O_CREATE | os.O_TRUNC} {
		if h, _, err := v.Create(t.Context(), "d/readme", os.O_WRONLY|flags, 0o644); ftpclient.KindOf(err) != ftpclient.KindExist {
			t.Errorf("Create with %#x: %v", flags, err)
			h.Release()
		}
	}
	for _, noReplace := range []bool{true, false} {
		if err := v.Rename(t.Context(), "d/other", "d/readme", noReplace); ftpclient.KindOf(err) != ftpclient.KindExist {
			t.Errorf("Rename, not to replace %v: %v", noReplace, err)
		}
	}
	if data, _ := tree.Get("/d/README"); string(data) != "precious" {
		t.Errorf("README is %q", data)
	}
	if err := v.Rename(t.Context(), "d/README", "d/ReadMe", true); err != nil {
		t.Errorf("another case: %v", err)
	}
	if _, err := v.Stat(t.Context(), "d/ReadMe"); err != nil {
		t.Error(err)
	}
}

// Where case counts, names that differ in nothing else are made and replaced as
// others are.
func TestOtherCaseCounts(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/README", []byte("one"))
	tree.Put("/other", []byte("other"))
	v, err := cache.NewVolume(tree, cache.Options{Root: "/", SpoolDir: t.TempDir(), TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close(t.Context())
	h, _, err := v.Create(t.Context(), "readme", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	h.Release()
	if err := v.Rename(t.Context(), "other", "readme", false); err != nil {
		t.Errorf("onto one of two: %v", err)
	}
	for name, want := range map[string]string{"/README": "one", "/readme": "other"} {
		if got, _ := tree.Get(name); string(got) != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}
