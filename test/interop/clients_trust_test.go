package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// resumes says which clients resume the TLS session of the control connection
// on data connections, as servers may demand.
var resumes = map[string]bool{"curl": true, "wget": true, "lftp": true, "ftplib": false}

// TestClientsResume: where the server demands resumed sessions, clients that
// resume get everything, and others nothing. TestClients has them all where it
// is not demanded.
func TestClientsResume(t *testing.T) {
	t.Parallel()
	for _, f := range foreigners {
		if len(f.modes) == 1 {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			needProgram(t, f.program)
			for _, profile := range []string{"vsftpd", "proftpd", "filezilla"} {
				if !everything && profile != "vsftpd" {
					continue
				}
				t.Run(profile, func(t *testing.T) {
					t.Parallel()
					p := pose(t, profile, ftptest.Explicit, func(o *ftpserver.Options) { o.RequireSessionReuse = true })
					clientTree(t, filepath.Join(p.dir, "tree"))
					e := newErrand(t, f, p)
					r := f.fetch(e)
					got := filesIn(t, e.out)
					if resumes[f.name] && (r.code != 0 || len(got) != len(clientFiles())) {
						t.Errorf("it got %d files of %d: %v", len(got), len(clientFiles()), r)
					}
					if !resumes[f.name] && (r.code == 0 || len(strings.Join(got, "")) > 0) {
						t.Errorf("it got %d octets without resuming: %v", len(strings.Join(got, "")), r)
					}
					onlyTrueFiles(e)
				})
			}
		})
	}
}

// TestClientsHostile: from a server that lies, clients get the true files or
// an error, and nothing lands outside the directory they were told.
func TestClientsHostile(t *testing.T) {
	t.Parallel()
	for _, f := range foreigners {
		for _, mode := range f.modes {
			t.Run(f.name+"/"+mode.String(), func(t *testing.T) {
				t.Parallel()
				needProgram(t, f.program)
				p := pose(t, "hostile", mode, nil)
				clientTree(t, filepath.Join(p.dir, "tree"))
				e := newErrand(t, f, p)
				r := f.fetch(e)
				t.Logf("exit %d, %d files of %d", r.code, onlyTrueFiles(e), len(clientFiles()))
				if entries := namesIn(t, filepath.Dir(e.home)); strings.Join(entries, " ") != "home src" {
					t.Errorf("beside the home there are %q", entries)
				}
				if r.code == 0 && onlyTrueFiles(e) < len(clientFiles()) {
					t.Errorf("all is well, it says, but it has %d files of %d: %v", onlyTrueFiles(e), len(clientFiles()), r)
				}
			})
		}
	}
}

// onlyTrueFiles checks each file of ours that the client has, and returns how
// many are there and whole. One that is cut short is no harm where the client
// said so.
func onlyTrueFiles(e *errand) (whole int) {
	e.t.Helper()
	for _, f := range clientFiles() {
		got, err := os.ReadFile(filepath.Join(e.out, f.name))
		switch {
		case err != nil:
		case string(got) == f.data:
			whole++
		case !strings.HasPrefix(f.data, string(got)):
			e.t.Errorf("%q holds %d octets that the server does not have", f.name, len(got))
		}
	}
	return whole
}

// filesIn returns the contents of the files below dir, which may be missing.
func filesIn(t *testing.T, dir string) (contents []string) {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	for name, what := range digest(t, dir, 0) {
		if strings.HasPrefix(what, "-") {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Error(err)
			}
			contents = append(contents, string(b))
		}
	}
	return contents
}
