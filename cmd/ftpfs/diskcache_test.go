package main

import (
	"os"
	"path/filepath"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/remote"
)

// TestDiskCacheFlags: what is wrong is refused before anything is done, sizes have
// units, a relative directory is made absolute.
func TestDiskCacheFlags(t *testing.T) {
	c, _, err := parsed(t, "--cache-dir", "here", "-o", "cache_disk_size=3G")
	if err == nil {
		err = c.validate("ftp://me@Host/d", t.TempDir())
	}
	if err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if o := c.job.diskOptions(); o.Dir != filepath.Join(wd, "here") || o.Bytes != 3<<30 || o.Server != "me@host:21 " {
		t.Errorf("%+v", o)
	}
	c, _, err = parsed(t, "--cache-dir", "/c", "--cache-disk-size", "1M")
	if err == nil {
		err = c.validate("ftp://h/", t.TempDir())
	}
	if exit.CodeOf(err) != exit.Usage {
		t.Errorf("too small: %v", err)
	}
	c, _, err = parsed(t)
	if err == nil {
		err = c.validate("ftp://h/", t.TempDir())
	}
	if o := c.job.diskOptions(); err != nil || o.Dir != "" {
		t.Errorf("by default: %+v, %v", o, err)
	}
}

// TestDiskCacheOfWhom: each user of each server has an own cache, and TLS has the
// same as no TLS.
func TestDiskCacheOfWhom(t *testing.T) {
	identity := func(url, encoding string) string {
		loc, err := ftpurl.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		return mountJob{Server: remote.Server{Location: loc, Habits: remote.Habits{Encoding: encoding}}}.serverIdentity()
	}
	same := identity("ftp://me:secret@host/", "")
	for _, url := range []string{"ftp://me@HOST/dir", "ftpes://me:other@host:21/"} {
		if got := identity(url, ""); got != same {
			t.Errorf("%s: %q, not %q", url, got, same)
		}
	}
	seen := map[string]string{same: "the first"}
	for _, url := range []string{"ftp://you@host/", "ftp://host/", "ftp://me@host:2121/", "ftps://me@host/", "ftp://me@other/", "ftp://me@[::1]/"} {
		got := identity(url, "")
		if seen[got] != "" {
			t.Errorf("%s is the same as %s: %q", url, seen[got], got)
		}
		seen[got] = url
	}
	if got := identity("ftp://me@host/", "KOI8-R"); seen[got] != "" {
		t.Errorf("another encoding: %q", got)
	}
}
