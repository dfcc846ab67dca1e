package ftptest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// lockWait is how long one test binary waits for another that is downloading.
const lockWait = 5 * time.Minute

// prepared remembers what prepare returned for a kind.
var prepared sync.Map // *kind -> func() error

// prepare sees to it that the server's packages are unpacked and complete.
func (k *kind) prepare() error {
	once, _ := prepared.LoadOrStore(k, sync.OnceValue(k.unpackOnce))
	return once.(func() error)()
}

// Prepare gets the servers that are not there yet and returns, for each kind
// that cannot be had, the reason.
func Prepare() map[string]error {
	missing := map[string]error{}
	for _, k := range kinds {
		if err := k.prepare(); err != nil {
			missing[k.name] = err
		}
	}
	return missing
}

// unpackOnce unpacks the packages unless the stamp says that somebody did.
func (k *kind) unpackOnce() error {
	if k.needsRoot && os.Geteuid() != 0 {
		return errors.New("runs as root only")
	}
	if len(k.packages) == 0 {
		return nil
	}
	if err := os.MkdirAll(cacheDir(), 0o755); err != nil {
		return err
	}
	unlock, err := lockFile(k.path("") + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if stamp, err := os.ReadFile(k.path("stamp")); err == nil && string(stamp) == k.stamp() {
		return nil
	}
	if err := k.unpack(); err != nil {
		return fmt.Errorf("could not be got from Debian's packages: %w", err)
	}
	return nil
}

// unpack downloads into a folder beside the final one, so that what has a
// stamp is complete.
func (k *kind) unpack() error {
	tmp := k.path("") + ".new"
	for _, dir := range []string{tmp, k.path("")} {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return err
	}
	for _, p := range k.packages {
		if err := unpackPackage(tmp, p); err != nil {
			return err
		}
	}
	for _, b := range k.binaries {
		if err := unpackLibraries(tmp, filepath.Join(tmp, b)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(tmp, "stamp"), []byte(k.stamp()), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, k.path(""))
}

// stamp is what the finished folder's stamp file holds, and decides its name:
// versions of this package that want other packages have other folders.
func (k *kind) stamp() string {
	return strings.Join(k.packages, " ") + "\n" + strings.Join(k.binaries, " ") + "\n"
}

// path returns where a file of the packages is unpacked.
func (k *kind) path(name string) string {
	folder := fmt.Sprintf("%s-%.8x", k.name, sha256.Sum256([]byte(k.stamp())))
	return filepath.Join(cacheDir(), folder, name)
}

// find returns the path of the unpacked file with that base name.
func (k *kind) find(base string) (string, error) {
	found := ""
	err := filepath.WalkDir(k.path(""), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == base {
			found = path
			return fs.SkipAll
		}
		return err
	})
	if err == nil && found == "" {
		err = fmt.Errorf("%s is not in the packages %q", base, k.packages)
	}
	return found, err
}

// cacheDir is where the packages are unpacked.
func cacheDir() string {
	if dir := os.Getenv("FTPFS_TEST_CACHE"); dir != "" {
		return dir
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "ftpfs-test")
	}
	// Without HOME there is no cache directory, and TMPDIR changes in Main.
	return fmt.Sprintf("/var/tmp/ftpfs-test-%d", os.Getuid())
}

// lockFile takes an exclusive lock that ends with the process at the latest.
func lockFile(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(lockWait); ; <-tick.C {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
	}
}
