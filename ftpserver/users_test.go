package ftpserver_test

import (
	"io"
	"strings"
	"sync"
	"testing"

	"ftpfs/ftpserver"
)

// TestMaxSessions: of one user, whoever else is there; room comes back.
func TestMaxSessions(t *testing.T) {
	limited := ftpserver.User{Check: ftpserver.Password("p"), MaxSessions: 2}
	addr := start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), Anonymous: true, AnonymousUser: ftpserver.User{MaxSessions: 1},
		Users: map[string]ftpserver.User{"u": limited, "v": {Check: ftpserver.Password("p")}}})
	enter := func(name, want string) *raw {
		c := dial(t, addr)
		c.expect("220")
		c.do("USER "+name, "331")
		c.do("PASS p", want)
		return c
	}
	first := enter("u", "230")
	enter("u", "230")
	enter("u", "421 Too many sessions (2) of this user.").expectEOF()
	for range 3 {
		enter("v", "230")
	}
	wrong := dial(t, addr)
	wrong.expect("220")
	wrong.do("USER u", "331")
	wrong.do("PASS x", "530") // not told that there are too many
	anonymous := enter("ftp", "230")
	enter("anonymous", "421").expectEOF()
	first.do("REIN", "220")
	third := enter("u", "230")
	third.do("QUIT", "221")
	third.expectEOF()
	enter("u", "230")
	anonymous.do("USER v", "331") // ends the login
	enter("anonymous", "230")
}

// TestLookup: a database is asked for who is not among Users.
func TestLookup(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	fsys := ftpserver.NewMemFS(0)
	addr := start(t, ftpserver.Options{Users: map[string]ftpserver.User{"u": {Check: ftpserver.Password("p"), FS: fsys}},
		Lookup: func(name string) (ftpserver.User, bool) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, name)
			u := ftpserver.User{Check: ftpserver.Password("q"), FS: fsys, ReadOnly: true}
			if name == "empty" {
				u.FS = nil
			}
			return u, name != "nobody"
		}})
	login(t, addr)
	c := dial(t, addr)
	c.expect("220")
	for _, step := range [][2]string{{"USER nobody", "331"}, {"PASS q", "530"}, {"USER empty", "331"}, {"PASS q", "530"},
		{"USER found", "331"}, {"PASS q", "230"}, {"MKD x", "550 Read-only"}} {
		c.do(step[0], step[1])
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(asked, " "); got != "nobody empty found" {
		t.Errorf("asked for %q", got)
	}
}

// TestRates: at a byte per second nearly nothing passes until we give up.
func TestRates(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	const size = 100_000
	write(t, fsys, "f", pattern(size))
	for name, o := range map[string]ftpserver.Options{
		"session": {FS: fsys, SessionRate: 1},
		"user":    {FS: fsys, Users: map[string]ftpserver.User{"u": {Check: ftpserver.Password("p"), Rate: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := login(t, start(t, o))
			data := c.passive()
			c.do("RETR f", "150")
			first := make([]byte, 1)
			if _, err := io.ReadFull(data, first); err != nil {
				t.Fatal(err)
			}
			c.do("ABOR", "426")
			c.expect("226")
			if rest, _ := io.ReadAll(data); len(rest) > size/10 {
				t.Errorf("%d bytes came", len(rest))
			}
			data = c.passive()
			c.do("STOR g", "150")
			if _, err := io.WriteString(data, "ab"); err != nil {
				t.Fatal(err)
			}
			c.do("ABOR", "426")
			c.expect("226")
		})
	}
}
