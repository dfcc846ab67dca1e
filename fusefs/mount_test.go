package fusefs

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// mountLine returns the mount table's line for a directory.
func mountLine(t *testing.T, dir string) string {
	t.Helper()
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if strings.Contains(line, " "+dir+" ") {
			return line
		}
	}
	return ""
}

// MOUNT-1: what the mount table says.
func TestMOUNT1_Table(t *testing.T) {
	m := mount(t, fakeremote.New(), func(_ *cache.Options, o *Options) {
		// Others may not be let in by an ordinary user, unless
		// /etc/fuse.conf says so.
		o.Source, o.AllowOther = "ftp://user@host/a,b c", os.Getuid() == 0
	})
	line := mountLine(t, m.dir)
	if strings.Contains(line, "allow_other") != (os.Getuid() == 0) {
		t.Errorf("allow_other: %q", line)
	}
	for _, want := range []string{"ftp://user@host/a,b\\040c ", " fuse.ftpfs ", "nosuid", "nodev", "rw"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %q", want, line)
		}
	}
	if strings.Contains(line, "default_permissions") {
		t.Errorf("the kernel decides in the server's place: %q", line)
	}
}

// MOUNT-1: a busy mount stays, one that was unmounted by others is no error,
// and Wait returns.
func TestMOUNT1_Unmount(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("x"))
	m := mount(t, tree)
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	switch err := m.server.Unmount(); {
	case err == nil:
		t.Fatal("unmounted while in use")
	case os.Getuid() == 0: // fusermount has words only
		wantErrno(t, "unmount in use", err, syscall.EBUSY)
	}
	if _, err := os.Stat(m.path("f")); err != nil {
		t.Errorf("after a refused unmount: %v", err)
	}
	f.Close()
	if err := unmountSoon(m.dir); err != nil {
		t.Fatalf("unmount by others: %v", err)
	}
	m.server.Wait()
	wantErrno(t, "unmount again", m.server.Unmount(), 0)
	m.server.EntryChanged("", "f")
	m.server.ContentChanged("f")
	if line := mountLine(t, m.dir); line != "" {
		t.Errorf("still mounted: %s", line)
	}
}

// unmountSoon unmounts as umount(8) or fusermount would, when the kernel is
// done with files that were just closed.
func unmountSoon(dir string) (err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 250 {
		if os.Getuid() == 0 {
			err = syscall.Unmount(dir, 0)
		} else {
			err = exec.Command("fusermount3", "-u", dir).Run()
		}
		if err == nil {
			return nil
		}
		<-tick.C
	}
	return err
}

// MOUNT-1: a directory that cannot be mounted on.
func TestMOUNT1_Refused(t *testing.T) {
	v, err := cache.NewVolume(fakeremote.New(), cache.Options{Root: "/", SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]syscall.Errno{"nothing": syscall.ENOENT, "file": syscall.ENOTDIR} {
		s, err := Mount(dir+"/"+name, v, Options{})
		if err == nil {
			s.Unmount()
			t.Fatalf("mounted on %s", name)
		}
		wantErrno(t, "mount on "+name, err, want)
		if !strings.Contains(err.Error(), dir+"/"+name) {
			t.Errorf("the message does not name the directory: %v", err)
		}
	}
}

// ACCESS-1, MOUNT-1: a read-only mount.
func TestACCESS1_ReadOnly(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("x"))
	m := mount(t, tree, readOnly)
	wantErrno(t, "access W_OK", syscall.Access(m.path("f"), 2), syscall.EROFS)
	wantErrno(t, "access R_OK", syscall.Access(m.path("f"), 4), 0)
	wantErrno(t, "create", os.WriteFile(m.path("g"), nil, 0o644), syscall.EROFS)
	wantErrno(t, "mkdir", os.Mkdir(m.path("d"), 0o755), syscall.EROFS)
	wantErrno(t, "unlink", os.Remove(m.path("f")), syscall.EROFS)
	wantErrno(t, "chmod", os.Chmod(m.path("f"), 0o600), syscall.EROFS)
	if got, err := os.ReadFile(m.path("f")); string(got) != "x" || err != nil {
		t.Errorf("read: %q, %v", got, err)
	}
}

// ACCESS-1: the server decides, not the mode that is shown.
func TestACCESS1_ServerDecides(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("x"))
	tree.PutMode("/f", 0o100)
	tree.Put("/noexec", []byte("x"))
	m := mount(t, tree)
	wantErrno(t, "access W_OK", syscall.Access(m.path("f"), 2), 0)
	wantErrno(t, "access X_OK", syscall.Access(m.path("f"), 1), 0)
	wantErrno(t, "access X_OK without the mode", syscall.Access(m.path("noexec"), 1), syscall.EACCES)
	wantErrno(t, "access of nothing", syscall.Access(m.path("nothing"), 4), syscall.ENOENT)
}

// STATFS-1: df has something to show, and nothing seems full.
func TestSTATFS1(t *testing.T) {
	m := mount(t, fakeremote.New())
	var st syscall.Statfs_t
	if err := syscall.Statfs(m.dir, &st); err != nil {
		t.Fatal(err)
	}
	if st.Bavail*uint64(st.Bsize) != 1<<40 || st.Namelen != 255 || st.Ffree == 0 {
		t.Errorf("%+v", st)
	}
}

// STATFS-1: what the server says is free; it is not asked each time.
func TestSTATFS1_AVBL(t *testing.T) {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Available = 123 << 20 })
	m := mount(t, tree)
	for range 3 {
		var st syscall.Statfs_t
		if err := syscall.Statfs(m.dir, &st); err != nil {
			t.Fatal(err)
		}
		if st.Bavail*uint64(st.Bsize) != 123<<20 || st.Blocks < st.Bfree {
			t.Errorf("%+v", st)
		}
	}
	if n := len(tree.Calls("Available")); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// CACHE-1: what others change is seen when the volume's time is over, without
// any notification.
func TestCACHE1_SeenAfterTTL(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/f", []byte("old"))
	m := mount(t, tree, func(c *cache.Options, _ *Options) { c.TTL = 200 * time.Millisecond })
	if got, err := os.ReadFile(m.path("d/f")); string(got) != "old" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	tree.Put("/d/f", []byte("new content"))
	tree.Put("/d/g", nil)
	eventually(t, "the new content is seen", func() bool {
		got, err := os.ReadFile(m.path("d/f"))
		return err == nil && string(got) == "new content"
	})
	entries, err := os.ReadDir(m.path("d"))
	if len(entries) != 2 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
}

// CACHE-3: what the volume forgets the kernel forgets, while operations on the
// same directory wait for the server.
func TestCACHE3_Refresh(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/e/f", []byte("old"))
	m := mount(t, tree)
	if got, err := os.ReadFile(m.path("d/e/f")); string(got) != "old" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	gate := tree.Block("Mkdir", "")
	made := make(chan error, 1)
	go func() { made <- os.Mkdir(m.path("d/slow"), 0o755) }()
	<-gate.Entered()
	tree.Put("/d/e/f", []byte("longer"))
	m.volume.Refresh("") // must not wait for the mkdir
	gate.Open()
	wantErrno(t, "mkdir", <-made, 0)
	eventually(t, "the change is seen", func() bool {
		st, err := os.Stat(m.path("d/e/f"))
		return err == nil && st.Size() == 6
	})
}

// CACHE-3: the queue is bounded, drops the oldest and keeps no doubles.
func TestCACHE3_Queue(t *testing.T) {
	q := newNotifier(nil)
	for i := range queueLength + 10 {
		q.add(notice{path: string(rune('a' + i))})
		q.add(notice{path: string(rune('a' + i))})
	}
	first, ok := q.take()
	if !ok || first.path != string(rune('a'+10)) {
		t.Errorf("the oldest is %q", first.path)
	}
	n := 1
	for _, ok = q.take(); ok; _, ok = q.take() {
		n++
	}
	if n != queueLength || len(q.known) != 0 {
		t.Errorf("%d notices, %d known", n, len(q.known))
	}
}

// lines is a log to look at.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// with returns the lines that contain all of the words.
func (l *lines) with(words ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
next:
	for line := range strings.Lines(l.buf.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// ERR-1, ERR-3: a lost server is no missing file, and is told once.
func TestERR3_Log(t *testing.T) {
	tree := fakeremote.New()
	tree.PutDir("/d")
	log := &lines{}
	m := mount(t, tree, logTo(log.logger()))
	for range 5 {
		_, err := os.Stat(m.path("missing"))
		wantErrno(t, "missing", err, syscall.ENOENT)
	}
	tree.Fail("List", "/d", -1, fakeremote.Error("MLSD", "/d", ftpclient.KindNetwork, 421, "Going down"))
	for range 5 {
		_, err := os.ReadDir(m.path("d"))
		wantErrno(t, "lost server", err, syscall.EIO)
	}
	wantErrno(t, "link", os.Link(m.path("d"), m.path("l")), syscall.EPERM)
	if got := log.with("missing"); len(got) != 0 {
		t.Errorf("a name that is not there is logged: %q", got)
	}
	if got := log.with("level=WARN", "op=opendir", "path=d", "input/output error", "Going down"); len(got) != 1 {
		t.Errorf("%d warnings: %q", len(got), got)
	}
	if got := log.with("level=DEBUG", "op=opendir", "Going down"); len(got) != 4 {
		t.Errorf("%d lines for debugging: %q", len(got), got)
	}
}

// ERR-4: a panic is an error of one operation.
func TestERR4_Panic(t *testing.T) {
	mount(t, fakeremote.New()) // skips where mounting is not allowed
	log, dir := &lines{}, t.TempDir()
	f := newFilesystem(nil, Options{Log: log.logger()}) // without a volume, every call panics
	server, err := attach(dir, f.newRoot(), f.mountOptions())
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve()
	defer func() { wantErrno(t, "unmount", server.Unmount(), 0) }()
	if err := server.WaitMount(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := os.Stat(dir + "/x")
		wantErrno(t, "stat", err, syscall.EIO)
	}
	if got := log.with("level=ERROR", "panic", "Lookup"); len(got) != 2 {
		t.Errorf("%d stacks in the log", len(got))
	}
}
