package ftpclient

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// fine stands for no error in tables of kinds.
const fine = kindEnd

// repliesOf959 are all codes of RFC 959 section 4.2.2, and what each means in
// the place of another: of a greeting, of the answers to USER and PASS, to a
// transfer's command, behind the data of a download or listing and behind that
// of an upload, to a listing command, and to any other command. What a look at
// the path would find speaks for neither.
var repliesOf959 = []struct {
	codes                                              []int
	greeting, login, start, down, up, listing, command Kind
}{
	{[]int{110, 120, 125, 150}, // something else must follow
		KindTimeout, KindTimeout, KindTimeout, KindTimeout, KindTimeout, KindTimeout, KindTimeout},
	{[]int{200, 202, 211, 212, 213, 214, 215, 221, 225, 226, 227, 250, 257},
		KindProtocol, fine, KindTimeout, fine, fine, KindTimeout, fine}, // as start: quirkNo150, but there is no data
	{[]int{220, 230}, fine, fine, KindTimeout, fine, fine, KindTimeout, fine},
	{[]int{331, 332}, KindLogin, KindLogin, KindProtocol, KindTruncated, KindProtocol, KindProtocol, KindProtocol},
	{[]int{350}, KindProtocol, KindProtocol, KindProtocol, KindTruncated, KindProtocol, KindProtocol, KindProtocol},
	{[]int{421}, KindTooMany, KindTooMany, KindNetwork, KindNetwork, KindNetwork, KindNetwork, KindNetwork},
	{[]int{425, 426}, KindBusy, KindBusy, KindNetwork, KindTruncated, KindNetwork, KindNetwork, KindNetwork},
	{[]int{450}, KindBusy, KindBusy, KindBusy, KindTruncated, KindBusy, KindBusy, KindBusy},
	{[]int{451}, KindBusy, KindBusy, KindUnknown, KindTruncated, KindUnknown, KindUnknown, KindUnknown},
	{[]int{452}, KindBusy, KindBusy, KindNoSpace, KindTruncated, KindNoSpace, KindNoSpace, KindNoSpace},
	{[]int{500, 501, 502, 504}, KindProtocol, KindProtocol, KindUnsupported, KindTruncated, KindUnsupported, KindUnsupported, KindUnsupported},
	{[]int{503}, KindProtocol, KindProtocol, KindProtocol, KindTruncated, KindProtocol, KindProtocol, KindProtocol},
	{[]int{530, 532}, KindLogin, KindLogin, KindPermission, KindTruncated, KindPermission, KindPermission, KindPermission},
	{[]int{550, 553}, KindLogin, KindLogin, KindPermission, KindTruncated, KindPermission, KindPermission, KindPermission},
	{[]int{551}, KindProtocol, KindProtocol, KindPermission, KindTruncated, KindPermission, KindPermission, KindPermission},
	{[]int{552}, KindProtocol, KindProtocol, KindNoSpace, KindTruncated, KindNoSpace, KindNoSpace, KindNoSpace},
}

// place is where in an operation a reply comes.
type place struct {
	verb   string // "" for the greeting
	behind bool   // the data, else in answer to verb
	run    func(*testing.T, *Client) error
}

func placesOfReplies() map[string][]place {
	connect := func(t *testing.T, c *Client) error { _, err := c.Connect(t.Context()); return err }
	read := func(t *testing.T, c *Client) error { _, err := readAll(t.Context(), c, "/f", 0); return err }
	list := func(t *testing.T, c *Client) error { _, err := c.List(t.Context(), "/d"); return err }
	rename := func(t *testing.T, c *Client) error { return c.Rename(t.Context(), "/f", "/n") }
	store := func(t *testing.T, c *Client) error {
		_, err := c.Store(t.Context(), "/n", strings.NewReader("x"), StoreOptions{})
		return err
	}
	return map[string][]place{
		"greeting": {{run: connect}},
		"login":    {{verb: "USER", run: connect}, {verb: "PASS", run: connect}},
		"start":    {{verb: "RETR", run: read}, {verb: "STOR", run: store}},
		"down":     {{verb: "RETR", behind: true, run: read}, {verb: "MLSD", behind: true, run: list}, {verb: "LIST", behind: true, run: list}},
		"up":       {{verb: "STOR", behind: true, run: store}},
		"listing":  {{verb: "MLSD", run: list}, {verb: "LIST", run: list}},
		"command": {
			{verb: "MKD", run: func(t *testing.T, c *Client) error { return c.Mkdir(t.Context(), "/n") }},
			{verb: "DELE", run: func(t *testing.T, c *Client) error { return c.Delete(t.Context(), "/f") }},
			{verb: "RMD", run: func(t *testing.T, c *Client) error { return c.Rmdir(t.Context(), "/e") }},
			{verb: "RNTO", run: rename},
			{verb: "RNFR", run: rename},
			{verb: "SITE", run: func(t *testing.T, c *Client) error { return c.Chmod(t.Context(), "/f", 0o644) }},
		},
	}
}

// inPlace runs an operation in which a reply comes in its place.
func inPlace(t *testing.T, p place, reply string, check func(*testing.T, *fake, *Client, error)) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc", "/e/": "", "/d/": "", "/d/x": "y"})
		if p.verb == "MLSD" {
			f.feat = []string{"MLST type*;"}
		}
		if p.verb == "" {
			f.greeting = reply
		}
		f.hook = on(p.verb, func(s *fakeSession, arg string) {
			if p.verb == "RNFR" && (reply[0] == '2' || reply[0] == '3') {
				s.rename = arg
			}
			if p.behind {
				nc := s.accept()
				s.say("150 go")
				if p.verb == "STOR" {
					io.ReadAll(nc)
				} else {
					io.WriteString(nc, "type=file; x\r\n")
				}
				nc.Close()
			}
			s.say(reply)
		})
		c := f.client(nil)
		check(t, f, c, p.run(t, c))
	})
}

// Every reply code of RFC 959, in every place.
func TestEveryReplyCode(t *testing.T) {
	codes := 0
	for _, row := range repliesOf959 {
		want := map[string]Kind{"greeting": row.greeting, "login": row.login, "start": row.start, "down": row.down,
			"up": row.up, "listing": row.listing, "command": row.command}
		for _, code := range row.codes {
			codes++
			for class, places := range placesOfReplies() {
				for _, p := range places {
					want := exception(code, p, want[class])
					inPlace(t, p, fmt.Sprintf("%d words", code), func(t *testing.T, _ *fake, _ *Client, err error) {
						what := fmt.Sprintf("%d to %s %s", code, class, p.verb)
						if want == fine {
							noError(t, what, err)
						} else {
							wantKind(t, what, err, want)
						}
					})
				}
			}
		}
	}
	if codes != 39 {
		t.Errorf("%d codes, RFC 959 has 39", codes)
	}
}

// exception is where one command differs from its class.
func exception(code int, p place, want Kind) Kind {
	switch {
	case p.verb == "RNFR" && code/100 == 3: // 350 is the right one
		return fine
	case p.verb == "USER" && code == 331:
		return fine
	case p.verb == "STOR" && !p.behind && (code == 213 || code == 227): // those of SIZE and PASV, before their turn
		return KindProtocol
	case p.verb == "SITE" && code == 202: // superfluous, so nothing was done
		return KindUnsupported
	case slices.Contains([]string{"MKD", "DELE", "RMD", "RNTO"}, p.verb) && (code == 225 || code == 226):
		return KindProtocol // quirkAnothersReply
	}
	return want
}

// A refusal in whatever place leaves a client that works. What is answered out
// of turn costs the connection, so that no later command gets its reply.
func TestRepliesStayInStep(t *testing.T) {
	for class, places := range placesOfReplies() {
		for _, p := range places {
			if class == "greeting" || class == "login" {
				continue
			}
			for _, line := range []string{"150 out of turn", "331 out of turn", "350 out of turn", "421 bye", "426 cut", "450 later",
				"550 no", "553-no\r\n553 no", "631 odd", "999 none", "hello", "550no", "\xff\xfb\x01550 no"} {
				if p.verb == "RNFR" && line[0] == '3' {
					continue // which is the right answer
				}
				inPlace(t, p, line, func(t *testing.T, f *fake, c *Client, _ error) {
					f.unhooked.Store(true)
					what := fmt.Sprintf("after %q to %s", line, p.verb)
					noError(t, what, c.Mkdir(t.Context(), "/later"))
					got, err := readAll(t.Context(), c, "/d/x", 0)
					if noError(t, what, err); got != "y" {
						t.Errorf("%s: read %q", what, got)
					}
					if (class == "command" || p.behind) && line[0] == '3' && f.sessions != 2 {
						t.Errorf("%s: %d sessions, want 2", what, f.sessions)
					}
				})
			}
		}
	}
}

// 421 at any step of any operation ends the connection, is never the answer to
// the command, and does not reach who could be served by another connection.
func TestShutdownAtEveryStep(t *testing.T) {
	for name, op := range map[string]func(*testing.T, *Client) error{
		"read":   func(t *testing.T, c *Client) error { _, err := readAll(t.Context(), c, "/f", 1); return err },
		"list":   func(t *testing.T, c *Client) error { _, err := c.List(t.Context(), "/d"); return err },
		"stat":   func(t *testing.T, c *Client) error { _, err := c.Stat(t.Context(), "/f"); return err },
		"mkdir":  func(t *testing.T, c *Client) error { return c.Mkdir(t.Context(), "/n") },
		"delete": func(t *testing.T, c *Client) error { return c.Delete(t.Context(), "/f") },
		"rename": func(t *testing.T, c *Client) error { return c.Rename(t.Context(), "/f", "/n") },
		"verify": func(t *testing.T, c *Client) error { _, err := c.Verify(t.Context(), "/f"); return err },
	} {
		for step := 1; ; step++ {
			steps := 0
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc", "/d/": "", "/d/x": "y"})
				c := f.client(nil)
				_, err := c.List(t.Context(), "/d") // so that the connection was used
				noError(t, "List", err)
				synctest.Wait() // for the EPSV behind
				f.hook = func(s *fakeSession, _, _ string) bool {
					if s.n > 1 {
						return false
					}
					if steps++; steps != step {
						return false
					}
					s.say("421 Timeout.")
					s.hangUp()
					return true
				}
				noError(t, fmt.Sprintf("%s, 421 at step %d", name, step), op(t, c))
				_, err = c.List(t.Context(), "/d") // 421 may have been said to the EPSV behind
				noError(t, "List again", err)
				if steps >= step && f.sessions != 2 {
					t.Errorf("%s, 421 at step %d: %d sessions", name, step, f.sessions)
				}
			})
			if steps < step {
				break
			}
		}
	}
}

// An early end of the data is told by what follows it: 426 or 226 and too few
// octets; 226 before the data is no end.
func TestEarlyEnds(t *testing.T) {
	const content = "0123456789"
	for name, tc := range map[string]struct {
		before, after string
		sent          int
		kind          Kind
	}{
		"226 before the data":          {"226 done", "", 10, fine},
		"150, 226 before the data":     {"150 go\r\n226 done", "", 10, fine},
		"no 1yz, 250 behind":           {"250 go", "", 10, fine},
		"426 behind all of it":         {"150 go", "426 cut", 10, KindTruncated},
		"451 behind a part":            {"150 go", "451 disk", 5, KindTruncated},
		"426, then 226":                {"150 go", "426 cut\r\n226 aborted", 5, KindTruncated},
		"nothing at all, 226":          {"150 go", "226 done", 0, fine},
		"a word that is no reply":      {"150 go", "bye", 10, KindProtocol},
		"refused in words of the data": {"150 go", "550 disk", 10, KindTruncated},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": content})
			f.hook = on("RETR", func(s *fakeSession, _ string) {
				nc := s.accept()
				s.say(tc.before)
				io.WriteString(nc, content[:tc.sent])
				if nc.Close(); tc.after != "" {
					s.say(tc.after)
				}
			})
			c := f.client(nil)
			_, err := readAll(t.Context(), c, "/f", 0)
			if tc.kind == fine {
				noError(t, name, err)
			} else {
				wantKind(t, name, err, tc.kind)
			}
			synctest.Wait() // for the EPSV behind
			f.hook = nil
			got, err := readAll(t.Context(), c, "/f", 0)
			if noError(t, name+", again", err); got != content {
				t.Errorf("%s: then read %q", name, got)
			}
		})
	}
}
