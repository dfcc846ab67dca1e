package fusefs

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// content returns n octets that are different at each place.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// OPEN-1, WRITE-1: the modes of open(2).
func TestOPEN1_Modes(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("0123456789"))
	m := mount(t, tree)
	write := func(flags int, data string, at int64, want string) {
		t.Helper()
		f, err := os.OpenFile(m.path("f"), flags, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if flags&os.O_APPEND != 0 {
			_, err = f.WriteString(data)
		} else {
			_, err = f.WriteAt([]byte(data), at)
		}
		wantErrno(t, "write", err, 0)
		wantErrno(t, "close", f.Close(), 0)
		if got, _ := tree.Get("/f"); string(got) != want {
			t.Errorf("flags %#x: the server has %q, want %q", flags, got, want)
		}
	}
	write(os.O_RDWR, "AB", 3, "012AB56789")
	write(os.O_WRONLY|os.O_APPEND, "+", 0, "012AB56789+")
	write(os.O_RDWR|os.O_APPEND|os.O_CREATE, "+", 0, "012AB56789++")
	write(os.O_WRONLY|os.O_TRUNC, "new", 0, "new")
	write(os.O_WRONLY|os.O_CREATE, "x", 6, "new\x00\x00\x00x")
	write(os.O_RDONLY|os.O_TRUNC, "", 0, "")
	_, err := os.OpenFile(m.path("f"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	wantErrno(t, "O_EXCL", err, syscall.EEXIST)
	_, err = os.OpenFile(m.dir, unix.O_TMPFILE|os.O_RDWR, 0o644)
	wantErrno(t, "O_TMPFILE", err, syscall.EOPNOTSUPP)
	if f, err := os.OpenFile(m.path("f"), os.O_TRUNC|os.O_WRONLY, 0); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	if got, ok := tree.Get("/f"); !ok || len(got) != 0 {
		t.Errorf("after O_TRUNC alone the server has %q", got)
	}
}

// OPEN-2: a file that has become a link since it was looked up is opened
// through the link, by the kernel.
func TestOPEN2_Replaced(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("old"))
	tree.Put("/target", []byte("the target"))
	m := mount(t, tree)
	if _, err := os.Stat(m.path("f")); err != nil {
		t.Fatal(err)
	}
	tree.PutSymlink("target", "/f")
	m.volume.SetNotifier(nil) // the kernel goes on believing
	m.volume.Refresh("")
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	if string(got) != "the target" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	m.volume.Refresh("")
	_, err = unix.Open(m.path("f"), unix.O_RDONLY|unix.O_NOFOLLOW, 0)
	wantErrno(t, "O_NOFOLLOW", err, syscall.ELOOP)
}

// READ-1: content at any place, and the end.
func TestREAD1(t *testing.T) {
	tree := fakeremote.New()
	data := content(3<<20 + 7)
	tree.Put("/f", data)
	m := mount(t, tree)
	if got, err := os.ReadFile(m.path("f")); !bytes.Equal(got, data) || err != nil {
		t.Fatalf("read %d octets, %v", len(got), err)
	}
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, off := range []int64{2 << 20, 0, 131071, int64(len(data)) - 5} {
		buf := make([]byte, 10)
		n, err := f.ReadAt(buf, off)
		want := data[off:min(off+10, int64(len(data)))]
		if !bytes.Equal(buf[:n], want) || (err == io.EOF) != (len(want) < 10) {
			t.Errorf("at %d: %d octets, %v", off, n, err)
		}
	}
	tree.Fail("Retrieve", "", -1, fakeremote.Error("RETR", "/f", ftpclient.KindPermission, 550, "no"))
	tree.Put("/g", data)
	m.volume.Refresh("")
	_, err = os.ReadFile(m.path("g"))
	wantErrno(t, "a file that may not be read", err, syscall.EACCES)
}

// CLOSE-1, FSYNC-1: close and fsync return what the server said.
func TestCLOSE1_FSYNC1(t *testing.T) {
	tree := fakeremote.New()
	m := mount(t, tree)
	full := fakeremote.Error("STOR", "", ftpclient.KindNoSpace, 552, "Quota exceeded")
	write := func() *os.File {
		f, err := os.Create(m.path("f"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(content(100)); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := write()
	wantErrno(t, "fsync", f.Sync(), 0)
	if got, _ := tree.Get("/f"); len(got) != 100 {
		t.Errorf("after fsync the server has %d octets", len(got))
	}
	wantErrno(t, "close", f.Close(), 0)
	tree.Fail("Store", "", -1, full)
	f = write()
	wantErrno(t, "fsync of a full server", f.Sync(), syscall.ENOSPC)
	wantErrno(t, "close of a full server", f.Close(), syscall.ENOSPC)
	if got, _ := tree.Get("/f"); len(got) != 100 {
		t.Errorf("after a failed close the server has %d octets", len(got))
	}
	// The kernel tells of the release when close has returned.
	n := find(m.root(), "f").Operations().(*node)
	eventually(t, "the release", func() bool { return n.anyHandle() == nil })
}

// CLOSE-1: who makes or empties a file, duplicates the descriptor, as shells do, and
// closes the first one before it has written, does not publish an empty file.
func TestCLOSE1_Duplicate(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/old", content(50))
	m := mount(t, tree)
	for _, name := range []string{"old", "new"} {
		tree.ForgetCalls()
		f, err := os.Create(m.path(name))
		if err != nil {
			t.Fatal(err)
		}
		fd, err := syscall.Dup(int(f.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		wantErrno(t, "the first close", f.Close(), 0)
		if calls := tree.Calls("Store"); len(calls) > 0 {
			t.Errorf("%s: stored empty: %v", name, calls)
		}
		if got, ok := tree.Get("/" + name); name == "old" && (!ok || len(got) != 50) {
			t.Errorf("the old version has %d octets", len(got))
		}
		if _, err := syscall.Write(fd, content(100)); err != nil {
			t.Error(err)
		}
		wantErrno(t, "the second close", syscall.Close(fd), 0)
		if got, _ := tree.Get("/" + name); len(got) != 100 || len(tree.Calls("Store")) != 1 {
			t.Errorf("%s: %d octets by %v", name, len(got), tree.Calls("Store"))
		}
	}
	f, err := os.Create(m.path("old"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.Open(m.path("old")) // which cannot write, so that its close tells nothing
	if err != nil {
		t.Fatal(err)
	}
	wantErrno(t, "close of an empty file", f.Close(), 0)
	if got, ok := tree.Get("/old"); !ok || len(got) != 0 {
		t.Errorf("the empty file has %d octets", len(got))
	}
	wantErrno(t, "close", other.Close(), 0)
}

// STAT-1, STAT-3: an open file shows what was written, and goes on when it has
// no name.
func TestSTAT1_STAT3(t *testing.T) {
	tree := fakeremote.New()
	m := mount(t, tree)
	f, err := os.Create(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(content(1000)); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(m.path("f")); err != nil || st.Size() != 1000 {
		t.Errorf("stat while writing: %v, %v", st, err)
	}
	wantErrno(t, "unlink", os.Remove(m.path("f")), 0)
	wantErrno(t, "chmod without a name", f.Chmod(0o600), 0)
	wantErrno(t, "truncate without a name", f.Truncate(10), 0)
	var st syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &st); err != nil || st.Nlink != 0 || st.Size != 10 {
		t.Errorf("fstat without a name: %+v, %v", st, err)
	}
	got := make([]byte, 20)
	if n, err := f.ReadAt(got, 0); n != 10 || err != io.EOF || !bytes.Equal(got[:n], content(10)) {
		t.Errorf("read without a name: %d, %v", n, err)
	}
	if names := tree.Names("/"); len(names) != 0 {
		t.Errorf("the server has %q", names)
	}
}

// STAT-3: an open directory that was replaced is still one, and empty.
func TestSTAT3_Directory(t *testing.T) {
	tree := fakeremote.New()
	tree.PutDir("/old")
	tree.Put("/new/f", nil)
	m := mount(t, tree)
	fd, err := unix.Open(m.path("old"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	wantErrno(t, "rename", unix.Rename(m.path("new"), m.path("old")), 0)
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil || st.Nlink != 0 || st.Mode != syscall.S_IFDIR|0o755 {
		t.Errorf("fstat: %+v, %v", st, err)
	}
	if _, err := os.Stat(m.path("old/f")); err != nil {
		t.Errorf("in the directory that replaced it: %v", err)
	}
}

// SETATTR-1, SETATTR-2, SETATTR-3: what cp -a, tar and rsync -a set.
func TestSETATTR1_SETATTR2_SETATTR3(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", content(10))
	tree.PutSymlink("f", "/link")
	log := &lines{}
	m := mount(t, tree, logTo(log.logger()))
	when := time.Unix(1e9, 0)
	wantErrno(t, "chmod", os.Chmod(m.path("f"), 0o640), 0)
	wantErrno(t, "utimes", os.Chtimes(m.path("f"), time.Unix(5, 0), when), 0)
	wantErrno(t, "truncate", os.Truncate(m.path("f"), 4), 0)
	wantErrno(t, "utimes after truncate", os.Chtimes(m.path("f"), time.Time{}, when), 0)
	wantErrno(t, "chown to the owner", os.Lchown(m.path("f"), os.Getuid(), os.Getgid()), 0)
	if got := log.with("owners cannot be set"); len(got) != 0 {
		t.Errorf("nothing was to be changed: %q", got)
	}
	for range 2 {
		wantErrno(t, "chown", os.Lchown(m.path("f"), 12345, 54321), 0)
	}
	if got := log.with("owners cannot be set"); len(got) != 1 {
		t.Errorf("%d lines about owners", len(got))
	}
	later := []unix.Timespec{{Sec: 42}, {Sec: 43}}
	wantErrno(t, "time of a link", unix.UtimesNanoAt(unix.AT_FDCWD, m.path("link"), later, unix.AT_SYMLINK_NOFOLLOW), 0)
	e, _ := tree.Look("/f")
	if e.Mode != 0o640 || e.Size != 4 || !e.ModTime.Equal(when) {
		t.Errorf("the server has %+v", e)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(m.path("f"), &st); err != nil || st.Uid != uint32(os.Getuid()) || st.Mtim.Sec != 1e9 {
		t.Errorf("stat: %+v, %v", st, err)
	}
	tree.Configure(func(b *fakeremote.Behaviour) {
		f := &b.Features
		f.SiteChmod, f.MFMT, f.MDTMSet, f.SiteUtime = ftpclient.No, ftpclient.No, ftpclient.No, ftpclient.No
	})
	wantErrno(t, "chmod without SITE CHMOD", os.Chmod(m.path("f"), 0o600), 0)
	wantErrno(t, "utimes without MFMT", os.Chtimes(m.path("f"), when, when), 0)
}

// SETATTR-1, SETATTR-2, SETATTR-3: what cannot be set is an error if that is asked
// for (--attr-errors=report); what can be set, is.
func TestSETATTR1_SETATTR2_SETATTR3_Reported(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", content(10))
	tree.PutSymlink("f", "/link")
	m := mount(t, tree, func(c *cache.Options, o *Options) { c.ReportAttrs, o.ReportAttrs = true, true })
	when, later := time.Unix(1e9, 0), []unix.Timespec{{Sec: 42}, {Sec: 43}}
	wantErrno(t, "chown to the owner", os.Lchown(m.path("f"), os.Getuid(), os.Getgid()), 0)
	wantErrno(t, "chown", os.Lchown(m.path("f"), 12345, 54321), syscall.EPERM)
	wantErrno(t, "time of a link", unix.UtimesNanoAt(unix.AT_FDCWD, m.path("link"), later, unix.AT_SYMLINK_NOFOLLOW), syscall.EPERM)
	wantErrno(t, "chmod", os.Chmod(m.path("f"), 0o640), 0)
	tree.Configure(func(b *fakeremote.Behaviour) {
		f := &b.Features
		f.SiteChmod, f.MFMT, f.MDTMSet, f.SiteUtime = ftpclient.No, ftpclient.No, ftpclient.No, ftpclient.No
	})
	f, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wantErrno(t, "chmod without SITE CHMOD", os.Chmod(m.path("f"), 0o600), syscall.EPERM)
	wantErrno(t, "utimes without MFMT", os.Chtimes(m.path("f"), when, when), syscall.EPERM)
	wantErrno(t, "fchmod", f.Chmod(0o600), syscall.EPERM)
	omit := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Nsec: unix.UTIME_OMIT}}
	wantErrno(t, "UTIME_OMIT", unix.UtimesNanoAt(unix.AT_FDCWD, m.path("f"), omit, 0), 0)
	wantErrno(t, "access time", unix.UtimesNanoAt(unix.AT_FDCWD, m.path("f"), []unix.Timespec{{Sec: 5}, {Nsec: unix.UTIME_OMIT}}, 0), 0)
	if e, _ := tree.Look("/f"); e.Mode != 0o640 {
		t.Errorf("the server has %+v", e)
	}
}

// SETATTR-1: the time set on an open file survives its close (cp -p).
func TestSETATTR1_TimeOfOpenFile(t *testing.T) {
	tree := fakeremote.New()
	m := mount(t, tree)
	f, err := os.Create(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(content(10)); err != nil {
		t.Fatal(err)
	}
	tv := []unix.Timeval{{Sec: 1e9}, {Sec: 1e9}}
	wantErrno(t, "futimes", unix.Futimes(int(f.Fd()), tv), 0)
	wantErrno(t, "close", f.Close(), 0)
	if e, _ := tree.Look("/f"); e.ModTime.Unix() != 1e9 {
		t.Errorf("the server has %v", e.ModTime)
	}
}

// MMAP-1: a shared mapping is written back by msync. It is another process
// that touches the mapping: the page fault would stop this one, which has to
// serve it.
func TestMMAP1(t *testing.T) {
	// The kernel sends the pages by a descriptor that was mapped, also by one that
	// appends what is written to it.
	for _, part := range []string{"map", "map-append"} {
		tree := fakeremote.New()
		tree.Put("/f", content(8192))
		m := mount(t, tree)
		p := start(t, part, m.path("f"))
		if errno := p.result(t); errno != 0 {
			t.Errorf("%s: mmap and msync: %v", part, errno)
		}
		want := content(8192)
		want[mapped] = '!'
		if got, _ := tree.Get("/f"); !bytes.Equal(got, want) {
			t.Errorf("%s: the server has %d octets, which are not what was mapped", part, len(got))
		}
	}
}

// XATTR-1, ALLOCATE-1, LOCK-1: what is missing says so; locks hold within the mount.
func TestXATTR1_ALLOCATE1_LOCK1(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", content(100))
	m := mount(t, tree)
	f, err := os.OpenFile(m.path("f"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 2 {
		wantErrno(t, "setxattr", unix.Setxattr(m.path("f"), "user.x", []byte("y"), 0), syscall.EOPNOTSUPP)
		for _, mode := range []uint32{0, unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE,
			unix.FALLOC_FL_ZERO_RANGE, unix.FALLOC_FL_COLLAPSE_RANGE, unix.FALLOC_FL_INSERT_RANGE} {
			wantErrno(t, "fallocate", unix.Fallocate(int(f.Fd()), mode, 0, 4096), syscall.EOPNOTSUPP)
		}
		_, err := unix.Seek(int(f.Fd()), 100, unix.SEEK_DATA)
		wantErrno(t, "SEEK_DATA at the end", err, syscall.ENXIO)
		if off, err := unix.Seek(int(f.Fd()), 10, unix.SEEK_HOLE); off != 100 || err != nil {
			t.Errorf("SEEK_HOLE: %d, %v", off, err)
		}
	}
	other, err := os.Open(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	wantErrno(t, "flock", unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), 0)
	wantErrno(t, "second flock", unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB), syscall.EWOULDBLOCK)
}

// OPEN-1: what several append at a time is all there, each piece whole.
func TestOPEN1_Appending(t *testing.T) {
	tree := fakeremote.New()
	m := mount(t, tree)
	const writers, lines, width = 4, 25, 16
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			f, err := os.OpenFile(m.path("log"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
			if err != nil {
				t.Error(err)
				return
			}
			for range lines {
				if _, err := f.WriteString(strings.Repeat(string(rune('a'+w)), width-1) + "\n"); err != nil {
					t.Error(err)
				}
			}
			wantErrno(t, "close", f.Close(), 0)
		})
	}
	all.Wait()
	got, _ := tree.Get("/log")
	count := map[string]int{}
	for line := range strings.Lines(string(got)) {
		count[line]++
	}
	for w := range writers {
		if n := count[strings.Repeat(string(rune('a'+w)), width-1)+"\n"]; n != lines {
			t.Errorf("%d lines of writer %d, want %d", n, w, lines)
		}
	}
	if len(got) != writers*lines*width {
		t.Errorf("%d octets", len(got))
	}
}
