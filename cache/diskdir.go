package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// diskFormat counts the formats that a cache directory has had.
const diskFormat = 1

const cacheDirTag = "Signature: 8a477f597d28d172789f06886806bc55\n" +
	"# This directory has file contents that ftpfs can fetch again.\n" // bford.info/cachedir

// open makes the directory ready.
func (d *diskCache) open(server string) (err error) {
	if err = checkCacheDir(d.dir); err != nil {
		return err
	}
	if d.base, err = os.OpenRoot(d.dir); err != nil {
		return err
	}
	if _, err := d.base.Lstat("CACHEDIR.TAG"); errors.Is(err, fs.ErrNotExist) {
		if err := d.base.WriteFile("CACHEDIR.TAG", []byte(cacheDirTag), 0o600); err != nil {
			return err
		}
	}
	home := path.Join("servers", hashName(server))
	if err := d.base.MkdirAll(home, 0o700); err != nil {
		return err
	}
	if d.home, err = d.base.OpenRoot(home); err != nil {
		return err
	}
	return d.claim(server)
}

// claim makes sure that what the server's directory has is of this server and
// format, and throws it away otherwise.
func (d *diskCache) claim(server string) error {
	want := fmt.Appendf(nil, "ftpfs content cache, format %d\n%s\n", diskFormat, strconv.Quote(server))
	is, err := d.home.ReadFile("header")
	if err == nil && bytes.Equal(is, want) {
		return nil
	}
	if err := discard(d.home, "tree"); err != nil {
		return err
	}
	// Only now it says that what is there can be believed.
	if err := d.home.WriteFile("header.new", want, 0o600); err != nil {
		return err
	}
	return d.home.Rename("header.new", "header")
}

func (d *diskCache) closeRoots() {
	for _, r := range []*os.Root{d.home, d.base} {
		if r != nil {
			r.Close()
		}
	}
}

// checkCacheDir makes dir, or checks that nobody else can put anything into it.
func checkCacheDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	switch st := info.Sys().(*syscall.Stat_t); {
	case info.Mode()&fs.ModeSymlink != 0:
		return errors.New("it is a symbolic link: give the directory that it leads to")
	case !info.IsDir():
		return errors.New("it is not a directory: give one, or a name that does not exist yet")
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("it belongs to user %d, who could change what is read: give a directory of your own", st.Uid)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others may write to it (mode %04o), and so change what is read: chmod go-w it", info.Mode().Perm())
	}
	return nil
}

// hashName is a name for anything, of hexDigits.
func hashName(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:hexDigits/2])
}

const hexDigits = 24

// What is kept has paths of no more octets, and no more names in them, each of
// which becomes hexDigits: that stays below PATH_MAX.
const (
	diskPathMost = 4096
	treeMost     = 100
)

// treeName is where the entry of an absolute path is, below a server's directory,
// without the endings of its files; a directory has that name itself.
func treeName(p string) string {
	p = strings.Trim(p, "/")
	if p == "" {
		return "tree"
	}
	parts := strings.Split(p, "/")
	for i, part := range parts {
		parts[i] = hashName(part)
	}
	return "tree/" + strings.Join(parts, "/")
}

// discard moves a tree out of the way, to be deleted by emptyTrash.
func discard(home *os.Root, name string) error {
	if err := home.Mkdir("trash", 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for i := os.Getpid(); ; i++ {
		err := home.Rename(name, "trash/"+strconv.Itoa(i))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY):
			continue
		}
		return err
	}
}

// emptyTrash deletes what discard has put away.
func emptyTrash(home *os.Root) error { return home.RemoveAll("trash") }
