package fusefs

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// ops are the counters by name.
func (m *mounted) ops() map[string]OpStats {
	byName := map[string]OpStats{}
	for _, o := range m.server.Stats().Ops {
		byName[o.Name] = o
	}
	return byName
}

func (o OpStats) answered() (n int64) {
	for _, b := range o.Buckets {
		n += b
	}
	return n
}

// What programs ask for is counted, with how long it took and what failed, and
// what waits for the server is seen to be under way.
func TestStatsCountRequests(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("abc"))
	m := mount(t, tree)
	gate := tree.Block("Retrieve", "/f")
	read := make(chan error, 1)
	go func() {
		_, err := os.ReadFile(filepath.Join(m.dir, "f"))
		read <- err
	}()
	<-gate.Entered()
	if o := m.ops()["read"]; o.Begun == 0 || o.answered() != 0 {
		t.Errorf("a read that waits for the server: %+v", o)
	}
	gate.Open()
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.dir, "g"), []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	ops := m.ops()
	for _, name := range []string{"lookup", "open", "read", "write"} {
		if o := ops[name]; o.Begun == 0 || o.answered() != o.Begun || o.Failed != 0 || o.Time <= 0 || len(o.Buckets) != len(Bounds())+1 {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if _, ok := ops["rename"]; ok {
		t.Error("rename was never asked for")
	}
}

// A failure is kept with the words of the server, once for all its repetitions; a
// name that is not there is none.
func TestStatsKeepFailures(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/f", []byte("abc"))
	m := mount(t, tree)
	tree.Fail("Delete", "/f", 2, fakeremote.Error("DELE", "/f", ftpclient.KindPermission, 550, "Not on Sundays."))
	for range 2 {
		if err := syscall.Unlink(filepath.Join(m.dir, "f")); err != syscall.EACCES {
			t.Fatalf("unlink: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(m.dir, "none")); !os.IsNotExist(err) {
		t.Fatal(err)
	}
	st := m.server.Stats()
	if len(st.Failures) != 1 {
		t.Fatalf("%+v", st.Failures)
	}
	f := st.Failures[0]
	if f.Op != "unlink" || f.Path != "f" || f.Count != 2 || f.Errno != syscall.EACCES || !strings.Contains(f.Err.Error(), "550 Not on Sundays.") || f.Last.Before(f.First) {
		t.Errorf("%+v", f)
	}
	if o := m.ops()["unlink"]; o.Begun != 2 || o.Failed != 2 {
		t.Errorf("%+v", o)
	}
	if o := m.ops()["lookup"]; o.Failed != 0 {
		t.Errorf("a name that is not there counts as a failure: %+v", o)
	}
}

func TestBuckets(t *testing.T) {
	bounds := Bounds()
	for i, b := range bounds {
		if bucketOf(b) != i || bucketOf(b+1) != i+1 {
			t.Errorf("%v is in bucket %d, a little more in %d; want %d, %d", b, bucketOf(b), bucketOf(b+1), i, i+1)
		}
	}
	if bucketOf(0) != 0 || bucketOf(time.Hour) != len(bounds) {
		t.Errorf("0 is in %d, an hour in %d", bucketOf(0), bucketOf(time.Hour))
	}
}

func BenchmarkTally(b *testing.B) {
	var t opTally
	for b.Loop() {
		t.end(t.begin(), 0)
	}
}
