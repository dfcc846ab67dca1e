package fusefs

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// xattr is the value of an attribute, or its errno.
func xattr(path, name string) string {
	buf := make([]byte, 1000)
	n, err := unix.Getxattr(path, name, buf)
	if err != nil {
		return unix.ErrnoName(err.(syscall.Errno))
	}
	if size, err := unix.Getxattr(path, name, nil); err != nil || size != n {
		return "another size"
	}
	return string(buf[:n])
}

func wantXattr(t *testing.T, path, name, want string) {
	t.Helper()
	if got := xattr(path, name); got != want {
		t.Errorf("%s of %s is %q, want %q", name, path, got, want)
	}
}

// XATTR-1: what the server said is told without asking it again.
func TestXATTR1_Facts(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("12345"))
	tree.PutMode("/f", 0o640)
	tree.Touch("/f", time.Unix(1_000_000_000, 0))
	tree.PutDir("/d")
	m := mount(t, tree)
	if _, err := os.Stat(m.path("f")); err != nil {
		t.Fatal(err)
	}
	tree.ForgetCalls()
	wantXattr(t, m.path("f"), "user.ftpfs.state", "clean")
	wantXattr(t, m.path("f"), "user.ftpfs.version", "size=5;modify=20010909014640;")
	if facts := xattr(m.path("f"), "user.ftpfs.facts"); !strings.HasPrefix(facts, "type=file;size=5;modify=20010909014640;UNIX.mode=0640;") {
		t.Errorf("facts: %q", facts)
	}
	if facts := xattr(m.path("d"), "user.ftpfs.facts"); !strings.HasPrefix(facts, "type=dir;modify=") {
		t.Errorf("facts of a directory: %q", facts)
	}
	wantXattr(t, m.path("f"), "user.ftpfs.error", "ENODATA")
	wantXattr(t, m.dir, "user.ftpfs.facts", "ENODATA")
	if n := len(tree.Calls("Stat")) + len(tree.Calls("List")); n != 0 {
		t.Errorf("the server was asked %d times", n)
	}
}

// XATTR-1: a file that is written is dirty, one that could not be sent has failed,
// with the server's words.
func TestXATTR1_State(t *testing.T) {
	tree := fakeremote.New()
	m := mount(t, tree)
	f, err := os.Create(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("data"); err != nil {
		t.Fatal(err)
	}
	wantXattr(t, m.path("f"), "user.ftpfs.state", "dirty")
	wantXattr(t, m.path("f"), "user.ftpfs.version", "ENODATA")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	wantXattr(t, m.path("f"), "user.ftpfs.state", "clean")
	if v := xattr(m.path("f"), "user.ftpfs.version"); !strings.HasPrefix(v, "size=4;") {
		t.Errorf("version %q", v)
	}
	tree.Fail("Store", "", -1, fakeremote.Error("Store", "/f", ftpclient.KindPermission, 553, "Not today."))
	if err := os.WriteFile(m.path("f"), []byte("other data"), 0o644); !errors.Is(err, syscall.EACCES) {
		t.Errorf("write: %v", err)
	}
	failed := func() bool { return xattr(m.path("f"), "user.ftpfs.state") == "failed" }
	for deadline := time.Now().Add(5 * time.Second); !failed() && time.Now().Before(deadline); {
		<-time.After(time.Millisecond) // the release comes after the close
	}
	wantXattr(t, m.path("f"), "user.ftpfs.state", "failed")
	if why := xattr(m.path("f"), "user.ftpfs.error"); !strings.Contains(why, "553") || !strings.Contains(why, "Not today.") {
		t.Errorf("error: %q", why)
	}
	err = m.volume.DiscardUpload("f")
	for ; ftpclient.KindOf(err) == ftpclient.KindBusy; err = m.volume.DiscardUpload("f") {
		<-time.After(time.Millisecond) // as above
	}
	if err != nil {
		t.Error(err)
	}
}

// XATTR-1: a file that waits for its upload says so.
func TestXATTR1_Waiting(t *testing.T) {
	tree := fakeremote.New()
	m := mount(t, tree, func(o *cache.Options, _ *Options) { o.WriteBack, o.Connections = true, 1 })
	gate := tree.Block("Store", "")
	for _, name := range []string{"first", "second"} {
		if err := os.WriteFile(m.path(name), []byte("data"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	<-gate.Entered()
	wantXattr(t, m.path("first"), "user.ftpfs.state", "uploading")
	wantXattr(t, m.path("second"), "user.ftpfs.state", "waiting")
	gate.Open()
}

// XATTR-1: there are no others, none is listed, and none is set.
func TestXATTR1_Others(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", nil)
	m := mount(t, tree)
	for name, want := range map[string]string{"user.ftpfs.nothing": "ENODATA", "user.mine": "ENOTSUP",
		"security.capability": "ENOTSUP", "system.posix_acl_access": "ENOTSUP", "trusted.x": "ENOTSUP"} {
		wantXattr(t, m.path("f"), name, want)
	}
	for range 2 { // the kernel answers the second time
		_, list := unix.Listxattr(m.path("f"), make([]byte, 100))
		set := unix.Setxattr(m.path("f"), "user.ftpfs.state", []byte("clean"), 0)
		remove := unix.Removexattr(m.path("f"), "user.ftpfs.state")
		for what, err := range map[string]error{"list": list, "set": set, "remove": remove} {
			if !errors.Is(err, syscall.EOPNOTSUPP) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	wantXattr(t, m.path("f"), "user.ftpfs.state", "clean")
}

// XATTR-1: the kernel does not ask for security.capability before every write.
func TestXATTR1_Writes(t *testing.T) {
	log := &lines{}
	m := mount(t, fakeremote.New(), logTo(log.logger()), tracing)
	f, err := os.Create(m.path("f"))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := f.WriteString("a little"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	writes, asked := len(log.with("rx ", "WRITE ")), len(log.with("rx ", "GETXATTR "))
	if writes < 100 || asked > 5 {
		t.Errorf("%d WRITEs, %d GETXATTRs", writes, asked)
	}
}
