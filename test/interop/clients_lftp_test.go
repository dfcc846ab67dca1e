package interop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ftpfs/test/ftptest"
)

// lftp runs commands in lftp, until one fails.
func (e *errand) lftp(commands ...string) result {
	e.t.Helper()
	scheme := "ftp"
	if e.mode == ftptest.Implicit {
		scheme = "ftps"
	}
	settings := []string{
		"set cmd:fail-exit yes", "set net:timeout 10", "set net:max-retries 2", "set net:reconnect-interval-base 1",
		"set ssl:ca-file " + e.ca, "set ftp:timezone \"\"",
		fmt.Sprintf("set ftp:ssl-force %v", e.mode != ftptest.NoTLS), "set ftp:ssl-protect-data yes", "set ftp:ssl-protect-list yes",
		fmt.Sprintf("open -u '%s','%s' %s://%s", poseUser, posePassword, scheme, e.addr),
	}
	return e.run("", "lftp", "--norc", "-c", strings.Join(append(settings, commands...), "\n"))
}

func lftpVisit(e *errand) {
	up := filepath.Join(e.dir, "up")
	var settings []string
	if e.profile == "vsftpd" { // else lftp does not try MDTM to set times, which is vsftpd's way
		settings = []string{"set ftp:use-mdtm-overloaded yes"}
	}
	r := e.lftp(append(settings, "mirror -R "+e.src+" up")...)
	e.step("mirror up", r.code == 0, r)
	same(e.t, "on the server's disk", digest(e.t, up, 0), digest(e.t, e.src, 0))
	e.step("modes up", len(differing(e.t, up, e.src, withMode)) == 0, differing(e.t, up, e.src, withMode))
	e.step("times up", len(differing(e.t, up, e.src, withMtime)) == 0, differing(e.t, up, e.src, withMtime))

	clientTree(e.t, up)
	r = e.lftp("mirror up " + e.out)
	e.step("mirror down", r.code == 0, r)
	same(e.t, "mirrored back", digest(e.t, e.out, 0), digest(e.t, e.src, 0))
	e.step("modes down", len(differing(e.t, e.out, up, withMode)) == 0, differing(e.t, e.out, up, withMode))
	e.step("times down", len(differing(e.t, e.out, up, withMtime)) == 0, differing(e.t, e.out, up, withMtime))
	lftpCommands(e)
}

// lftpCommands changes and resumes single files.
func lftpCommands(e *errand) {
	big := clientFiles()[0].data
	e.step("rename", e.lftp("mv 'up/two words.txt' up/three").code == 0 && e.absent("up/two words.txt") && e.served("up/three") == "two words", e.served("up/three"))
	r := e.lftp("rm up/empty", "mkdir -p up/new/er", "rmdir up/new/er", "rm -r 'up/sub dir'")
	e.step("remove", r.code == 0 && e.absent("up/empty") && e.absent("up/new/er") && !e.absent("up/new") && e.absent("up/sub dir"), r)
	r = e.lftp("chmod 604 up/three")
	info, err := os.Stat(filepath.Join(e.dir, "up/three"))
	e.step("chmod", r.code == 0 && err == nil && info.Mode().Perm() == 0o604, r)
	r = e.lftp("cat up/lines.txt up/-dash")
	e.step("cat", r.code == 0 && r.out == clientFiles()[2].data+"dash", r)

	part := filepath.Join(e.home, "plain.bin")
	if err := errors.Join(os.WriteFile(part, []byte(big[:777]), 0o644), os.WriteFile(filepath.Join(e.dir, "up/part"), []byte(big[:888]), 0o644)); err != nil {
		e.t.Fatal(err)
	}
	r = e.lftp("get -c up/plain.bin")
	got, err := os.ReadFile(part)
	e.step("resume a download", r.code == 0 && err == nil && string(got) == big, r)
	r = e.lftp("put -c " + filepath.Join(e.src, "plain.bin") + " -o up/part")
	e.step("resume an upload", r.code == 0 && e.served("up/part") == big, r)
	r = e.lftp("get 'up/nothing here'") // lftp 4.9 does not end after a cat that fails, at no server
	e.step("missing", r.code != 0 && r.out == "", r)
	r = e.lftp("set ftp:passive-mode no", "cat up/plain.bin")
	e.step("active", r.code == 0 && r.out == big, r.err)
}

func lftpFetch(e *errand) result {
	return e.lftp("mirror tree " + e.out)
}
