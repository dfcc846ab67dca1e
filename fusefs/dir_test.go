package fusefs

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// NAME-1: what a server cannot be sent is refused, and nothing is sent.
func TestNAME1_Mounted(t *testing.T) {
	tree := fakeremote.New()
	m := mount(t, tree)
	for _, tt := range []struct {
		name       string
		make, stat syscall.Errno
	}{
		{"a\nDELE b", syscall.EINVAL, syscall.ENOENT},
		{"a\rb", syscall.EINVAL, syscall.ENOENT},
		{strings.Repeat("n", 256), syscall.ENAMETOOLONG, syscall.ENAMETOOLONG},
		{strings.Repeat("n", 255), 0, 0},
		{"\xff\xfe [*] -x", 0, 0},
	} {
		wantErrno(t, "mkdir", os.Mkdir(m.path(tt.name), 0o755), tt.make)
		_, err := os.Stat(m.path(tt.name))
		wantErrno(t, "stat", err, tt.stat)
		wantErrno(t, "create", os.WriteFile(m.path(tt.name+"2"), nil, 0o644), max(tt.make, lengthErrno(tt.name+"2")))
		if tt.make != 0 {
			wantErrno(t, "symlink", os.Symlink("x", m.path(tt.name)), tt.make)
			wantErrno(t, "rename", os.Rename(m.dir+"/.", m.path(tt.name)), syscall.EBUSY)
		}
	}
	for _, name := range tree.Names("/") {
		if strings.ContainsAny(name, "\r\n") {
			t.Errorf("the server has %q", name)
		}
	}
}

func lengthErrno(name string) syscall.Errno {
	if len(name) > nameMax {
		return syscall.ENAMETOOLONG
	}
	return 0
}

// LOOKUP-1: a name keeps its inode until its type changes.
func TestLOOKUP1_Identity(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/x", []byte("one"))
	m := mount(t, tree)
	ino := func() uint64 {
		var st syscall.Stat_t
		if err := syscall.Lstat(m.path("x"), &st); err != nil {
			t.Fatal(err)
		}
		return st.Ino
	}
	first := ino()
	f, err := os.Open(m.path("x")) // so that the kernel remembers
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tree.Put("/x", []byte("two!"))
	m.volume.Refresh("")
	eventually(t, "the new size is seen", func() bool {
		st, err := os.Stat(m.path("x"))
		return err == nil && st.Size() == 4
	})
	if again := ino(); again != first {
		t.Errorf("inode %d became %d", first, again)
	}
	tree.Drop("/x")
	tree.PutDir("/x/y")
	m.volume.Refresh("")
	eventually(t, "the directory is seen", func() bool {
		st, err := os.Stat(m.path("x/y"))
		return err == nil && st.IsDir()
	})
	if again := ino(); again == first {
		t.Errorf("a directory has the inode %d of a file", again)
	}
}

// LOOKUP-1: a file that became a directory is not shown as a file with the
// directory's attributes, where the kernel has kept the name and not these.
func TestLOOKUP1_OtherType(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/x", []byte("one"))
	m := mount(t, tree)
	if st, err := os.Stat(m.path("x")); err != nil || st.Size() != 3 {
		t.Fatalf("%v, %v", st, err)
	}
	inode := m.root().GetChild("x")
	tree.Drop("/x")
	tree.PutDir("/x")
	m.volume.SetNotifier(nil)
	m.volume.Refresh("")
	inode.NotifyContent(0, 0)
	if st, err := os.Stat(m.path("x")); err != nil || !st.IsDir() {
		t.Errorf("%v, %v", st, err)
	}
}

// lookedUp is how often the kernel has asked for names in the root.
func (m *mounted) lookedUp() uint32 { return m.root().Operations().(*node).lookups.Load() }

func (m *mounted) isAbsent(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := os.Stat(m.path(name))
		wantErrno(t, "stat "+name, err, syscall.ENOENT)
	}
}

// LOOKUP-2: the kernel believes that a name does not exist, until it is made here,
// by whatever call, and no longer than the volume does.
func TestLOOKUP2_AbsentNames(t *testing.T) {
	const ttl = 300 * time.Millisecond
	for name, here := range map[string]func(*mounted) error{
		"create":  func(m *mounted) error { return os.WriteFile(m.path("new"), []byte("x"), 0o644) },
		"mkdir":   func(m *mounted) error { return os.Mkdir(m.path("new"), 0o755) },
		"symlink": func(m *mounted) error { return os.Symlink("old", m.path("new")) },
		"rename":  func(m *mounted) error { return os.Rename(m.path("old"), m.path("new")) },
		"mknod":   func(m *mounted) error { return syscall.Mknod(m.path("new"), syscall.S_IFREG|0o644, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			tree := fakeremote.New()
			tree.Put("/old", nil)
			m := mount(t, tree)
			m.isAbsent(t, "new")
			before := m.lookedUp()
			m.isAbsent(t, "new", "new")
			if n := m.lookedUp(); n != before {
				t.Errorf("the kernel asked %d times again", n-before)
			}
			if err := here(m); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(m.path("new")); err != nil {
				t.Errorf("stat of what was made: %v", err)
			}
			if err := os.Remove(m.path("new")); err != nil {
				t.Error(err)
			}
			m.isAbsent(t, "new")
		})
	}
	t.Run("TTL", func(t *testing.T) {
		tree := fakeremote.New()
		m := mount(t, tree, func(c *cache.Options, _ *Options) { c.TTL = ttl })
		m.isAbsent(t, "new")
		tree.Put("/new", nil)
		eventually(t, "what others made is seen", func() bool { _, err := os.Stat(m.path("new")); return err == nil })
	})
}

// LOOKUP-2: what others made is seen after Refresh of it or above it, and where a
// call has failed because of it.
func TestLOOKUP2_AbsentNamesOfOthers(t *testing.T) {
	for name, there := range map[string]func(*mounted) error{
		"refresh all": func(m *mounted) error { m.volume.Refresh(""); return nil },
		"refresh it":  func(m *mounted) error { m.volume.Refresh("new"); return nil },
		"mkdir": func(m *mounted) error {
			if err := os.Mkdir(m.path("new"), 0o755); !errors.Is(err, syscall.EEXIST) {
				return fmt.Errorf("mkdir: %v, want EEXIST", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := fakeremote.New()
			m := mount(t, tree)
			m.isAbsent(t, "new", "other")
			tree.Put("/new", nil)
			if err := there(m); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it is seen", func() bool { _, err := os.Stat(m.path("new")); return err == nil })
		})
	}
}

// LOOKUP-2: of many names the kernel is told no more than it can be told to forget,
// and what is older than a Refresh is not believed.
func TestLOOKUP2_AbsentNamesAreBounded(t *testing.T) {
	var a absent
	for i := range absentMost + 10 {
		if d := a.add(a.begin(), strconv.Itoa(i), time.Hour); (d > 0) != (i < absentMost) {
			t.Fatalf("name %d is believed for %v", i, d)
		}
	}
	begun := a.begin()
	if n := len(a.take()); n != absentMost {
		t.Errorf("%d names are to be forgotten", n)
	}
	if d := a.add(begun, "late", time.Hour); d != 0 {
		t.Errorf("what was answered before is believed for %v", d)
	}
	if d := a.add(a.begin(), "new", time.Hour); d != time.Hour || len(a.take()) != 1 {
		t.Errorf("then for %v", d)
	}
}

// LOOKUP-4: a path leads through a directory of which the time is not known yet;
// who looks at the directory itself waits for that.
func TestLOOKUP4_OnTheWay(t *testing.T) {
	tree := fakeremote.New()
	tree.Configure(func(b *fakeremote.Behaviour) { b.Sketch = true })
	tree.Put("/d/sub/file", []byte("content"))
	tree.Put("/d/sub/.hidden", nil)
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	tree.Touch("/d/sub", when)
	m := mount(t, tree)
	gate := tree.Block("Sketch", "/d")
	defer gate.Open()
	if _, err := os.Stat(m.path("d")); err != nil {
		t.Fatal(err)
	}
	_, err := os.Stat(m.path("d/none")) // for this d is listed
	wantErrno(t, "stat of what does not exist", err, syscall.ENOENT)
	if st, err := os.Stat(m.path("d/sub/file")); err != nil || st.Size() != 7 {
		t.Errorf("stat below: %v, %v", st, err)
	}
	looked := make(chan os.FileInfo, 1)
	go func() {
		st, _ := os.Stat(m.path("d/sub"))
		looked <- st
	}()
	select {
	case st := <-looked:
		t.Fatalf("the directory's attributes are told before they are known: %v", st)
	case <-time.After(100 * time.Millisecond):
	}
	gate.Open()
	if st := <-looked; st == nil || !st.ModTime().Equal(when) {
		t.Errorf("the directory is %v", st)
	}
}

// READDIR-1: names, types, offsets, and a listing taken anew by rewinddir.
func TestREADDIR1_Listing(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/file", nil)
	tree.PutDir("/d/sub")
	tree.PutSymlink("file", "/d/link")
	tree.PutOther("/d/pipe")
	m := mount(t, tree)
	fd, err := unix.Open(m.path("d"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	want := []string{". 4", ".. 4", "file 8", "link 10", "pipe 8", "sub 4"}
	if got := getdents(t, fd); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := os.Mkdir(m.path("d/later"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := getdents(t, fd); len(got) != 0 {
		t.Errorf("after the end came %q", got)
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_SET); err != nil {
		t.Fatal(err)
	}
	if got := getdents(t, fd); !slices.Contains(got, "later 4") || len(got) != len(want)+1 {
		t.Errorf("after rewinddir came %q", got)
	}
}

// getdents reads an open directory to its end: names and types, sorted.
func getdents(t *testing.T, fd int) (entries []string) {
	t.Helper()
	buf := make([]byte, 256) // a few entries at a time, so that offsets count
	for {
		n, err := unix.Getdents(fd, buf)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			slices.Sort(entries)
			return entries
		}
		for b := buf[:n]; len(b) > 0; {
			size := int(b[16]) | int(b[17])<<8
			name, _, _ := strings.Cut(string(b[19:size]), "\x00")
			entries = append(entries, fmt.Sprintf("%s %d", name, b[18]))
			b = b[size:]
		}
	}
}

// READDIR-1: a directory that may not be listed is refused, not empty.
func TestREADDIR1_Refused(t *testing.T) {
	tree := fakeremote.New()
	tree.PutDir("/d")
	m := mount(t, tree)
	tree.Fail("List", "/d", -1, fakeremote.Error("MLSD", "/d", ftpclient.KindPermission, 550, "Permission denied"))
	_, err := os.ReadDir(m.path("d"))
	wantErrno(t, "readdir", err, syscall.EACCES)
}

// READDIR-2: names and attributes of a directory are one listing.
func TestREADDIR2_OneListing(t *testing.T) {
	tree := fakeremote.New()
	const files = 500
	for i := range files {
		tree.Put(fmt.Sprintf("/d/file %d", i), make([]byte, i))
	}
	m := mount(t, tree)
	entries, err := os.ReadDir(m.path("d"))
	if err != nil || len(entries) != files {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		if _, err := e.Info(); err != nil {
			t.Fatal(err)
		}
	}
	var lists int
	for _, c := range tree.Calls("") {
		if c.Path != "/d" && c.Path != "/" {
			t.Errorf("asked for %v", c)
		}
		if c.Op == "List" && c.Path == "/d" {
			lists++
		}
	}
	if lists != 1 {
		t.Errorf("%d listings", lists)
	}
}

// MKDIR-1, RMDIR-1, UNLINK-1: on the server when the call returns, and refused
// as the system calls say.
func TestMKDIR1_RMDIR1_UNLINK1(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/full/file", nil)
	tree.Put("/file", nil)
	m := mount(t, tree)
	wantErrno(t, "mkdir", os.Mkdir(m.path("new"), 0o750), 0)
	if e, ok := tree.Look("/new"); !ok || e.Type != ftpclient.TypeDir || e.Mode != 0o750 {
		t.Errorf("the server has %+v", e)
	}
	wantErrno(t, "mkdir again", os.Mkdir(m.path("new"), 0o755), syscall.EEXIST)
	wantErrno(t, "mkdir below a file", os.Mkdir(m.path("file/x"), 0o755), syscall.ENOTDIR)
	wantErrno(t, "rmdir full", syscall.Rmdir(m.path("full")), syscall.ENOTEMPTY)
	wantErrno(t, "rmdir file", syscall.Rmdir(m.path("file")), syscall.ENOTDIR)
	wantErrno(t, "unlink dir", syscall.Unlink(m.path("full")), syscall.EISDIR)
	wantErrno(t, "unlink nothing", syscall.Unlink(m.path("nothing")), syscall.ENOENT)
	wantErrno(t, "rmdir", syscall.Rmdir(m.path("new")), 0)
	wantErrno(t, "unlink", syscall.Unlink(m.path("file")), 0)
	if got := tree.Names("/"); !slices.Equal(got, []string{"full"}) {
		t.Errorf("the server has %q", got)
	}
}

// RENAME-1: what is replaced, what is not, and open files go along.
func TestRENAME1(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/a/one", []byte("1"))
	tree.Put("/b/two", []byte("22"))
	m := mount(t, tree)
	open, err := os.Open(m.path("a/one"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	rename2 := func(from, to string, flags uint) error {
		return unix.Renameat2(unix.AT_FDCWD, m.path(from), unix.AT_FDCWD, m.path(to), flags)
	}
	wantErrno(t, "no replace", rename2("a/one", "b/two", unix.RENAME_NOREPLACE), syscall.EEXIST)
	wantErrno(t, "exchange", rename2("a/one", "b/two", unix.RENAME_EXCHANGE), syscall.EINVAL)
	wantErrno(t, "onto itself below", os.Rename(m.path("a"), m.path("a/x")), syscall.EINVAL)
	wantErrno(t, "no replace of nothing", rename2("a/one", "b/three", unix.RENAME_NOREPLACE), 0)
	wantErrno(t, "directory", os.Rename(m.path("b"), m.path("a/c")), 0)
	if got, err := os.ReadFile(m.path("a/c/three")); string(got) != "1" || err != nil {
		t.Errorf("renamed file: %q, %v", got, err)
	}
	if st, err := open.Stat(); err != nil || st.Size() != 1 {
		t.Errorf("open file: %v", err)
	}
	wantErrno(t, "replace", os.Rename(m.path("a/c/three"), m.path("a/c/two")), 0)
	if got, _ := tree.Get("/a/c/two"); string(got) != "1" || len(tree.Names("/a/c")) != 1 {
		t.Errorf("the server has %q in %q", got, tree.Names("/a/c"))
	}
}

// SYMLINK-1, LINK-1: what FTP can make and what it cannot.
func TestSYMLINK1_LINK1(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/file", []byte("content"))
	m := mount(t, tree)
	wantErrno(t, "symlink", os.Symlink("d/file", m.path("link")), 0)
	if got, err := os.ReadFile(m.path("link")); string(got) != "content" || err != nil {
		t.Errorf("through the link: %q, %v", got, err)
	}
	tree.Configure(func(b *fakeremote.Behaviour) { b.Features.SiteSymlink = ftpclient.No })
	wantErrno(t, "symlink where there are none", os.Symlink("d/file", m.path("link2")), syscall.EPERM)
	wantErrno(t, "link", os.Link(m.path("d/file"), m.path("hard")), syscall.EPERM)
	wantErrno(t, "mkfifo", unix.Mkfifo(m.path("fifo"), 0o644), syscall.EPERM)
	wantErrno(t, "mknod", unix.Mknod(m.path("node"), unix.S_IFREG|0o644, 0), 0)
	if _, ok := tree.Get("/node"); !ok {
		t.Error("mknod made no file on the server")
	}
}
