package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
)

func writeFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	// The process's umask must not decide what is tested.
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCredentialOrder(t *testing.T) {
	pass := func(s string) *string { return &s }
	file := writeFile(t, "from file\nsecond line\n", 0o600)
	netrc := writeFile(t, "machine h login ann password anns\nmachine h login bob password bobs\n"+
		"machine open login carl\ndefault login dora password doras\n", 0o600)
	cifs := writeFile(t, "# a comment\nusername=fred\n password= a=b \n", 0o600)
	systemd := t.TempDir()
	for name, text := range map[string]string{"ftpfs.password": "of all\n", "ftpfs.nas.password": "of nas"} {
		if err := os.WriteFile(filepath.Join(systemd, name), []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	prompt := func(string) (string, error) { return "typed", nil }
	for _, tt := range []struct {
		name, url      string
		s              Sources
		user, password string
	}{
		{"anonymous", "ftp://x/", Sources{Prompt: prompt}, "", ""},
		{"named anonymous", "ftp://anonymous@x/", Sources{Prompt: prompt}, "anonymous", ""},
		{"url", "ftp://u:p@h/", Sources{EnvUser: "e", EnvPassword: pass("e"), PasswordFile: file, Netrc: netrc}, "u", "p"},
		{"empty password in url", "ftp://u:@h/", Sources{EnvPassword: pass("e")}, "u", ""},
		{"environment", "ftp://u@h/", Sources{EnvUser: "e", EnvPassword: pass("ep"), PasswordFile: file, Netrc: netrc}, "u", "ep"},
		{"user by environment", "ftp://h/", Sources{EnvUser: "e", EnvPassword: pass("ep")}, "e", "ep"},
		{"empty environment password", "ftp://u@h/", Sources{EnvPassword: pass(""), PasswordFile: file}, "u", ""},
		{"password file", "ftp://u@h/", Sources{PasswordFile: file, Netrc: netrc, Prompt: prompt}, "u", "from file"},
		{"command", "ftp://u@h/", Sources{Command: "echo 'from command'; echo more", Netrc: netrc, Prompt: prompt}, "u", "from command"},
		{"credentials", "ftp://h/", Sources{CredentialsFile: cifs, Netrc: netrc}, "fred", " a=b "},
		{"credentials for another user", "ftp://u@h/", Sources{CredentialsFile: cifs}, "u", " a=b "},
		{"configuration", "ftp://u@h/", Sources{ConfigPassword: pass("c"), Netrc: netrc}, "u", "c"},
		{"systemd, of the server", "ftp://u@h/", Sources{SystemdDir: systemd, Server: "nas", Netrc: netrc}, "u", "of nas"},
		{"systemd, of all", "ftp://u@h/", Sources{SystemdDir: systemd, Server: "web", Netrc: netrc}, "u", "of all"},
		{"password file, user by netrc", "ftp://h/", Sources{PasswordFile: file, Netrc: netrc}, "ann", "from file"},
		{"netrc, first login", "ftp://h/", Sources{Netrc: netrc}, "ann", "anns"},
		{"netrc, login matches", "ftp://bob@h/", Sources{Netrc: netrc, Prompt: prompt}, "bob", "bobs"},
		{"netrc, host in capitals", "ftp://bob@H/", Sources{Netrc: netrc}, "bob", "bobs"},
		{"netrc, no such login", "ftp://eve@h/", Sources{Netrc: netrc, Prompt: prompt}, "eve", "typed"},
		{"netrc, default", "ftp://other/", Sources{Netrc: netrc}, "dora", "doras"},
		{"netrc, machine without password", "ftp://open/", Sources{Netrc: netrc, Prompt: prompt}, "carl", "typed"},
		{"default netrc", "ftp://bob@h/", Sources{DefaultNetrc: netrc}, "bob", "bobs"},
		{"default netrc missing", "ftp://bob@h/", Sources{DefaultNetrc: "/nonexistent", Prompt: prompt}, "bob", "typed"},
		{"prompt", "ftp://u@h/", Sources{Prompt: prompt}, "u", "typed"},
	} {
		loc, err := ftpurl.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		err = tt.s.Resolve(&loc)
		if err != nil || loc.User != tt.user || loc.Password != tt.password {
			t.Errorf("%s: %q, %q, %v; want %q, %q", tt.name, loc.User, loc.Password, err, tt.user, tt.password)
		}
	}
}

func TestCredentialFailures(t *testing.T) {
	pass := "sesame"
	broken := "sesame\rDELE x"
	for _, tt := range []struct {
		name, url string
		s         Sources
		want      exit.Code
	}{
		{"no password, no terminal", "ftp://u@h/", Sources{}, exit.Login},
		{"prompt fails", "ftp://u@h/", Sources{Prompt: func(string) (string, error) { return "", errors.New("closed") }}, exit.Login},
		{"password without user", "ftp://h/", Sources{EnvPassword: &pass}, exit.Usage},
		{"line break", "ftp://u@h/", Sources{EnvPassword: &broken}, exit.Usage},
		{"line break typed", "ftp://u@h/", Sources{Prompt: func(string) (string, error) { return broken, nil }}, exit.Usage},
		{"no password file", "ftp://u@h/", Sources{PasswordFile: "/nonexistent"}, exit.Usage},
		{"a command that fails", "ftp://u@h/", Sources{Command: "echo no key >&2; exit 3"}, exit.Login},
		{"a command that says nothing", "ftp://u@h/", Sources{Command: "true"}, exit.Login},
		{"credentials of another form", "ftp://u@h/", Sources{CredentialsFile: writeFile(t, "sesame\n", 0o600)}, exit.Usage},
		{"password file is a directory", "ftp://u@h/", Sources{PasswordFile: "/"}, exit.Usage},
		{"no netrc", "ftp://u@h/", Sources{Netrc: "/nonexistent"}, exit.Usage},
		{"bad netrc", "ftp://u@h/", Sources{Netrc: writeFile(t, "machine h login u sesame x", 0o600)}, exit.Usage},
	} {
		loc, err := ftpurl.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		err = tt.s.Resolve(&loc)
		if exit.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, code %d, want %d", tt.name, err, exit.CodeOf(err), tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: tells the password: %v", tt.name, err)
		}
	}
}

func TestLooseModesAreWarnedOf(t *testing.T) {
	for _, tt := range []struct {
		mode os.FileMode
		want int
	}{{0o600, 0}, {0o400, 0}, {0o640, 1}, {0o604, 1}} {
		warnings := 0
		name := writeFile(t, "machine h login u password p\n", tt.mode)
		for _, s := range []Sources{{PasswordFile: name}, {Netrc: name}} {
			warnings = 0
			s.Warn = func(string) { warnings++ }
			loc := ftpurl.Location{Host: "h", User: "u"}
			if err := s.Resolve(&loc); err != nil || warnings != tt.want {
				t.Errorf("mode %04o: %d warnings, %v; want %d", tt.mode, warnings, err, tt.want)
			}
		}
	}
}
