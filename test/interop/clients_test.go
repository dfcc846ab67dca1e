package interop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// A foreigner is an FTP client that knows nothing of us.
type foreigner struct {
	name    string
	program string
	modes   []ftptest.TLSMode // that it has
	// visit does all that the client can at a server that is as it should be.
	visit func(e *errand)
	// fetch gets all it can from a server that is not to be trusted into
	// e.out. The server has the files of e.src below "tree".
	fetch func(e *errand) result
}

// clientPatience bounds one run of a client.
const clientPatience = 30 * time.Second

var allModes = []ftptest.TLSMode{ftptest.NoTLS, ftptest.Explicit, ftptest.Implicit}

// foreigners are the clients. tnftp has no TLS for FTP.
var foreigners = []foreigner{
	{"curl", "curl", allModes, curlVisit, curlFetch},
	{"lftp", "lftp", allModes, lftpVisit, lftpFetch},
	{"wget", "wget", allModes, wgetVisit, wgetFetch},
	{"tnftp", "tnftp", []ftptest.TLSMode{ftptest.NoTLS}, tnftpVisit, tnftpFetch},
	{"ftplib", "python3", allModes, ftplibVisit, ftplibFetch},
}

// cannot is what does not work although both sides do what they should, since
// the real server is like that. A step that is named here must fail.
var cannot = []struct{ client, profile, step, why string }{
	{"curl", "embedded", "range", noREST},
	{"curl", "embedded", "resume", noREST},
	{"curl", "embedded", "size", noSIZE},
	{"curl", "embedded", "time", noSIZE},
	{"curl", "embedded", "append", noAPPE},
	{"curl", "pureftpd", "list", dotsInNLST},
	{"lftp", "iis", "modes up", noModes},
	{"lftp", "iis", "times up", noSetTime},
	{"lftp", "iis", "modes down", noModes},
	{"lftp", "iis", "chmod", noModes},
	{"lftp", "filezilla", "modes up", noModes},
	{"lftp", "filezilla", "modes down", noModes},
	{"lftp", "filezilla", "chmod", noModes},
	{"lftp", "embedded", "modes up", noModes},
	{"lftp", "embedded", "times up", noSetTime},
	{"lftp", "embedded", "times down", "rows of LIST have no seconds, and there is no MDTM"},
	{"lftp", "embedded", "chmod", noModes},
	{"wget", "iis", "modes", noModes},
	{"tnftp", "vsftpd", "mlsd", noMLSD},
	{"tnftp", "iis", "mlsd", noMLSD},
	{"tnftp", "iis", "chmod", noModes},
	{"tnftp", "filezilla", "chmod", noModes},
	{"tnftp", "embedded", "mlsd", noMLSD},
	{"tnftp", "embedded", "chmod", noModes},
	{"tnftp", "embedded", "size", noSIZE},
	{"tnftp", "embedded", "append", noAPPE},
	{"tnftp", "embedded", "resume", noREST},
	{"ftplib", "pureftpd", "nlst", dotsInNLST},
	{"ftplib", "vsftpd", "mlsd", noMLSD},
	{"ftplib", "iis", "mlsd", noMLSD},
	{"ftplib", "embedded", "mlsd", noMLSD},
	{"ftplib", "embedded", "size", noSIZE},
	{"ftplib", "embedded", "mdtm", noSIZE},
	{"ftplib", "embedded", "rest", noREST},
	{"ftplib", "embedded", "rest_stor", noREST},
	{"ftplib", "embedded", "appe", noAPPE},
}

// The reasons.
const (
	noREST    = "the server has no REST"
	noSIZE    = "the server has neither SIZE nor MDTM"
	noAPPE    = "the server has no APPE"
	noModes   = "the server has no SITE CHMOD, or tells no modes"
	noSetTime = "the server has no way to set times"
	noMLSD    = "the server has no MLSD"
	// Pure-FTPd 1.0.50 does so.
	dotsInNLST = "NLST has . and .."
)

// An errand is one client at one server.
type errand struct {
	t *testing.T
	*posed
	client string
	home   string          // the client's home and working directory
	src    string          // a tree to bring there
	out    string          // does not exist yet
	failed map[string]bool // steps that failed, which are told once
}

// TestClients lets each client do all it can at each of the server's
// profiles, and at the built program, with and without TLS.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, f := range foreigners {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			needProgram(t, f.program)
			for _, profile := range append([]string{serveProgram}, ftpserver.Profiles()...) {
				if profile == "hostile" || testing.Short() && profile != serveProgram && profile != "embedded" {
					continue
				}
				for _, mode := range f.modes {
					if !tellsMore(profile, mode) {
						continue
					}
					t.Run(profile+"/"+mode.String(), func(t *testing.T) {
						t.Parallel()
						f.visit(newErrand(t, f, pose(t, profile, mode, nil)))
					})
				}
			}
		})
	}
}

// tellsMore reports whether a mode of TLS is tried at a profile. Under TLS the
// profiles are what they are in the clear: explicit it is tried where the end of
// data is another one, implicit where nothing else is.
func tellsMore(profile string, mode ftptest.TLSMode) bool {
	switch {
	case mode == ftptest.NoTLS || profile == serveProgram:
		return true
	case mode == ftptest.Explicit:
		return everything || profile == "vsftpd" || profile == "pureftpd"
	}
	return everything && (profile == "vsftpd" || profile == "filezilla")
}

// needProgram skips a test, or fails it in CI, that a program is missing for.
func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		ftptest.Skip(t, "%v", err)
	}
}

func newErrand(t *testing.T, f foreigner, p *posed) *errand {
	t.Helper()
	base := t.TempDir()
	e := &errand{t: t, posed: p, client: f.name, failed: map[string]bool{}, home: filepath.Join(base, "home"), src: filepath.Join(base, "src"), out: filepath.Join(base, "home", "out")}
	if err := errors.Join(os.Mkdir(e.home, 0o755), os.Mkdir(e.src, 0o755)); err != nil {
		t.Fatal(err)
	}
	clientTree(t, e.src)
	return e
}

// A clientFile is a file that clients bring and get.
type clientFile struct {
	name, data string
	mode       os.FileMode
	mtime      time.Time
}

// clientFiles are names that every client can be told of.
func clientFiles() []clientFile {
	old := time.Date(2017, 7, 14, 2, 40, 9, 0, time.UTC)
	recent := time.Now().Add(-48 * time.Hour).Truncate(time.Second)
	return []clientFile{
		{"plain.bin", noise(200_003), 0o644, old},
		{"empty", "", 0o600, old.Add(time.Hour)},
		{"lines.txt", "one\ntwo\r\nthree\n\rfour", 0o644, recent},
		{"two words.txt", "two words", 0o640, recent.Add(-time.Hour)},
		{"täst-日本.txt", "täst", 0o644, old},
		{"hash#100%;x.txt", "hash", 0o644, old},
		{`"double".txt`, "double", 0o644, old},
		{"[x]{y}.txt", "brackets", 0o755, old},
		{"-dash", "dash", 0o644, old},
		{"sub dir/inner.bin", noise(70_001), 0o644, old},
		{"sub dir/deep/leaf", "leaf", 0o644, recent},
	}
}

// noise is n octets, all values among them, IAC, CR and LF too.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(n)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

// clientTree writes the files below dir.
func clientTree(t *testing.T, dir string) {
	t.Helper()
	for _, f := range clientFiles() {
		name := filepath.Join(dir, f.name)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil {
			err = os.WriteFile(name, []byte(f.data), f.mode)
		}
		if err := errors.Join(err, os.Chmod(name, f.mode), os.Chtimes(name, f.mtime, f.mtime)); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs the client in its home. It is no failure if it fails; it is one if
// it hangs.
func (e *errand) run(stdin, name string, args ...string) result {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = e.home
	cmd.Env = append(os.Environ(), "HOME="+e.home, "XDG_CONFIG_HOME="+e.home, "XDG_DATA_HOME="+e.home, "XDG_CACHE_HOME="+e.home, "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(stdin)
	cmd.WaitDelay = 5 * time.Second
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var status *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &status) {
		e.t.Fatalf("%s %q: it hangs or cannot be run: %v\n%s\n%s", name, args, err, &out, &stderr)
	}
	return result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// step judges a step by the table of what cannot be.
func (e *errand) step(what string, ok bool, said any) {
	e.t.Helper()
	for _, c := range cannot {
		if c.client == e.client && c.profile == e.profile && c.step == what {
			if ok {
				e.t.Errorf("%s works, and should not: %s", what, c.why)
			}
			return
		}
	}
	if !ok && !e.failed[what] {
		e.failed[what] = true
		e.t.Errorf("%s: %v", what, said)
	}
}

// served returns the content of a file on the server's disk.
func (e *errand) served(name string) string {
	b, err := os.ReadFile(filepath.Join(e.dir, name))
	if err != nil {
		return fmt.Sprintf("<%v>", err)
	}
	return string(b)
}

// absent reports whether nothing of the name is on the server's disk.
func (e *errand) absent(name string) bool {
	_, err := os.Lstat(filepath.Join(e.dir, name))
	return errors.Is(err, os.ErrNotExist)
}

// differing names the files of two trees that a digest finds different.
func differing(t *testing.T, a, b string, with int) (names []string) {
	t.Helper()
	in, want := digest(t, a, with), digest(t, b, with)
	for name := range want {
		if in[name] != want[name] {
			names = append(names, fmt.Sprintf("%s: %s / %s", name, in[name], want[name]))
		}
	}
	return names
}
