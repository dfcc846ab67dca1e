package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// writeConfig makes a configuration of the sandbox's user.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(os.Getenv("HOME"), ".config", "ftpfs", "config.toml")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestConfiguredServer: a server's name is all there is to type, and the password
// comes from each of the places.
func TestConfiguredServer(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	home := os.Getenv("HOME")
	dir := filepath.Join(home, "nas")
	credentials := writeFile(t, "username=me\npassword=sesame\n", 0o600)
	systemd := t.TempDir()
	if err := os.WriteFile(systemd+"/ftpfs.nas.password", []byte("sesame\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cleanMount(t, dir) })
	for name, how := range map[string]string{
		"command":     "password-command = 'echo sesame'",
		"credentials": "credentials = '" + credentials + "'",
		"password":    "password = 'sesame'",
		"systemd":     "",
	} {
		writeConfig(t, "[defaults]\nread-only = true\n[servers.nas]\nurl = 'ftp://me@"+addr+"/sub'\nmountpoint = '~/nas'\n"+how+"\n")
		cmd := command(t, "mount", "nas")
		if name == "systemd" {
			cmd.Env = append(cmd.Env, "CREDENTIALS_DIRECTORY="+systemd)
		}
		if r := runProgram(t, cmd); r.code != exit.OK || r.stderr != "" {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		if text, err := os.ReadFile(dir + "/file"); err != nil || string(text) != "content\n" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if err := os.WriteFile(dir+"/new", nil, 0o600); err == nil {
			t.Errorf("%s: the default read-only does not count", name)
		}
		umount(t, exit.OK, dir)
	}
}

// TestConfigCheck: what mount would refuse is found, at its line.
func TestConfigCheck(t *testing.T) {
	sandbox(t)
	const server = "[servers.nas]\nurl = 'ftp://h/'\n"
	for text, want := range map[string]string{
		server + "active = true\nactive-ports = '5000-5100'\n": "",
		server + "active-ports = '5000-5100'\n":                ":1:2: --active-ports goes with --active",
		"[servers.nas]\nurl = 'sftp://h/'\n":                   ":2:1: sftp://: SFTP is another protocol",
		server + "umask = '9'\n":                               `:3:1: umask: "9" is not an octal mask`,
		server + "uid = 'nobody-of-this-name'\n":               ":3:1: uid: there is no user",
	} {
		name := writeConfig(t, text)
		r := runProgram(t, command(t, "config", "check"))
		if want == "" {
			if r.code != exit.OK || r.stdout != name+": 1 server\n" || r.stderr != "" {
				t.Errorf("%q: %+v", text, r)
			}
			continue
		}
		if r.code != exit.Usage || !strings.HasPrefix(r.oneLine(t), "ftpfs: "+name+want) {
			t.Errorf("%q: %+v, want %q", text, r, want)
		}
	}
}
