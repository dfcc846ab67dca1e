package interop

import (
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"

	"ftpfs/test/ftptest"
)

// wget runs wget for a path on the server.
func (e *errand) wget(path string, args ...string) result {
	e.t.Helper()
	u := url.URL{Scheme: "ftp", Host: e.addr, Path: "/" + path}
	args = append([]string{"--no-config", "--no-verbose", "--timeout=10", "--tries=2", "--waitretry=1", "--no-proxy",
		"--ca-certificate=" + e.ca, "--ftp-user=" + poseUser, "--ftp-password=" + posePassword, "--restrict-file-names=nocontrol"}, args...)
	if e.mode != ftptest.NoTLS {
		u.Scheme = "ftps" // which is AUTH TLS
	}
	if e.mode == ftptest.Implicit {
		args = append(args, "--ftps-implicit")
	}
	return e.run("", "wget", append(args, u.String())...)
}

// wgetVisit downloads, since wget does nothing else.
func wgetVisit(e *errand) {
	up := filepath.Join(e.dir, "up")
	clientTree(e.t, up)
	r := e.wget("up/", "--recursive", "--level=3", "--no-host-directories", "--cut-dirs=1", "--preserve-permissions", "--directory-prefix="+e.out)
	e.step("recursive", r.code == 0 && maps.Equal(digest(e.t, e.out, 0), digest(e.t, e.src, 0)), r)
	e.step("modes", len(differing(e.t, e.out, up, withMode)) == 0, differing(e.t, e.out, up, withMode))

	big := clientFiles()[0].data
	part := filepath.Join(e.home, "plain.bin")
	if err := os.WriteFile(part, []byte(big[:777]), 0o644); err != nil {
		e.t.Fatal(err)
	}
	r = e.wget("up/plain.bin", "--continue")
	got, err := os.ReadFile(part)
	e.step("resume", r.code == 0 && err == nil && string(got) == big, r)
	e.step("missing", e.wget("up/nothing here").code == 8, r)
	r = e.wget("up/plain.bin", "--no-passive-ftp", "-O", "active")
	got, err = os.ReadFile(filepath.Join(e.home, "active"))
	e.step("active", r.code == 0 && err == nil && string(got) == big, errors.Join(err, errors.New(r.String())))
}

func wgetFetch(e *errand) result {
	return e.wget("tree/", "--recursive", "--level=3", "--no-host-directories", "--cut-dirs=1", "--directory-prefix="+e.out)
}
