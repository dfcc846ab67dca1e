package fusefs

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// TestMain runs the part of another process if this one was started for it.
func TestMain(m *testing.M) {
	if part := os.Getenv(partEnv); part != "" {
		os.Exit(playPart(part))
	}
	os.Exit(m.Run())
}

// mounted is a mount of a tree in memory.
type mounted struct {
	tree   *fakeremote.Tree
	volume *cache.Volume
	server *Server
	dir    string
}

// believe is the TTL of test volumes: nothing expires within a test, unless
// it asks for another.
const believe = time.Hour

// mount mounts tree until the test ends. set may change the options.
func mount(t *testing.T, tree *fakeremote.Tree, set ...func(*cache.Options, *Options)) *mounted {
	t.Helper()
	if err := deviceUsable(); err != nil {
		skipOrFail(t, "load the fuse module, or give the container or user the device: "+err.Error())
	}
	co := cache.Options{Root: "/", TTL: believe, SpoolDir: t.TempDir()}
	fo := Options{Source: "ftp://user@host/", UID: uint32(os.Getuid()), GID: uint32(os.Getgid())}
	for _, f := range set {
		f(&co, &fo)
	}
	v, err := cache.NewVolume(tree, co)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := Mount(dir, v, fo)
	if err != nil {
		if errors.Is(err, syscall.EPERM) {
			skipOrFail(t, "mounting is not allowed here: "+err.Error())
		}
		t.Fatal(err)
	}
	m := &mounted{tree: tree, volume: v, server: s, dir: dir}
	t.Cleanup(func() { m.end(t) })
	return m
}

// end unmounts and closes, by force if the test left the mount in use.
func (m *mounted) end(t *testing.T) {
	if err := m.server.Unmount(); err != nil {
		t.Errorf("at the end of the test: %v", err)
		if err := detach(m.dir); err != nil {
			t.Errorf("detach: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := m.volume.Close(ctx); err != nil {
		t.Errorf("close the volume: %v", err)
	}
}

// detach unmounts what is in use.
func detach(dir string) error {
	if os.Getuid() == 0 {
		return syscall.Unmount(dir, syscall.MNT_DETACH)
	}
	return exec.Command("fusermount3", "-u", "-z", dir).Run()
}

func skipOrFail(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// root is the inode that the mount begins with.
func (m *mounted) root() *fs.Inode { return m.server.queue.root }

// path returns the local path of a path in the volume.
func (m *mounted) path(p string) string { return filepath.Join(m.dir, p) }

func readOnly(c *cache.Options, o *Options) { c.ReadOnly, o.ReadOnly = true, true }

func logTo(l *slog.Logger) func(*cache.Options, *Options) {
	return func(_ *cache.Options, o *Options) { o.Log = l }
}

// eventually fails the test if cond does not come true soon.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("did not happen: %s", what)
		case <-tick.C:
		}
	}
}

func wantErrno(t *testing.T, what string, err error, want syscall.Errno) {
	t.Helper()
	if want == 0 && err == nil {
		return
	}
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}
