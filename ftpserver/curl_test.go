package ftpserver_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

// curl runs curl, a client that knows nothing of us, and returns its output.
func curl(t *testing.T, args ...string) (string, error) {
	t.Helper()
	args = append([]string{"--silent", "--show-error", "--max-time", "20", "--user", "u:p"}, args...)
	out, err := exec.CommandContext(withTimeout(t), "curl", args...).CombinedOutput()
	return string(out), err
}

func needCurl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err == nil {
		return
	} else if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip("curl is not installed")
}

func TestCurl(t *testing.T) {
	needCurl(t)
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		root := "ftp://" + start(t, ftpserver.Options{FS: fsys})
		ok := func(want string, args ...string) {
			t.Helper()
			if got, err := curl(t, args...); err != nil || got != want {
				t.Fatalf("curl %q: %q, %v; want %q", args, got, err, want)
			}
		}
		content := pattern(1 << 20)
		dir := t.TempDir()
		local := filepath.Join(dir, "local")
		must(t, os.WriteFile(local, []byte(content), 0o600))
		ok("", "--ftp-create-dirs", "-T", local, root+"/new/dir/file%20%231")
		if read(t, fsys, "new/dir/file #1") != content {
			t.Error("the upload differs")
		}
		for _, mode := range []string{"--disable-epsv", "--ftp-pasv", "--disable-eprt"} {
			ok(content, mode, root+"/new/dir/file%20%231")
		}
		ok(content, "--ftp-port", "127.0.0.1", root+"/new/dir/file%20%231")
		ok("file #1\n", "--list-only", root+"/new/dir/")
		ok(content[100:201], "--range", "100-200", root+"/new/dir/file%20%231")

		part := filepath.Join(dir, "part")
		must(t, os.WriteFile(part, []byte(content[:1000]), 0o600))
		ok("", "--continue-at", "-", "-o", part, root+"/new/dir/file%20%231")
		if got, err := os.ReadFile(part); string(got) != content || err != nil {
			t.Errorf("the resumed download differs: %v", err)
		}
		write(t, fsys, "up", content[:5000])
		ok("", "--continue-at", "5000", "-T", local, root+"/up")
		if read(t, fsys, "up") != content {
			t.Error("the resumed upload differs")
		}
		must(t, os.WriteFile(part, []byte("a\nb\n"), 0o600))
		ok("", "--use-ascii", "--crlf", "-T", part, root+"/text")
		if got := read(t, fsys, "text"); got != "a\nb\n" {
			t.Errorf("the text is %q", got)
		}
	})
}

func TestCurlCommands(t *testing.T) {
	needCurl(t)
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "a", "x")
		root := "ftp://" + start(t, ftpserver.Options{FS: fsys})
		out, err := curl(t, "-Q", "RNFR a", "-Q", "RNTO b", "-Q", "MKD d", "-Q", "SITE CHMOD 600 b", root+"/")
		if err != nil || !strings.Contains(out, "drwxr-xr-x") || !strings.Contains(out, "-rw-------") {
			t.Errorf("%q, %v", out, err)
		}
		if out, err := curl(t, "-Q", "DELE b", "-Q", "RMD d", root+"/"); out != "" || err != nil {
			t.Errorf("%q, %v", out, err)
		}
		write(t, fsys, "c", "12345")
		if out, err := curl(t, "--head", root+"/c"); err != nil || !strings.Contains(out, "Content-Length: 5") {
			t.Errorf("%q, %v", out, err)
		}
		if _, err := curl(t, root+"/nope"); err == nil {
			t.Error("a missing file was downloaded")
		}
		if _, err := curl(t, "--user", "u:wrong", root+"/c"); err == nil {
			t.Error("a wrong password was accepted")
		}
	})
}

// TestCurlTLS: curl over explicit and implicit TLS. It resumes sessions of
// itself, in TLS 1.2 by session id only, which crypto/tls does not know.
func TestCurlTLS(t *testing.T) {
	needCurl(t)
	content := pattern(1 << 20)
	local := filepath.Join(t.TempDir(), "local")
	must(t, os.WriteFile(local, []byte(content), 0o600))
	for _, scheme := range []string{"ftp://", "ftps://"} {
		for _, version := range []string{"1.2", "1.3"} {
			t.Run(scheme+version, func(t *testing.T) {
				fsys := ftpserver.NewMemFS(0)
				o := ftpserver.Options{FS: fsys, RequireTLS: true, RequireSessionReuse: version == "1.3"}
				root := scheme + serveTLS(t, o, scheme == "ftps://")
				ok := func(want string, args ...string) {
					t.Helper()
					args = append([]string{"--insecure", "--ssl-reqd", "--tlsv" + version, "--tls-max", version}, args...)
					if got, err := curl(t, args...); err != nil || got != want {
						t.Fatalf("curl %q: %d bytes, %v", args, len(got), err)
					}
				}
				ok("", "-T", local, root+"/f")
				if read(t, fsys, "f") != content {
					t.Error("the upload differs")
				}
				ok(content, root+"/f")
				ok(content+content, root+"/f", root+"/f") // on one control connection
				ok(content[100:201], "--range", "100-200", root+"/f")
				ok("f\n", "--list-only", root+"/")
			})
		}
	}
	addr := serveTLS(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), RequireTLS: true}, false)
	if _, err := curl(t, "ftp://"+addr+"/"); err == nil {
		t.Error("a login in the clear")
	}
	if _, err := curl(t, "--ssl-reqd", "ftp://"+addr+"/"); err == nil {
		t.Error("a certificate that nobody signed was accepted")
	}
}
