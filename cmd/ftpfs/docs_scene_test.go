package main

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mountpoints"
	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// documentScene is where the commands of one document run.
type documentScene struct {
	home    string
	replace *strings.Replacer
}

func newDocumentScene(t *testing.T) documentScene {
	t.Helper()
	cert, ca := testCertificate(t)
	sandbox(t)
	s := documentScene{home: os.Getenv("HOME")}
	nas, other := documentServer(t, cert), documentServer(t, cert)
	s.replace = strings.NewReplacer("nas.local", nas, "other.local", other, "FINGERPRINT", ftpclient.Fingerprint(cert.Leaf))
	pem, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		".netrc": "machine 127.0.0.1 login me password sesame\n", "nas.pem": string(pem), "disk.iso": strings.Repeat("disk", 1<<16),
		"report.pdf": "a report\n", "site/index.html": "<p>hello\n", "site/img/logo.svg": "<svg/>\n",
		"bin/pg_dump": "#!/bin/sh\necho 'create table t (n int);'\n",
	} {
		name = filepath.Join(s.home, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(s.home+"/.netrc", 0o600), os.Symlink(exe, s.home+"/bin/ftpfs")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.clean(t) })
	return s
}

// documentServer returns the address of a server with a tree as the documents have it.
func documentServer(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	tree := ftpserver.NewMemFS(0)
	for _, dir := range []string{"photos", "photos/2024", "volume1", "volume1/photos", "logs", "inbox"} {
		if err := tree.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"photos/2024/lake.jpg": "no real photo\n", "volume1/photos/sea.jpg": "nor this one\n", "notes.txt": "buy milk\n",
		"logs/app-1.log": "ERROR: tired\n", "logs/app-2.log": "fine\n", "logs/old.gz": "old\n",
	} {
		if err := writeTree(tree, name, text); err != nil {
			t.Fatal(err)
		}
	}
	server, err := ftpserver.New(ftpserver.Options{FS: tree, LoginDelay: -1, TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
		Users: map[string]ftpserver.User{"me": {Check: ftpserver.Password("sesame")}}})
	if err != nil {
		t.Fatal(err)
	}
	return ftptest.Serve(t, server).String()
}

func (s documentScene) run(t *testing.T, at, script string) {
	t.Helper()
	cmd := command(t)
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-eu", "-c", s.replace.Replace(script)}
	cmd.Dir = s.home
	cmd.Env = append(cmd.Env, "PATH="+s.home+"/bin:"+os.Getenv("PATH"))
	r := runProgram(t, cmd)
	if r.code != exit.OK {
		t.Fatalf("%s: exit code %d\n%s%s%s", at, r.code, script, r.stdout, r.stderr)
	}
}

// clean ends the mounts that are left.
func (s documentScene) clean(t *testing.T) {
	table, err := mountpoints.Read()
	if err != nil {
		t.Error(err)
	}
	for _, m := range table {
		if strings.HasPrefix(m.Mountpoint, s.home) {
			cleanMount(t, m.Mountpoint)
		}
	}
}
