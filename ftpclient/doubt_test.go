package ftpclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// 530 in a session that did serve says that it is logged in no more. What may be
// repeated is, in a fresh session; nobody gets the old one.
func TestLoggedOutInMidSession(t *testing.T) {
	for name, op := range map[string]func(context.Context, *Client) error{
		"read":  func(ctx context.Context, c *Client) error { _, err := readAll(ctx, c, "/f", 0); return err },
		"list":  func(ctx context.Context, c *Client) error { _, err := c.List(ctx, "/d"); return err },
		"stat":  func(ctx context.Context, c *Client) error { _, err := c.Stat(ctx, "/f"); return err },
		"mkdir": func(ctx context.Context, c *Client) error { return c.Mkdir(ctx, "/n") },
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "abc", "/d/": "", "/d/x": "y"})
			c := f.client(nil)
			_, err := c.List(t.Context(), "/d")
			noError(t, "List", err)
			f.hook = func(s *fakeSession, verb, _ string) bool {
				if s.n == 1 && verb != "QUIT" {
					s.say("530 Please login with USER and PASS.")
				}
				return s.n == 1 && verb != "QUIT"
			}
			if err = op(t.Context(), c); name == "mkdir" {
				wantKind(t, name, err, KindPermission)
				err = op(t.Context(), c)
			}
			if noError(t, name, err); f.sessions != 2 {
				t.Errorf("%s: %d sessions, want 2", name, f.sessions)
			}
		})
	}
}

// A server that answers 530 to what is not allowed is believed when a fresh
// session has it, too.
func TestNotAllowedAs530(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = on("SITE", func(s *fakeSession, _ string) { s.say("530 not for you") })
		c := f.client(nil)
		_, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		wantKind(t, "Chmod", c.Chmod(t.Context(), "/f", 0o600), KindPermission)
		_, err = readAll(t.Context(), c, "/f", 0)
		if noError(t, "read", err); f.sessions != 2 {
			t.Errorf("%d sessions, want 2", f.sessions)
		}
	})
}

// A 2yz to PROT that was not meant shows by the codes of RFC 2228 in answer to
// what needs it. The session is not kept.
func TestProtectionThatWasNotMeant(t *testing.T) {
	for _, code := range []int{521, 533, 534, 535, 536} {
		for _, verb := range []string{"RETR", "STOR", "LIST", "EPSV"} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				tf := secureFake(f, tls.VersionTLS12) // 1.3 has both ends write at once, which a pipe cannot
				f.hook = func(s *fakeSession, v, arg string) bool {
					if v == verb || v == "PASV" && verb == "EPSV" {
						s.say(fmt.Sprintf("%d PROT is not what it should be", code))
						return true
					}
					return tf.hook(s, v, arg)
				}
				c := f.client(tf.explicit)
				var err error
				switch verb {
				case "STOR":
					_, err = c.Store(t.Context(), "/g", strings.NewReader("x"), StoreOptions{})
				case "LIST":
					_, err = c.List(t.Context(), "/")
				default:
					_, err = readAll(t.Context(), c, "/f", 0)
				}
				wantKind(t, fmt.Sprintf("%d to %s", code, verb), err, KindTLS)
				synctest.Wait() // for the EPSV behind
				f.hook = tf.hook
				got, err := readAll(t.Context(), c, "/f", 0)
				if noError(t, "read", err); got != "abc" || f.sessions != 2 {
					t.Errorf("%d to %s: read %q, %d sessions, want 2", code, verb, got, f.sessions)
				}
			})
		}
	}
}

// What no name can be made of is known before anything is sent.
func TestCheckName(t *testing.T) {
	f := newFake(t, nil)
	c := f.client(func(o *Options) { o.Encoding = "ISO-8859-1" })
	noError(t, "a name of the encoding", c.CheckName("/é"))
	for _, name := range []string{"/Привет", "relative", "/a\r\nDELE b", "/a\x00"} {
		wantKind(t, name, c.CheckName(name), KindInvalidName)
	}
	if f.sessions != 0 {
		t.Error("a session was begun")
	}
}
