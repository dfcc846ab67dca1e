package interop

import (
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

//go:embed testdata/clients_ftplib.py
var ftplibScript string

// python is the system's own, if there is one, which starts faster than the
// launchers that some put before it.
var python = sync.OnceValue(func() string {
	if path, err := exec.LookPath("/usr/bin/python3"); err == nil {
		return path
	}
	return "python3"
})

// ftplib runs the script, all steps of it or these, and returns what it says
// of each step, besides its output.
func (e *errand) ftplib(reuse bool, only ...string) (map[string]string, result) {
	e.t.Helper()
	args, err := json.Marshal(map[string]any{"host": "127.0.0.1", "port": json.Number(e.port()), "user": poseUser,
		"password": posePassword, "mode": e.mode.String(), "ca": e.ca, "src": e.src, "out": e.out, "only": only, "reuse": reuse})
	if err != nil {
		e.t.Fatal(err)
	}
	r := e.run(ftplibScript, python(), "-I", "-", string(args))
	said := map[string]string{}
	for line := range strings.Lines(r.out) {
		if step, what, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			said[step] = what
		}
	}
	return said, r
}

func ftplibVisit(e *errand) {
	said, r := e.ftplib(false)
	for _, step := range []string{"storbinary", "retrbinary", "cwd", "nlst", "dir", "mlsd", "size", "mdtm", "rest", "rest_stor",
		"appe", "lines", "rename", "delete", "missing", "active", "abort", "quit"} {
		e.step(step, said[step] == "ok", said[step])
	}
	if r.code != 0 {
		e.t.Error(r)
	}
	same(e.t, "got back", digest(e.t, e.out, 0), digest(e.t, e.src, 0))
	e.step("ascii", e.served("up/ascii") == "one\ntwo\nthree\n", e.served("up/ascii"))
	e.step("renamed", e.absent("up/two words.txt") && e.served("up/three") == "two words", e.served("up/three"))
	e.step("stored in active mode", e.served("up/active") == clientFiles()[0].data, r)
	for _, f := range clientFiles() {
		if f.name != "two words.txt" && f.name != "empty" && e.served("up/"+f.name) != f.data {
			e.t.Errorf("on the server's disk: %q differs", f.name)
		}
	}
}

func ftplibFetch(e *errand) result {
	if err := os.Rename(filepath.Join(e.dir, "tree"), filepath.Join(e.dir, "up")); err != nil {
		e.t.Fatal(err)
	}
	said, r := e.ftplib(false, "retrbinary", "nlst", "dir", "mlsd")
	if said["retrbinary"] != "ok" {
		r.code = max(r.code, 1)
	}
	return r
}
