package files

import (
	"testing"

	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// TestPasswordIsAskedOnce: URLs of one server, as one user, are one session, for whose
// password a person is asked once.
func TestPasswordIsAskedOnce(t *testing.T) {
	asked := 0
	sources := secret.Sources{EnvUser: "me", Prompt: func(string) (string, error) { asked++; return "sesame", nil }}
	c := &command{}
	var sessions []*session
	for _, url := range []string{"ftp://me@h/a", "ftp://h/b", "ftp://h/", "ftp://me@h/c", "ftp://me:sesame@h/", "ftp://you@h/", "ftp://me@other/"} {
		_, loc, err := ftpurl.ParseFile(url)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.join(sources, loc)
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, s)
	}
	for i, s := range sessions {
		if same := i < 5; (s == sessions[0]) != same {
			t.Errorf("URL %d: the first one's session: %v, want %v", i, !same, same)
		}
	}
	if asked != 3 || len(c.sessions) != 3 {
		t.Errorf("asked %d times for %d sessions", asked, len(c.sessions))
	}
}
