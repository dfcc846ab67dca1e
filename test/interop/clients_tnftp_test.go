package interop

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// tnftp runs commands in tnftp, which goes on after one that fails and says
// nothing of it in its exit code.
func (e *errand) tnftp(commands ...string) result {
	e.t.Helper()
	script := append([]string{"user " + poseUser + " " + posePassword, "glob", "binary"}, commands...)
	return e.run(strings.Join(append(script, "quit"), "\n")+"\n", "tnftp", "-i", "-n", "-v", "127.0.0.1", e.port())
}

// quoted is a name as an argument of a command of tnftp.
func quoted(name string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, " ", `\ `).Replace(name)
}

func tnftpVisit(e *errand) {
	up := filepath.Join(e.dir, "up")
	puts, gets := []string{"mkdir up", `mkdir "up/sub dir"`, `mkdir "up/sub dir/deep"`}, []string{}
	for _, f := range clientFiles() {
		local := filepath.Join(e.out, f.name)
		if err := os.MkdirAll(filepath.Dir(local), 0o755); err != nil {
			e.t.Fatal(err)
		}
		puts = append(puts, "put "+quoted(filepath.Join(e.src, f.name))+" "+quoted("up/"+f.name))
		gets = append(gets, "get "+quoted("up/"+f.name)+" "+quoted(local))
	}
	r := e.tnftp(puts...)
	same(e.t, "on the server's disk", digest(e.t, up, 0), digest(e.t, e.src, 0))
	e.step("put", r.code == 0, r)
	r = e.tnftp(gets...)
	same(e.t, "got back", digest(e.t, e.out, 0), digest(e.t, e.src, 0))
	e.step("get", r.code == 0, r)
	clientTree(e.t, up)
	tnftpCommands(e)
}

// tnftpCommands changes, resumes and lists.
func tnftpCommands(e *errand) {
	big := clientFiles()[0].data
	r := e.tnftp(`rename "up/two words.txt" up/three`, "delete up/empty", "mkdir up/new", "mkdir up/old", "rmdir up/old")
	e.step("rename", e.absent("up/two words.txt") && e.served("up/three") == "two words", r)
	e.step("remove", e.absent("up/empty") && e.absent("up/old") && !e.absent("up/new"), r)
	r = e.tnftp("size up/plain.bin", "ls up")
	e.step("list", strings.Contains(r.out, "[x]{y}.txt") && strings.Contains(r.out, "täst-日本.txt") && strings.Contains(r.out, "sub dir"), r)
	e.step("size", strings.Contains(r.out, "up/plain.bin\t200003\n"), r)
	r = e.tnftp("mlsd up")
	e.step("mlsd", strings.Contains(r.out, "; täst-日本.txt"), r)

	part := filepath.Join(e.home, "part")
	if err := os.WriteFile(part, []byte(big[:777]), 0o644); err != nil {
		e.t.Fatal(err)
	}
	r = e.tnftp("reget up/plain.bin part")
	got, err := os.ReadFile(part)
	e.step("resume", err == nil && string(got) == big, r)
	r = e.tnftp("append "+quoted(filepath.Join(e.src, "-dash"))+" up/three", "chmod 604 up/plain.bin", "put "+quoted(filepath.Join(e.src, "plain.bin"))+" up/again")
	e.step("append", e.served("up/three") == "two wordsdash", r)
	info, err := os.Stat(filepath.Join(e.dir, "up/plain.bin"))
	e.step("chmod", err == nil && info.Mode().Perm() == 0o604, r)
	e.step("go on after a refusal", e.served("up/again") == big, r)
	r = e.tnftp("passive off", "get up/plain.bin active", `get "up/nothing here" nothing`)
	got, err = os.ReadFile(filepath.Join(e.home, "active"))
	e.step("active", err == nil && string(got) == big, r)
	_, err = os.Stat(filepath.Join(e.home, "nothing"))
	e.step("missing", errors.Is(err, os.ErrNotExist), r)
	r = e.tnftp("ascii", "put "+quoted(filepath.Join(e.src, "two words.txt"))+" up/ascii.txt", "get up/lines.txt lines.txt")
	e.step("ascii put", e.served("up/ascii.txt") == "two words", r)
}

func tnftpFetch(e *errand) result {
	var gets []string
	for _, f := range clientFiles() {
		local := filepath.Join(e.out, f.name)
		if err := os.MkdirAll(filepath.Dir(local), 0o755); err != nil {
			e.t.Fatal(err)
		}
		gets = append(gets, "get "+quoted("tree/"+f.name)+" "+quoted(local))
	}
	r := e.tnftp(gets...)
	if strings.Count(r.out, "\n226 ") < len(gets) {
		r.code = max(r.code, 1) // of which it says nothing itself
	}
	return r
}
