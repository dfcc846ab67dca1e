package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/manage"
	"ftpfs/cmd/ftpfs/internal/status"
)

// statusOf runs ftpfs status --json for one mount.
func statusOf(t *testing.T, dir string) manage.Report {
	t.Helper()
	r := runProgram(t, command(t, "status", "--json", dir))
	var all struct{ Mounts []manage.Report }
	if err := json.Unmarshal([]byte(r.stdout), &all); r.code != exit.OK || err != nil || len(all.Mounts) != 1 {
		t.Fatalf("status: %+v, %v", r, err)
	}
	return all.Mounts[0]
}

// used mounts a server, reads one file and writes another.
func used(t *testing.T, flags ...string) (dir string) {
	t.Helper()
	_, addr := testServer(t)
	dir = mountTest(t, append(flags, "ftp://me:sesame@"+addr+"/")...)
	if text, err := os.ReadFile(dir + "/sub/file"); err != nil || string(text) != "content\n" {
		t.Fatalf("%q, %v", text, err)
	}
	if err := os.WriteFile(dir+"/new", []byte("12345"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestStatus: what a mount has done is told alike by the command, as JSON and as
// text, by the page, by the metrics and, at the signal USR1, by the log; none of
// it has the password, and to ask does nothing on the server.
func TestStatus(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	log := filepath.Join(t.TempDir(), "log")
	dir := used(t, "--http=127.0.0.1:0", "--log-file="+log)
	got := statusOf(t, dir)
	s := got.Status
	if got.State != "mounted" || s == nil || s.Server.State != "up" || s.Traffic.Sent != 5 || s.Uploads.Confirmed != 1 || s.Mount.HTTP == "" {
		t.Fatalf("%+v, %+v", got, s)
	}
	ops := map[string]int64{}
	for _, o := range s.Operations {
		ops[o.Name] = o.Count
	}
	if ops["read"] == 0 || ops["create"] != 1 || ops["write"] != 1 {
		t.Errorf("requests: %v", ops)
	}
	var page status.Snapshot
	if err := json.Unmarshal(fetchPage(t, s.Mount.HTTP+"status.json"), &page); err != nil || page.Traffic.Sent != 5 || page.Mount != s.Mount {
		t.Errorf("page: %+v, %v", page, err)
	}
	metrics := string(fetchPage(t, s.Mount.HTTP+"metrics"))
	if !strings.Contains(metrics, "\nftpfs_sent_bytes_total 5\n") || !strings.Contains(metrics, "\nftpfs_uploads_confirmed_total 1\n") {
		t.Errorf("metrics: %s", metrics)
	}
	text := runProgram(t, command(t, "status", dir))
	if text.code != exit.OK || !strings.HasPrefix(text.stdout, dir+"  ftp://me@") || !strings.Contains(text.stdout, "1 confirmed, 0 given up") {
		t.Errorf("%+v", text)
	}
	if err := syscall.Kill(got.PID, syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	var lines []byte
	eventually(t, "the state in the log", func() bool {
		lines, _ = os.ReadFile(log)
		return strings.Contains(string(lines), "status:   page ")
	})
	if !strings.Contains(string(lines), "1 confirmed, 0 given up") {
		t.Errorf("log: %s", lines)
	}
	if all := text.stdout + metrics + string(lines); strings.Contains(all, "sesame") {
		t.Errorf("the password is in it: %s", all)
	}
	if again := statusOf(t, dir); again.Status.Traffic.Commands > s.Traffic.Commands+8 { // EPSV of connections that went idle
		t.Errorf("%d commands, then %d", s.Traffic.Commands, again.Status.Traffic.Commands)
	}
}

func fetchPage(t *testing.T, url string) []byte {
	t.Helper()
	a, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, a.Status, err)
	}
	return body
}

// TestStatusOfADeadMount: it is told with what to do, by an exit code of its own.
func TestStatusOfADeadMount(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	dir := used(t)
	pid := statusOf(t, dir).PID
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "death", func() bool { return len(processesWith(t, dir)) == 0 })
	r := runProgram(t, command(t, "status", dir))
	if text := r.oneLine(t); r.code != exit.NotMounted || !strings.Contains(text, "has died") || !strings.Contains(text, "ftpfs umount "+dir) || !strings.Contains(r.stdout, "dead") {
		t.Errorf("%+v", r)
	}
	if r := runProgram(t, command(t, "status")); !strings.Contains(r.stdout, dir) || r.code == exit.OK {
		t.Errorf("all: %+v", r)
	}
	umount(t, exit.OK, dir)
	if r := runProgram(t, command(t, "status", dir)); r.code != exit.NotMounted || !strings.Contains(r.oneLine(t), "is not a mount of ftpfs") {
		t.Errorf("after umount: %+v", r)
	}
}
