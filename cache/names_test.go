package cache_test

import (
	"os"
	"strings"
	"testing"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// picky is a server that has no form for some names.
type picky struct{ *fakeremote.Tree }

func (s picky) CheckName(p string) error {
	if strings.Contains(p, "ж") {
		return &ftpclient.Error{Op: "STOR", Path: p, Kind: ftpclient.KindInvalidName}
	}
	return nil
}

// A name that the server has no form for is refused when the file is made, not
// when it is closed.
func TestCreateChecksTheName(t *testing.T) {
	tree := fakeremote.New()
	v, err := cache.NewVolume(picky{tree}, cache.Options{Root: "/", SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close(t.Context())
	_, _, err = v.Create(t.Context(), "ж", os.O_RDWR|os.O_CREATE, 0o644)
	if ftpclient.KindOf(err) != ftpclient.KindInvalidName {
		t.Errorf("Create: %v", err)
	}
	if _, err = v.Stat(t.Context(), "ж"); ftpclient.KindOf(err) != ftpclient.KindNotExist {
		t.Errorf("Stat: %v", err)
	}
	h, _, err := v.Create(t.Context(), "z", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Flush(t.Context()); err != nil {
		t.Errorf("Flush: %v", err)
	}
	h.Release()
}

// Nothing is made under a name, or moved to one, that listings hide and that is deleted
// after a day.
func TestHiddenNamesAreRefused(t *testing.T) {
	const hidden = ".f.ftpfs-0123456789abcdef"
	tree := fakeremote.New()
	tree.Put("/f", []byte("content"))
	v := newVolume(t, tree, cache.Options{})
	kind(t, v.Rename(t.Context(), "f", hidden, false), ftpclient.KindInvalidName)
	_, err := v.Mkdir(t.Context(), hidden, 0o755)
	kind(t, err, ftpclient.KindInvalidName)
	_, err = v.Symlink(t.Context(), "f", hidden)
	kind(t, err, ftpclient.KindInvalidName)
	_, _, err = v.Create(t.Context(), hidden, os.O_WRONLY|os.O_CREATE, 0o644)
	kind(t, err, ftpclient.KindInvalidName)
	onlyName(t, tree, "f")
}
