package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// settings are flags such as a program has.
type settings struct {
	connections int
	timeout     time.Duration
	readOnly    bool
	dir, file   string
	command     string
	pins        []string
}

func (s *settings) flags() Flags {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.IntVar(&s.connections, "connections", 8, "")
	set.DurationVar(&s.timeout, "timeout", time.Second, "")
	set.BoolVar(&s.readOnly, "read-only", false, "")
	set.StringVar(&s.dir, "cache-dir", "", "")
	set.StringVar(&s.file, "password-file", "", "")
	set.StringVar(&s.command, "password-command", "", "")
	set.StringArrayVar(&s.pins, "pin", nil, "")
	set.Bool("demo", false, "")
	return Flags{Set: set, Not: []string{"demo"}, Secrets: []string{"password-file", "password-command"}}
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func load(t *testing.T, text string) *File {
	t.Helper()
	f, err := Load(write(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const good = `
[defaults]
timeout = "5s"
connections = 2
password-file = "/all"

[servers.nas]
url = "ftp://nas/"
mountpoint = "~/nas"
connections = 4
read_only = true
pin = ["a", "b"]

[servers.web]
url = "ftp://web/"
password = "sesame"
cache-dir = "~/cache"

[servers]
inline = { url = "ftp://inline/", connections = 0x10 }
dotted.url = "ftp://dotted/"
`

func TestApply(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	f := load(t, good)
	if got := f.Servers(); !slices.Equal(got, []string{"dotted", "inline", "nas", "web"}) {
		t.Errorf("servers %q", got)
	}
	var s settings
	fl := s.flags()
	if err := fl.Set.Set("timeout", "7s"); err != nil { // as a flag, or the environment
		t.Fatal(err)
	}
	server, err := f.Apply("nas", fl)
	if err != nil || server.URL != "ftp://nas/" || server.Mountpoint != "/home/me/nas" || server.HasPassword {
		t.Errorf("%+v, %v", server, err)
	}
	if s.timeout != 7*time.Second || s.connections != 4 || !s.readOnly || s.file != "/all" || !slices.Equal(s.pins, []string{"a", "b"}) {
		t.Errorf("%+v", s)
	}
	s = settings{}
	if server, err = f.Apply("web", s.flags()); err != nil || server.Password != "sesame" || s.file != "" || s.connections != 2 || s.dir != "/home/me/cache" {
		t.Errorf("a server's password and a default file: %+v, %+v, %v", server, s, err)
	}
	if _, err = f.Apply("inline", s.flags()); err != nil || s.connections != 16 {
		t.Errorf("inline: %+v, %v", s, err)
	}
	fl = s.flags()
	if err := fl.Set.Set("password-file", "/mine"); err != nil {
		t.Fatal(err)
	}
	if server, err = f.Apply("web", fl); err != nil || server.HasPassword || s.file != "/mine" {
		t.Errorf("a flag that says where the password is: %+v, %+v, %v", server, s, err)
	}
	if server, err = f.Apply("", s.flags()); err != nil || s.connections != 2 || server.URL != "" {
		t.Errorf("defaults alone: %+v, %v", s, err)
	}
	if problems := f.Check((&settings{}).flags, nil); len(problems) != 0 {
		t.Errorf("check: %v", problems)
	}
}

// TestProblems: each mistake is found at its place, and says what to write.
func TestProblems(t *testing.T) {
	const server = "[servers.nas]\nurl = \"ftp://h/\"\n"
	for _, tt := range []struct{ text, want string }{
		{"[servers.nas\n", "1:"},
		{server + "timeout = 5s\n", "3:"},
		{server + "url = \"ftp://h/\"\n", "3:"},
		{server + "conections = 3\n", "3:1: there is no setting conections: did you mean connections?"},
		{server + "  demo = true\n", "3:3: there is no setting demo"},
		{server + "connections = \"3\"\n", "3:1: connections: write a whole number, without quotes"},
		{server + "connections = 99999999999999999999\n", "3:"},
		{server + "read-only = \"yes\"\n", "3:1: read-only: write true or false, without quotes"},
		{server + "timeout = 30\n", `3:1: timeout: write a time with its unit in quotes: "30s"`},
		{server + "timeout = \"30\"\n", `3:1: timeout: "30" is not a time: write a number with its unit, such as 30s, 5m or 1h30m`},
		{server + "cache-dir = 3\n", `3:1: cache-dir: write a text in quotes: "..."`},
		{server + "pin = [1]\n", `3:1: pin: write texts in quotes: ["...", "..."]`},
		{server + "password = 3\n", `3:1: password: write a text in quotes: "..."`},
		{"[servers.nas]\nconnections = 3\n", `1:2: the server nas has no url: write url = "ftp://..." below [servers.nas]`},
		{"timeout = \"3s\"\n", "1:1: timeout is in no table: write it below [servers.NAME] or [defaults]"},
		{"[server.nas]\nurl = \"ftp://h/\"\n", "1:2: there is no table server: did you mean servers?"},
		{"[nas]\nurl = \"ftp://h/\"\n", "1:2: there is no table nas: write [servers.nas] for a server, or [defaults]"},
		{"[[servers]]\n", "1:3: [[servers]] is a list: write [servers]"},
		{"[servers]\nnas = \"ftp://h/\"\n", "2:1: servers.nas is a table: write [servers.nas]"},
		{"[servers.\"a b\"]\nurl = \"ftp://h/\"\n", `1:2: the server's name "a b" holds more than letters, digits, - _ and .`},
		{"[defaults]\nurl = \"ftp://h/\"\n", "2:1: url belongs to one server: write it below [servers.NAME]"},
	} {
		name := write(t, tt.text)
		f, err := Load(name)
		var got []string
		if err != nil {
			got = append(got, err.Error())
		} else {
			for _, p := range f.Check((&settings{}).flags, nil) {
				got = append(got, p.Error())
			}
		}
		if len(got) != 1 || !strings.HasPrefix(got[0], name+":"+tt.want) {
			t.Errorf("%q:\n got %q\nwant %q", tt.text, got, tt.want)
		}
	}
}

func TestExposed(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{good, true},
		{"[servers.a]\nurl = \"ftp://me:sesame@h/\"\n", true},
		{"[servers.a]\nurl = \"ftp://me@h/a:b@c\"\n", false},
	} {
		name := write(t, tt.text)
		for _, mode := range []os.FileMode{0o600, 0o640, 0o644} {
			if err := os.Chmod(name, mode); err != nil {
				t.Fatal(err)
			}
			f, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Exposed() != ""; got != (tt.want && mode != 0o600) {
				t.Errorf("mode %o: %q, exposed %v", mode, tt.text, got)
			}
		}
	}
}

// TestForeignCommand: what others may write is not run.
func TestForeignCommand(t *testing.T) {
	name := write(t, "[servers.a]\nurl = \"ftp://h/\"\npassword-command = \"echo a\"\n")
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o644: true, 0o664: false, 0o646: false} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		f, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Apply("a", (&settings{}).flags()); (err == nil) != ok {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"connections", "timeout", "read-only", "umask"}
	for text, want := range map[string]string{"conections": "connections", "conn": "connections", "readonly": "read-only", "maximum": "", "x": ""} {
		if got := Nearest(text, names); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
