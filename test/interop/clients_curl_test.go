package interop

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ftpfs/test/ftptest"
)

// curl runs curl.
func (e *errand) curl(args ...string) result {
	e.t.Helper()
	args = append([]string{"-q", "--globoff", "--silent", "--show-error", "--max-time", "20", "--fail-early", "--cacert", e.ca,
		"--user", poseUser + ":" + posePassword}, args...)
	if e.mode != ftptest.NoTLS {
		args = append([]string{"--ssl-reqd"}, args...)
	}
	return e.run("", "curl", args...)
}

// url is the URL of a path on the server.
func (e *errand) url(path string) string {
	u := url.URL{Scheme: "ftp", Host: e.addr, Path: "/" + path}
	if e.mode == ftptest.Implicit {
		u.Scheme = "ftps"
	}
	return u.String()
}

func curlVisit(e *errand) {
	up := []string{"--ftp-create-dirs"}
	for _, f := range clientFiles() {
		up = append(up, "-T", filepath.Join(e.src, f.name), e.url("up/"+f.name))
	}
	r := e.curl(up...)
	e.step("upload", r.code == 0, r)
	same(e.t, "on the server's disk", digest(e.t, filepath.Join(e.dir, "up"), 0), digest(e.t, e.src, 0))
	r = e.curlGet("up")
	e.step("download", r.code == 0, r)
	same(e.t, "downloaded", digest(e.t, e.out, 0), digest(e.t, e.src, 0))
	names := strings.Split(strings.TrimSpace(strings.ReplaceAll(e.curl("--list-only", e.url("up/")).out, "\r", "")), "\n")
	slices.Sort(names)
	e.step("list", slices.Equal(names, namesIn(e.t, e.src)), names)

	big := clientFiles()[0].data
	r = e.curl("--range", "1000-2000", e.url("up/plain.bin"))
	e.step("range", r.code == 0 && r.out == big[1000:2001], r.err)
	part := filepath.Join(e.home, "part")
	if err := os.WriteFile(part, []byte(big[:777]), 0o644); err != nil {
		e.t.Fatal(err)
	}
	r = e.curl("--continue-at", "-", "-o", part, e.url("up/plain.bin"))
	got, err := os.ReadFile(part)
	e.step("resume", r.code == 0 && err == nil && string(got) == big, r)
	r = e.curl("--head", e.url("up/plain.bin"))
	e.step("size", r.code == 0 && strings.Contains(r.out, "Content-Length: 200003"), r)
	e.step("time", strings.Contains(r.out, "Last-Modified: "), r)

	if e.mode == ftptest.NoTLS { // over TLS, curl 7.88 does not shake hands as it should, with any server
		r = e.curl("--ftp-port", "127.0.0.1", e.url("up/plain.bin"))
		e.step("active", r.code == 0 && r.out == big, r.err)
	}
	r = e.curl("--append", "-T", filepath.Join(e.src, "-dash"), e.url("up/two words.txt"))
	e.step("append", r.code == 0 && e.served("up/two words.txt") == "two wordsdash", r)
	r = e.curl("-Q", "RNFR up/[x]{y}.txt", "-Q", "RNTO up/three", "-Q", "MKD up/new", "-Q", "DELE up/empty", e.url("up/new/"))
	e.step("commands", r.code == 0 && e.served("up/three") == "brackets" && e.absent("up/[x]{y}.txt") && e.absent("up/empty"), r)
	r = e.curl("-Q", "-RMD /up/new", e.url("up/-dash"))
	e.step("rmdir", r.code == 0 && e.absent("up/new"), r)
	r = e.curl(e.url("up/nothing here"))
	e.step("missing", r.code == 78 || r.code == 9, r)
}

func curlFetch(e *errand) result { return e.curlGet("tree") }

// curlGet downloads all files below dir. The first that fails ends it.
func (e *errand) curlGet(dir string) result {
	e.t.Helper()
	if err := os.Mkdir(e.out, 0o755); err != nil {
		e.t.Fatal(err)
	}
	get := []string{"--create-dirs"}
	for _, f := range clientFiles() {
		get = append(get, "-o", filepath.Join(e.out, f.name), e.url(dir+"/"+f.name))
	}
	return e.curl(get...)
}
