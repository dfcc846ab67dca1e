package ftpclient

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogin(t *testing.T) {
	for _, tc := range []struct {
		name     string
		greeting string
		answers  map[string]string
		kind     Kind // 0: it works
		text     string
	}{
		{name: "plain", greeting: "220 hi"},
		{name: "wait first", greeting: "120 wait\r\n220-now\r\n220 hi"},
		{name: "no user wanted", greeting: "230 in already"},
		{name: "no password wanted", greeting: "220 hi", answers: map[string]string{"USER": "230 in"}},
		{name: "account", greeting: "220 hi", answers: map[string]string{"PASS": "332 account?", "ACCT": "230 in"}},
		{name: "TYPE answers 226", greeting: "220 hi", answers: map[string]string{"TYPE": "226 ok"}},
		{name: "no FEAT", greeting: "220 hi", answers: map[string]string{"FEAT": "500 what"}},
		{name: "FEAT without a list", greeting: "220 hi", answers: map[string]string{"FEAT": "211 none"}},
		{name: "garbage PWD", greeting: "220 hi", answers: map[string]string{"PWD": `257 "unclosed`}},
		{name: "refused", greeting: "220 hi", answers: map[string]string{"PASS": "530 Login incorrect."}, kind: KindLogin, text: "Login incorrect"},
		{name: "refused at USER", greeting: "220 hi", answers: map[string]string{"USER": "530 no"}, kind: KindLogin},
		{name: "OOPS", greeting: "220 hi", answers: map[string]string{"PASS": "500 OOPS: chroot"}, kind: KindProtocol, text: "OOPS: chroot"},
		{name: "SSH", greeting: "SSH-2.0-OpenSSH_9.2", kind: KindProtocol, text: "SSH server"},
		{name: "HTTP", greeting: "HTTP/1.1 400 Bad Request", kind: KindProtocol, text: "web server"},
		{name: "IMAP", greeting: "* OK IMAP4", kind: KindProtocol, text: "* OK IMAP4"},
		{name: "SMTP", greeting: "220 mail ESMTP", answers: map[string]string{"USER": "502 what"}, kind: KindProtocol, text: "mail ESMTP"},
		{name: "endless line", greeting: "220 " + strings.Repeat("x", maxReplyLine), kind: KindProtocol},
		{name: "endless reply", greeting: "220-" + strings.Repeat("x\r\n", maxReplyLines+1), kind: KindProtocol},
		{name: "TYPE refused", greeting: "220 hi", answers: map[string]string{"TYPE": "504 no"}, kind: KindUnsupported},
		{name: "TYPE refused for now", greeting: "220 hi", answers: map[string]string{"TYPE": "452 no"}, kind: KindNetwork, text: "452 no"},
		{name: "TYPE refused for want of a login", greeting: "220 hi", answers: map[string]string{"TYPE": "530 no"}, kind: KindLogin},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, nil)
				f.greeting = tc.greeting
				f.hook = func(s *fakeSession, verb, _ string) bool {
					if answer := tc.answers[verb]; answer != "" {
						s.say(answer)
						return true
					}
					return false
				}
				c := f.client(func(o *Options) { o.Account = "acct" })
				home, err := c.Connect(t.Context())
				if tc.kind == 0 {
					noError(t, "Connect", err)
					if home != "/" {
						t.Errorf("home %q", home)
					}
					return
				}
				wantKind(t, "Connect", err, tc.kind)
				if err != nil && !strings.Contains(err.Error(), tc.text) {
					t.Errorf("%q does not say %q", err, tc.text)
				}
			})
		})
	}
}

// A server that says nothing is a time-out, after ReplyTimeout.
func TestLoginSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.hook = func(s *fakeSession, verb, _ string) bool { return verb == "USER" }
		c := f.client(func(o *Options) { o.ReplyTimeout = 3 * time.Second })
		_, err := c.Connect(t.Context())
		wantKind(t, "Connect", err, KindTimeout)
	})
}

// FEAT and SYST are asked once per server; TYPE and OPTS on each connection.
func TestLoginTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/a": "aaa"})
		f.feat = []string{"UTF8", "MLST type*;size*;modify;", "SIZE"}
		c := f.client(nil)
		d, err := c.Retrieve(t.Context(), "/a", RetrieveOptions{})
		noError(t, "Retrieve", err)
		_, err = c.Stat(t.Context(), "/a")
		noError(t, "Stat", err)
		noError(t, "Close", d.Close())
		for verb, want := range map[string]int{"USER": 2, "FEAT": 1, "SYST": 1, "PWD": 1, "TYPE": 2, "OPTS": 4} {
			if n := f.count(verb); n != want {
				t.Errorf("%d times %s, want %d", n, verb, want)
			}
		}
		if got := c.Features(); !got.UTF8 || !got.MLST || len(got.Feat) != 3 || got.System == "" {
			t.Errorf("features %+v", got)
		}
	})
}

// Facts that are used but off are turned on, those that are not are left.
func TestWantedFacts(t *testing.T) {
	for line, want := range map[string]string{
		"MLST type*;size*;modify*;":           "",
		"MLST type*;size;modify*;media-type;": "type;size;modify;",
		"MLST Type;Size;UNIX.mode;":           "Type;Size;UNIX.mode;",
		"MLST":                                "",
		"SIZE":                                "",
	} {
		if got := wantedFacts([]string{"UTF8", line}); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// Neither password nor account may reach a trace.
func TestTraceHidesSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		f := newFake(t, nil)
		f.hook = func(s *fakeSession, verb, _ string) bool {
			if verb == "PASS" {
				s.say("332 account?")
			}
			if verb == "ACCT" {
				s.say("230 in")
			}
			return verb == "PASS" || verb == "ACCT"
		}
		c := f.client(func(o *Options) {
			o.User, o.Password, o.Account = "joe", "s3cret", "4ccount"
			o.Trace = &Trace{Command: func(_ int, line string) { lines = append(lines, line) }}
		})
		_, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		all := strings.Join(lines, "\n")
		if strings.Contains(all, "s3cret") || strings.Contains(all, "4ccount") || !strings.Contains(all, "PASS ***") {
			t.Errorf("traced %q", all)
		}
	})
}

// No argument of any operation may begin another command.
func TestNoInjection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		c := f.client(nil)
		_, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		for _, bad := range []string{"/a\r\nDELE x", "/a\nx", "/a\rx", "/a\x00x", "relative", ""} {
			for name, op := range pathOps(t.Context(), c, bad) {
				wantKind(t, name, op(), KindInvalidName)
			}
		}
		wantKind(t, "Rename to", c.Rename(t.Context(), "/a", "/b\r\nDELE x"), KindInvalidName)
		wantKind(t, "Symlink", c.Symlink(t.Context(), "t\nDELE", "/x"), KindInvalidName)
		if got := f.commands(); len(got) > 0 {
			t.Errorf("sent %q", got)
		}
	})
	for _, o := range []Options{
		{Host: "h", User: "a\r\nDELE x"}, {Host: "h", Password: "a\nb"}, {Host: "h", Account: "a\x00"},
		{Host: "a\r\nb"}, {}, {Host: "h", Port: -1}, {Host: "h", Port: 70000}, {Host: "h", Connections: -1},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("New accepts %+v", o)
		}
	}
}

// pathOps are the operations that take one path.
func pathOps(ctx context.Context, c *Client, p string) map[string]func() error {
	return map[string]func() error{
		"List":       func() error { _, err := c.List(ctx, p); return err },
		"Stat":       func() error { _, err := c.Stat(ctx, p); return err },
		"Verify":     func() error { _, err := c.Verify(ctx, p); return err },
		"Readlink":   func() error { _, err := c.Readlink(ctx, p); return err },
		"Retrieve":   func() error { _, err := c.Retrieve(ctx, p, RetrieveOptions{}); return err },
		"Store":      func() error { _, err := c.Store(ctx, p, strings.NewReader(""), StoreOptions{}); return err },
		"Delete":     func() error { return c.Delete(ctx, p) },
		"Mkdir":      func() error { return c.Mkdir(ctx, p) },
		"Rmdir":      func() error { return c.Rmdir(ctx, p) },
		"Rename":     func() error { return c.Rename(ctx, p, "/b") },
		"Chmod":      func() error { return c.Chmod(ctx, p, 0o644) },
		"SetModTime": func() error { return c.SetModTime(ctx, p, time.Unix(0, 0), false) },
		"Symlink":    func() error { return c.Symlink(ctx, "t", p) },
	}
}
