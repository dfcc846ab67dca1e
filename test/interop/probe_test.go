package interop

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// unix are the facts that the three servers for Unix have in common, found
// with leave to write.
var unix = map[string]string{
	"symbolic links": "shown", "LIST -a": "yes", "STAT to list": "yes", "patterns in listings": "yes",
	"case ignored": "no", "zone of LIST": "UTC", "zone of MDTM": "UTC", "EPSV": "yes", "pipelining": "yes",
	"data connection ahead": "yes", "SIZE": "yes", "MDTM": "yes", "REST": "yes", "checksums": "no", "free space": "no",
	"connections": "at least 8", "STOR": "yes", "APPE": "yes", "REST and STOR": "yes", "REST and STOR keep the tail": "yes",
	"upload broken off": "a part stays", "RNTO replaces": "yes", "RNTO onto an empty directory": "replaced",
	"SITE CHMOD": "yes", "MFF of modes": "no", "MFMT": "yes", "MDTM to set": "no", "SITE UTIME": "yes", "SITE SYMLINK": "no",
	"a leading space": "kept", "a trailing space": "kept", "a backslash": "kept", "a star": "kept", "brackets": "kept",
	"a leading dot": "kept", "octet 255": "kept", "UTF-8": "kept",
}

// probed is what probe must find of each server, beside or instead of unix.
var probed = map[string]map[string]string{
	ftptest.Vsftpd: {"MLSD": "no", "UTF8": "no", "STOR past the end": "a hole of zeros", "MFMT": "no",
		"MDTM to set": "yes", "SITE UTIME": "no", "broken links hidden": "untried"},
	ftptest.ProFTPD: {"MLSD": "yes", "UTF8": "yes", "STOR past the end": "refused", "MFF of modes": "yes",
		"SITE SYMLINK": "yes", "broken links hidden": "yes"},
	ftptest.PureFTPd: {"MLSD": "yes", "UTF8": "yes", "STOR past the end": "written at the end",
		"REST and STOR keep the tail": "no", "a trailing space": "changed", "a backslash": "refused", "broken links hidden": "untried"},
	ftptest.Bundled: {"MLSD": "yes", "UTF8": "yes", "STOR past the end": "refused", "SITE SYMLINK": "yes", "broken links hidden": "no",
		"checksums": "yes", "free space": "yes", "MFF of modes": "yes"},
}

// TestProbe probes each server, in the clear and over TLS.
func TestProbe(t *testing.T) {
	t.Parallel()
	for _, mode := range []ftptest.TLSMode{ftptest.NoTLS, ftptest.Explicit} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
				t.Parallel()
				want := maps.Clone(unix)
				maps.Copy(want, probed[s.Name])
				flags := []string{s.URL()}
				if want["TLS"] = "none"; mode != ftptest.NoTLS {
					want["TLS"] = "TLS 1.3"
					want["TLS resumption"] = "yes"
					flags = append(flags, "--ca-file", s.CAFile)
				}
				if s.Name == ftptest.PureFTPd {
					if want["TLS"] == "none" {
						want["TLS"] = "offered"
					}
					want["TLS resumption"] = map[ftptest.TLSMode]string{ftptest.NoTLS: "untried", ftptest.Explicit: "no"}[mode]
				}
				if s.User == "anonymous" {
					delete(want, "SITE CHMOD") // vsftpd's is for local users alone
				}
				probes(t, s.Dir, s.Path("sub"), want, flags...)
			}, ftptest.TLS(mode))
		})
	}
}

// profiled is what probe must find of the bundled server as it appears as
// others.
var profiled = map[string]map[string]string{
	"filezilla": {"MLSD": "yes", "UTF8": "yes", "STAT to list": "yes", "RNTO replaces": "yes", "SITE CHMOD": "no",
		"MFMT": "yes", "SITE UTIME": "no", "SITE SYMLINK": "no", "connections": "at least 8", "REST": "yes", "a backslash": "kept"},
	"iis": {"MLSD": "no", "UTF8": "yes", "RNTO replaces": "no", "RNTO onto an empty directory": "refused", "SITE CHMOD": "no",
		"MFMT": "no", "MDTM to set": "no", "SITE UTIME": "no", "SITE SYMLINK": "no", "SIZE": "yes", "MDTM": "yes", "REST": "yes"},
	"embedded": {"MLSD": "no", "UTF8": "no", "STAT to list": "no", "EPSV": "no", "SIZE": "no", "MDTM": "no", "REST": "no", "APPE": "no",
		"RNTO replaces": "no", "SITE CHMOD": "no", "MFMT": "no", "connections": "1", "data connection ahead": "yes", "pipelining": "yes"},
}

// TestProbeProfiles probes the profiles of servers that are not to be had.
func TestProbeProfiles(t *testing.T) {
	t.Parallel()
	for name, want := range profiled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tree, err := ftpserver.OpenDirFS(dir)
			if err != nil {
				t.Fatal(err)
			}
			url := serveTree(t, ftpserver.Options{FS: tree, Profile: name, LoginDelay: -1,
				Users: map[string]ftpserver.User{"me": {Check: ftpserver.Password("sesame")}}})
			t.Cleanup(func() {
				if err := tree.Close(); err != nil {
					t.Error(err)
				}
			})
			probes(t, dir, "/sub", want, strings.Replace(url, "ftp://", "ftp://me:sesame@", 1))
		})
	}
}

// probes runs the program twice, with leave to write in sub and without, and
// compares what it finds, and the disk with what it was.
func probes(t *testing.T, disk, sub string, want map[string]string, flags ...string) {
	t.Helper()
	for name, content := range map[string]string{"readme.txt": "hello", ".dot": "x", "data": "0123456789", "sub/inner": "inner"} {
		name = filepath.Join(disk, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(disk, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("readme.txt", filepath.Join(disk, "link")); err != nil {
		t.Fatal(err)
	}
	before := digest(t, disk, withMode|withMtime)
	looked := probe(t, flags...)
	for name, value := range looked {
		if w, ok := want[name]; ok && value.Value != w && value.Value != "untried" {
			t.Errorf("looking only: %s is %q, want %q (%s)", name, value.Value, w, value.Evidence)
		}
	}
	if looked["APPE"].Evidence != "not tried: needs --write" && looked["APPE"].Value == "untried" {
		t.Errorf("looking only: %+v", looked["APPE"])
	}
	found := probe(t, append(flags, "--write", sub)...)
	for name, w := range want {
		if f := found[name]; f.Value != w {
			t.Errorf("%s is %q, want %q (%s)", name, f.Value, w, f.Evidence)
		}
	}
	same(t, "on the server's disk", digest(t, disk, withMode|withMtime), before)
}

// probe runs ftpfs probe --json and returns the facts by their names.
func probe(t *testing.T, flags ...string) map[string]ftpclient.Fact {
	t.Helper()
	out, err := runProbe(t, append([]string{"--json"}, flags...)...)
	if err != nil {
		t.Fatalf("probe %q: %v\n%s", flags, err, out)
	}
	var r ftpclient.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(r.Left) > 0 || len(r.Problems) > 0 || len(r.Plan) == 0 {
		t.Errorf("left %q, problems %q, plan %v", r.Left, r.Problems, r.Plan)
	}
	t.Logf("%q took %d ms", flags, r.Took)
	facts := make(map[string]ftpclient.Fact)
	for _, f := range r.Facts {
		f.Value, _, _ = strings.Cut(f.Value, ", TLS_") // the cipher suite is OpenSSL's choice
		facts[f.Name] = f.Fact
	}
	return facts
}

// TestProbeLimit finds a server's limit in its own words, and leaves no
// connection behind that would count.
func TestProbeLimit(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("readme.txt", []byte("hello"))
		for range 2 {
			f := probe(t, s.URL())["connections"]
			// ProFTPD counts what its other processes have written down: seldom it lets in one more.
			more := s.Name == ftptest.ProFTPD && f.Value == "4" && strings.HasPrefix(f.Evidence, "login 5: login → ")
			if !more && (f.Value != "3" || !strings.HasPrefix(f.Evidence, "login 4: login → ")) || !strings.Contains(strings.ToLower(f.Evidence), "connect") {
				t.Errorf("%+v", f)
			}
		}
	}, ftptest.MaxPerHost(3))
}
