package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// A liar is a server that does not stand what makes us fast, or lies when it is
// asked in that way. All that is done with it comes out right all the same; what
// it does not stand is learned soon, and probe says it.
type liar struct {
	name        string
	faults      []ftpserver.Fault
	fact, value string         // as probe prints it; none if there is nothing to be learned
	most        map[string]int // how often a client sends these in all; STAT is that with an argument
}

func liars() []liar {
	stat := func(name string, kind ftpserver.FaultKind, point ftpserver.FaultPoint) liar {
		return liar{name, []ftpserver.Fault{{Verb: "STAT", Kind: kind, Point: point}}, "STAT to list", "no", map[string]int{"STAT": 2, "USER": 3}}
	}
	once := func(name, verb string, kind ftpserver.FaultKind, point ftpserver.FaultPoint) liar {
		return liar{name, []ftpserver.Fault{{Verb: verb, Nth: 1, Kind: kind, Point: point}}, "", "", map[string]int{"USER": 4}}
	}
	refusing := stat("STAT is refused", ftpserver.FaultReply, ftpserver.AtCommand)
	refusing.faults[0].Code, refusing.faults[0].Text = 502, "Not here."
	refusing.most["STAT"] = 1
	return []liar{
		{"one command of a segment", []ftpserver.Fault{{Kind: ftpserver.FaultDropAhead}}, "pipelining", "no", map[string]int{"USER": 3}},
		{"the data connection dies of other commands", []ftpserver.Fault{{Verb: "CWD", Kind: ftpserver.FaultDropData}},
			"data connection ahead", "no", map[string]int{"USER": 2}},
		stat("STAT omits", ftpserver.FaultOmit, ftpserver.AtCommand),
		stat("STAT is cut", ftpserver.FaultTruncate, ftpserver.AtCommand),
		stat("STAT has rows of DOS", ftpserver.FaultDialect, ftpserver.AtCommand),
		stat("STAT has no answer", ftpserver.FaultSilent, ftpserver.AtCommand),
		stat("STAT is answered out of turn", ftpserver.FaultLate, ftpserver.AtReply),
		stat("STAT costs the connection", ftpserver.FaultReset, ftpserver.AtCommand),
		stat("STAT hangs up", ftpserver.FaultClose, ftpserver.AtCommand),
		refusing,
		once("LIST is reset", "LIST", ftpserver.FaultReset, ftpserver.AtData),
		once("RETR is reset", "RETR", ftpserver.FaultReset, ftpserver.AtData),
		once("no data connection is left for LIST", "LIST", ftpserver.FaultDropData, ftpserver.AtCommand),
		once("no data connection is left for RETR", "RETR", ftpserver.FaultDropData, ftpserver.AtCommand),
		once("STOR is answered behind the next command", "STOR", ftpserver.FaultLate, ftpserver.AtReply),
		once("RETR is answered behind the next command", "RETR", ftpserver.FaultLate, ftpserver.AtReply),
		once("nothing listens where EPSV says", "EPSV", ftpserver.FaultRefuse, ftpserver.AtReply),
		once("no data connection is left for STOR", "STOR", ftpserver.FaultDropData, ftpserver.AtCommand),
	}
}

// TestLiars walks through 30 directories, reads, writes and renames at each
// liar, by a client and in a mount, and compares with the disk.
func TestLiars(t *testing.T) {
	t.Parallel()
	for _, l := range liars() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			l.client(t)
		})
	}
}

// TestLiarsMounted is TestLiars in a mount, with probe before it.
func TestLiarsMounted(t *testing.T) {
	t.Parallel()
	for _, l := range liars() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			l.mount(t)
		})
	}
}

// wire counts the commands that a server gets.
type wire struct {
	mu    sync.Mutex
	count map[string]int
}

func (w *wire) command(_ int, line string) {
	verb, arg, _ := strings.Cut(line, " ")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count == nil {
		w.count = map[string]int{}
	}
	if verb != "STAT" || arg != "" {
		w.count[verb]++
	}
}

func (w *wire) check(t *testing.T, most map[string]int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for verb, n := range most {
		if w.count[verb] > n {
			t.Errorf("%d times %s, not at most %d, of %v", w.count[verb], verb, n, w.count)
		}
	}
}

// serve starts the liar over a tree of 30 directories.
func (l liar) serve(t *testing.T) (dir, url string, heard *wire, lie func()) {
	t.Helper()
	dir = t.TempDir()
	sub := "."
	for i := range 30 {
		if sub = fmt.Sprintf("d%02d", i); i%3 > 0 {
			sub = filepath.Join(fmt.Sprintf("d%02d", i-i%3), sub)
		}
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b b", ".c"} {
			if err := os.WriteFile(filepath.Join(dir, sub, name), bytes.Repeat([]byte(sub+name), i+1), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	tree, err := ftpserver.OpenDirFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	heard = &wire{}
	server, err := ftpserver.New(ftpserver.Options{FS: tree, Anonymous: true, AnonymousWrite: true, Profile: "vsftpd", LoginDelay: -1,
		Trace: ftpserver.Trace{Command: heard.command}})
	if err != nil {
		t.Fatal(err)
	}
	lie = func() {
		if err := server.SetFaults(l.faults...); err != nil {
			t.Fatal(err)
		}
	}
	lie()
	return dir, "ftp://" + ftptest.Serve(t, server).String() + "/", heard, lie
}

func (l liar) client(t *testing.T) {
	dir, url, heard, _ := l.serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	host, port := hostPort(t, url)
	c, err := ftpclient.New(ftpclient.Options{Host: host, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := map[string]string{}
	listAll(ctx, t, c, "/", got)
	same(t, "listed", got, onDisk(t, dir))
	readAll(ctx, t, c, dir, got)
	data := bytes.Repeat([]byte("new"), 30_000)
	n, err := c.Store(ctx, "/d03/new", bytes.NewReader(data), ftpclient.StoreOptions{})
	if err != nil && ftpclient.Lost(err) { // Store is never repeated by itself
		n, err = c.Store(ctx, "/d03/new", bytes.NewReader(data), ftpclient.StoreOptions{})
	}
	if err != nil || n.Sent != int64(len(data)) {
		t.Errorf("Store: %d, %v", n.Sent, err)
	}
	if err := c.Rename(ctx, "/d03/new", "/d06/d07/new name"); err != nil {
		t.Error(err)
	}
	if on, err := os.ReadFile(filepath.Join(dir, "d06/d07/new name")); err != nil || !bytes.Equal(on, data) {
		t.Errorf("on the disk: %d octets, %v", len(on), err)
	}
	clear(got)
	listAll(ctx, t, c, "/", got)
	same(t, "listed again", got, onDisk(t, dir))
	heard.check(t, l.most)
	for _, f := range c.Features().Facts() {
		if f.Name == l.fact && f.Value != l.value && f.Value != "untried" {
			t.Errorf("%s: %s (%s)", f.Name, f.Value, f.Evidence)
		}
	}
}

func hostPort(t *testing.T, rawURL string) (string, int) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return u.Hostname(), port
}

// listAll lists a tree: sizes of files, by path.
func listAll(ctx context.Context, t *testing.T, c *ftpclient.Client, dir string, found map[string]string) {
	t.Helper()
	l, err := c.List(ctx, dir)
	if err != nil {
		t.Fatalf("List %s: %v", dir, err)
	}
	for _, e := range l.Entries {
		p := path.Join(dir, e.Name)
		if e.Type == ftpclient.TypeDir {
			found[p] = "directory"
			listAll(ctx, t, c, p, found)
			continue
		}
		found[p] = fmt.Sprint(e.Size)
	}
}

// onDisk is what listAll must find.
func onDisk(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		rel := strings.TrimPrefix(p, dir)
		switch {
		case err != nil || rel == "":
			return err
		case info.IsDir():
			found[rel] = "directory"
		default:
			found[rel] = fmt.Sprint(info.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// readAll reads every file that was listed. A connection that is reset while
// something is read is told; who reads tries again.
func readAll(ctx context.Context, t *testing.T, c *ftpclient.Client, dir string, listed map[string]string) {
	t.Helper()
	for p, what := range listed {
		if what == "directory" {
			continue
		}
		got, err := fetched(ctx, c, p)
		if err != nil && ftpclient.Lost(err) {
			got, err = fetched(ctx, c, p)
		}
		want, readErr := os.ReadFile(filepath.Join(dir, p))
		if err != nil || readErr != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d octets instead of %d, %v, %v", p, len(got), len(want), err, readErr)
		}
	}
}

func fetched(ctx context.Context, c *ftpclient.Client, p string) ([]byte, error) {
	d, err := c.Retrieve(ctx, p, ftpclient.RetrieveOptions{})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return io.ReadAll(d)
}

func (l liar) mount(t *testing.T) {
	dir, url, heard, lie := l.serve(t)
	l.probe(t, url)
	lie() // what strikes once, strikes again
	m := newMount(t, url)
	heard.mu.Lock()
	heard.count = nil
	heard.mu.Unlock()
	m.mount()
	same(t, "in the mount", digest(t, m.dir, 0), digest(t, dir, 0))
	r := shell(t, m.dir, `set -e; ls -lR . >/dev/null; head -c 90000 /dev/urandom >d09/new; cp d09/new d12/d13/copy
		mv d09/new "d15/new name"; mkdir -p e/f; mv "d15/new name" e/f/; cmp e/f/"new name" d12/d13/copy; rm d00/a; mv d18 e/d18; ls e`)
	if r.code != 0 || r.out != "d18\nf\n" {
		t.Errorf("%v", r)
	}
	same(t, "in the mount after changes", digest(t, m.dir, 0), digest(t, dir, 0))
	m.umount()
	most := map[string]int{}
	for verb, n := range l.most {
		if most[verb] = n; verb == "USER" {
			most[verb] = n + 8 // those that work at the same time
		} else {
			most[verb] = n + 3
		}
	}
	heard.check(t, most)
}

// probe looks for what probe says of the liar.
func (l liar) probe(t *testing.T, url string) {
	t.Helper()
	out, err := runProbe(t, "--json", url)
	var report ftpclient.Report
	if err == nil {
		err = json.Unmarshal(out, &report)
	}
	if err != nil {
		t.Fatalf("probe: %v\n%s", err, out)
	}
	for _, f := range report.Facts {
		if f.Name == l.fact && f.Value != l.value {
			t.Errorf("probe: %s is %q (%s), not %q; problems: %q", f.Name, f.Value, f.Evidence, l.value, report.Problems)
		}
	}
}
