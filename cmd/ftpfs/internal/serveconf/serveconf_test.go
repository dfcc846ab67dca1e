package serveconf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/config"
	"ftpfs/ftpserver"
)

const hash = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"

var settings = []string{"listen", "max-sessions", "transfer-log"}

func load(t *testing.T, text string) (*File, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "serve.toml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(name, settings)
}

func TestLoad(t *testing.T) {
	f, err := load(t, `listen = ":21"
max-sessions = 500
[[user]]
name = "anna"
password = "`+hash+`"
quota = "10G"
rate = 1000
[[user.folder]]
at = "/"
dir = "/srv/anna"
access = "write"
[[user]]
name = "ben"
[[user.folder]]
at = "/"
dir = "/srv/pub"
[anonymous]
max-sessions = 3
[[anonymous.folder]]
at = "/in"
dir = "/srv/in"
access = "upload"
list = true
`)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Users) != 2 || f.Users[0].Quota != 10<<30 || f.Users[0].Rate != 1000 || f.Users[1].Folders[0].Writes() || f.Anonymous.MaxSessions != 3 {
		t.Errorf("%+v", f)
	}
	if got, want := f.Anonymous.Folders[0].Restrictions(), (ftpserver.Access{WriteOnce: true, NoMkdir: true, NoRead: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	got := map[string]string{}
	for _, s := range f.Settings() {
		got[s.Name] = strings.Join(s.Values, " ")
	}
	if len(got) != 2 || got["listen"] != ":21" || got["max-sessions"] != "500" {
		t.Errorf("settings %q", got)
	}
}

// TestProblems: each is told in one line, with where it is and the mend.
func TestProblems(t *testing.T) {
	user := "[[user]]\nname = \"anna\"\n"
	folder := "[[user.folder]]\nat = \"/\"\ndir = \"/srv/a\"\n"
	for _, tt := range []struct {
		text string
		line int
		says string
	}{
		{"", 0, "serves nobody"},
		{"listen = \n", 1, ""},
		{"lisen = \":21\"\n", 1, "did you mean listen?"},
		{"[users]\n", 1, "did you mean user?"},
		{"[user]\nname = \"a\"\n", 1, "write [[user]]"},
		{"[[anonymous]]\n", 1, "write [anonymous]"},
		{"[[user]]\n" + folder, 1, "no name"},
		{user, 1, "nothing to see"},
		{"[[user]]\nname = \"a b\"\n" + folder, 2, "blank"},
		{"[[user]]\nname = \"ftp\"\n" + folder, 2, "[anonymous]"},
		{user + "password = \"sesame\"\n" + folder, 3, "ftpfs serve passwd"},
		{user + "quota = \"10X\"\n" + folder, 3, "not a size"},
		{user + "quota = 10\n" + folder, 3, "counts nothing"},
		{user + "nme = 1\n", 3, "did you mean name?"},
		{user + "[[user.folder]]\nat = \"x\"\ndir = \"/srv\"\n", 4, "from / on"},
		{user + "[[user.folder]]\nat = \"/\"\ndir = \"srv\"\n", 5, "whole path"},
		{user + "[[user.folder]]\nat = \"/\"\ndir = \"/srv\"\naccess = \"all\"\n", 6, "read, write or upload"},
		{user + folder + "list = true\n", 3, "leave them out"},
		{user + folder + folder, 7, "two folders"},
		{user + folder + user + folder, 7, "two users"},
		{user + folder + "access = \"write\"\n[[user.folder]]\nat = \"/in\"\ndir = \"/srv/a/in\"\naccess = \"upload\"\n", 9, "lies within"},
		{user + "quota = 10\n" + folder + "access = \"write\"\n[anonymous]\n[[anonymous.folder]]\nat = \"/\"\ndir = \"/srv/a\"\naccess = \"upload\"\n", 6, "changed by others"},
	} {
		_, err := load(t, tt.text)
		var p *config.Problem
		if !errors.As(err, &p) || p.Line != tt.line || !strings.Contains(p.Text, tt.says) || strings.Contains(p.Text, "sesame") || strings.Contains(p.Text, "\n") {
			t.Errorf("%q: %v, want line %d and %q", tt.text, err, tt.line, tt.says)
		}
	}
}
