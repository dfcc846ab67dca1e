package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A server that answers 550 to everything: what was wrong is found by looking.
func TestLooks(t *testing.T) {
	tree := func() map[string]string {
		return map[string]string{
			"/f": "x", "/g": "y", "/d/": "", "/full/": "", "/full/x": "", "/locked/": "",
		}
	}
	store := func(p string) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			_, err := c.Store(ctx, p, strings.NewReader("z"), StoreOptions{})
			return err
		}
	}
	read := func(p string) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error { _, err := readAll(ctx, c, p, 0); return err }
	}
	del := func(p string) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error { return c.Delete(ctx, p) }
	}
	mkdir := func(p string) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error { return c.Mkdir(ctx, p) }
	}
	rmdir := func(p string) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error { return c.Rmdir(ctx, p) }
	}
	rename := func(from, to string) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error { return c.Rename(ctx, from, to) }
	}
	verify := func(p string) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error { _, err := c.Verify(ctx, p); return err }
	}
	denied := says("DELE", "550 Failed.")
	for _, tc := range []struct {
		name string
		op   func(context.Context, *Client) error
		hook func(*fakeSession, string, string) bool
		kind Kind
	}{
		{"read missing", read("/no"), nil, KindNotExist},
		{"read below missing", read("/no/no"), nil, KindNotExist},
		{"read below file", read("/f/no"), nil, KindNotDir},
		{"read directory", read("/d"), nil, KindIsDir},
		{"read denied", read("/f"), says("RETR", "550 Failed."), KindPermission},
		{"read busy", read("/f"), says("RETR", "450 Failed."), KindBusy},
		{"store on directory", store("/d"), nil, KindIsDir},
		{"store below missing", store("/no/x"), nil, KindNotExist},
		{"store below file", store("/f/x"), nil, KindNotDir},
		{"store denied", store("/f"), says("STOR", "553 Could not create file."), KindPermission},
		{"store new denied", store("/d/new"), says("STOR", "553 Could not create file."), KindPermission},
		{"delete missing", del("/no"), nil, KindNotExist},
		{"delete directory", del("/d"), nil, KindIsDir},
		{"delete denied", del("/f"), denied, KindPermission},
		{"mkdir existing", mkdir("/d"), nil, KindExist},
		{"mkdir on file", mkdir("/f"), nil, KindExist},
		{"mkdir below missing", mkdir("/no/x"), nil, KindNotExist},
		{"mkdir below file", mkdir("/f/x"), nil, KindNotDir},
		{"mkdir denied", mkdir("/new"), says("MKD", "550 Failed."), KindPermission},
		{"rmdir missing", rmdir("/no"), nil, KindNotExist},
		{"rmdir file", rmdir("/f"), nil, KindNotDir},
		{"rmdir full", rmdir("/full"), nil, KindNotEmpty},
		{"rmdir denied", rmdir("/d"), says("RMD", "550 Failed."), KindPermission},
		{"rename missing", rename("/no", "/x"), nil, KindNotExist},
		{"rename denied", rename("/f", "/x"), says("RNFR", "550 Failed."), KindPermission},
		{"rename into missing", rename("/f", "/no/x"), nil, KindNotExist},
		{"rename below file", rename("/f", "/g/x"), nil, KindNotDir},
		{"rename onto directory", rename("/f", "/d"), nil, KindIsDir},
		{"rename directory onto file", rename("/d", "/f"), nil, KindNotDir},
		{"rename onto full directory", rename("/d", "/full"), nil, KindNotEmpty},
		{"rename onto file", rename("/f", "/g"), nil, KindExist},
		{"rename to denied", rename("/f", "/x"), says("RNTO", "550 Failed."), KindPermission},
		{"verify missing", verify("/no"), nil, KindNotExist},
		{"verify directory", verify("/d"), nil, KindIsDir},
		// Codes and words that need no look (quirkErrnoText).
		{"no space", store("/f"), says("STOR", "452 full"), KindNoSpace},
		{"full disk of vsftpd", store("/f"), says("STOR", "451 Failure writing to local file."), KindNoSpace}, // quirkFullDisk
		{"full disk of Pure-FTPd", store("/f"), says("STOR", "451 Error during write to file"), KindNoSpace},
		{"full disk of ProFTPD", store("/f"), says("STOR", "451 Transfer aborted. Input/output error"), KindNoSpace},
		{"quota", mkdir("/x"), says("MKD", "552 quota"), KindNoSpace},
		{"unknown command", mkdir("/x"), says("MKD", "502 what"), KindUnsupported},
		{"errno text", del("/f"), says("DELE", "550 /f: Read-only file system"), KindReadOnly},
		{"errno text in 451", rename("/f", "/g"), says("RNTO", "451 Rename/move failure: Directory not empty"), KindNotEmpty},
		{"the name is no errno", del("/no such file"), says("DELE", "550 /no such file: Failed."), KindNotExist},
		{"the path is no errno", del("/permission denied/x"), says("DELE", "550 /permission denied/x: Failed."), KindNotExist},
		{"the name is no errno, denied", del("/full/x"), says("DELE", "550 /full/x: Permission denied"), KindPermission},
	} {
		for _, mlst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, MLST %v", tc.name, mlst), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t, tree())
					if f.hook = tc.hook; mlst {
						f.feat = []string{"MLST type*;"}
					}
					c := f.client(nil)
					wantKind(t, tc.name, tc.op(t.Context(), c), tc.kind)
					if f.sessions != 1 {
						t.Errorf("%d sessions: a refusal costs no connection", f.sessions)
					}
				})
			})
		}
	}
}

// A look that the network ends is no answer: the error is the network's.
func TestLookFailsByNetwork(t *testing.T) {
	for _, verb := range []string{"CWD", "EPSV", "LIST"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/d/": ""})
			f.hook = hooks(says("DELE", "550 Failed."), on(verb, func(s *fakeSession, _ string) { s.hangUp() }))
			wantKind(t, "after "+verb, f.client(nil).Delete(t.Context(), "/d/x"), KindNetwork)
		})
	}
}

// A listing that is cut short, and confirmed all the same, does not make a missing
// file, or a denial, of what is there.
func TestLookIsCut(t *testing.T) {
	for _, tc := range []struct {
		name string
		run  func(context.Context, *Client) error
		want Kind
	}{
		{"rename", func(ctx context.Context, c *Client) error { return c.Rename(ctx, "/d/x", "/d/y") }, KindExist},
		{"mkdir", func(ctx context.Context, c *Client) error { return c.Mkdir(ctx, "/d") }, KindExist},
		{"store", func(ctx context.Context, c *Client) error {
			_, err := c.Store(ctx, "/d/x", strings.NewReader("x"), StoreOptions{})
			return err
		}, KindPermission},
		{"delete", func(ctx context.Context, c *Client) error { return c.Delete(ctx, "/d") }, KindIsDir},
		{"rmdir", func(ctx context.Context, c *Client) error { return c.Rmdir(ctx, "/d/x") }, KindNotDir},
		{"missing", func(ctx context.Context, c *Client) error { return c.Delete(ctx, "/d/no") }, KindNotExist},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/d/": "", "/d/x": "1", "/d/y": "2"})
			f.hook = hooks(on("LIST", func(s *fakeSession, _ string) { s.send("") }), says("STOR", "550 Failed."))
			wantKind(t, tc.name, tc.run(t.Context(), f.client(nil)), tc.want)
		})
	}
}

// Nor does it make a change that was lost with its connection a success.
func TestLookForALostChangeIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/d/": "", "/d/x": "1"})
		f.hook = hooks(on("LIST", func(s *fakeSession, _ string) { s.send("") }), func(s *fakeSession, verb, _ string) bool {
			if verb == "DELE" && s.n == 1 {
				s.hangUp()
			}
			return s.gone
		})
		noError(t, "Delete", f.client(nil).Delete(t.Context(), "/d/x"))
		if _, there := f.get("/d/x"); there {
			t.Error("Delete succeeded, and the file is there")
		}
	})
}

func TestStat(t *testing.T) {
	for _, mlst := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "abc", "/d/": "", "/d/.hid": "dot"})
			if mlst {
				f.feat = []string{"MLST type*;"}
			} else {
				f.hook = dashA
			}
			c := f.client(nil)
			for _, tc := range []struct {
				path, name string
				kind       Type
				size       int64
			}{
				{"/", "/", TypeDir, -1}, {"/f", "f", TypeFile, 3}, {"/d", "d", TypeDir, -2}, {"/d/.hid", ".hid", TypeFile, -2},
			} {
				e, err := c.Stat(t.Context(), tc.path)
				noError(t, tc.path, err)
				if e.Name != tc.name || e.Type != tc.kind || mlst && tc.size == 3 && e.Size != 3 {
					t.Errorf("MLST %v: %s: %+v", mlst, tc.path, e)
				}
				if e.Type == TypeFile && e.Precision != time.Second {
					t.Errorf("MLST %v: %s: time to %v", mlst, tc.path, e.Precision)
				}
			}
			_, err := c.Stat(t.Context(), "/no")
			wantKind(t, "missing", err, KindNotExist)
			_, err = c.Stat(t.Context(), "/f/x")
			wantKind(t, "below a file", err, KindNotDir)
		})
	}
}

// quirkMLSTFollows, quirkHidesBrokenLinks: ProFTPD gives a link the type of
// its target, and does not know a link without one; LIST knows both.
func TestStatLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.greeting, f.feat = "220 ProFTPD Server", []string{"MLST type*;"}
		const row = "rwxrwxrwx   1 ftp      ftp             6 Nov 21 02:35 "
		f.hook = hooks(
			on("MLST", func(s *fakeSession, arg string) {
				switch arg {
				case "/ln":
					s.say("250-Start", " type=file;size=6;UNIX.mode=0777; /ln", "250 End")
				case "/resolved":
					s.say("250-Start", " type=dir;UNIX.mode=0755; /the/target", "250 End")
				case "/open":
					s.say("250-Start", " type=file;size=6;UNIX.mode=0777; /open", "250 End")
				default:
					s.say("550 '" + arg + "' cannot be listed")
				}
			}),
			on("LIST", func(s *fakeSession, _ string) {
				s.send("l" + row + "ln -> target\r\nl" + row + "resolved -> target\r\nl" + row + "broken -> nowhere\r\n-" + row + "open\r\n")
			}))
		c := f.client(nil)
		for name, want := range map[string]Type{"ln": TypeSymlink, "resolved": TypeSymlink, "broken": TypeSymlink, "open": TypeFile} {
			e, err := c.Stat(t.Context(), "/"+name)
			noError(t, name, err)
			if e.Type != want || e.Name != name {
				t.Errorf("%s: %+v", name, e)
			}
		}
		synctest.Wait() // for the EPSV behind
		f.hook = hooks(f.hook, on("MLSD", func(s *fakeSession, _ string) {
			s.send("type=OS.unix=symlink; ln\r\ntype=dir; resolved\r\ntype=file; open\r\n")
		}))
		l, err := c.List(t.Context(), "/")
		noError(t, "List", err)
		if got := names(l); !slices.Equal(got, []string{"ln", "resolved", "open", "broken"}) || l.Entries[0].Target != "target" || l.Entries[3].Target != "nowhere" {
			t.Errorf("%+v", l.Entries)
		}
		target, err := c.Readlink(t.Context(), "/broken")
		if noError(t, "Readlink", err); target != "nowhere" {
			t.Errorf("target %q", target)
		}
		_, err = c.Readlink(t.Context(), "/open")
		wantKind(t, "Readlink of a file", err, KindInvalidName)
		_, err = c.Stat(t.Context(), "/no")
		wantKind(t, "Stat", err, KindNotExist)
	})
}

// quirkDoubleIAC, quirkRawIAC: octet 255 is doubled for ProFTPD, and for servers that
// are not known where it would begin a Telnet command.
func TestIAC(t *testing.T) {
	vsftpd := []string{"EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS"}
	for _, tc := range []struct {
		greeting, name, want string
		feat                 []string
	}{
		{"220 ProFTPD Server", "/a\xffb", "DELE /a\xff\xffb", nil},
		{"220 (vsFTPd 3.0.3)", "/a\xffb", "DELE /a\xffb", nil},
		{"220 (vsFTPd 3.0.3)", "/a\xff\xf4", "DELE /a\xff\xf4", nil},
		{"220 welcome", "/a\xff\xf4", "DELE /a\xff\xf4", vsftpd},
		{"220 welcome", "/a\xffb\xff", "DELE /a\xffb\xff", nil},
		{"220 welcome", "/a\xff\xf4", "DELE /a\xff\xff\xf4", nil},
		{"220 welcome", "/\xff\xff\xffb", "DELE /\xff\xff\xff\xff\xff\xffb", nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, nil)
			f.greeting, f.feat = tc.greeting, tc.feat
			f.hook = says("DELE", "250 ok")
			noError(t, "Delete", f.client(nil).Delete(t.Context(), tc.name))
			if got := f.commands(); got[len(got)-1] != tc.want {
				t.Errorf("%s %q: sent %q, want %q", tc.greeting, tc.feat, got, tc.want)
			}
		})
	}
}

func TestSetModTime(t *testing.T) {
	when := time.Date(2011, 2, 3, 4, 5, 6, 7, time.FixedZone("", 3600))
	for _, tc := range []struct {
		name string
		dir  bool
		hook func(*fakeSession, string, string) bool
		sent []string // by two calls
		kind Kind
	}{
		{"MFMT", false, says("MFMT", "213 Modify=20110203030506; /f"), []string{"MFMT", "MFMT"}, 0},
		{"MDTM", false, says("MDTM", "213 File modification time set."), []string{"MFMT", "MDTM", "MDTM"}, 0},
		{"MDTM of a directory", true, says("MDTM", "213 set"), []string{"MFMT", "SITE"}, KindUnsupported},
		// quirkMDTMSet: the other servers take both arguments for a name.
		{"SITE UTIME", false, hooks(says("MDTM", "550 no such"), says("SITE", "200 done")), []string{"MFMT", "MDTM", "SITE", "MDTM", "SITE"}, 0},
		{"none", false, says("MDTM", "550 what"), nil, KindUnsupported},
		{"denied", false, says("MDTM", "550 Could not set file modification time."), nil, KindPermission},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "x", "/d/": ""})
				f.hook = tc.hook
				c := f.client(nil)
				path := "/f"
				if tc.dir {
					path = "/d"
				}
				for range 2 {
					err := c.SetModTime(t.Context(), path, when, tc.dir)
					if tc.kind != 0 {
						wantKind(t, "SetModTime", err, tc.kind)
					} else {
						noError(t, "SetModTime", err)
					}
				}
				var sent []string
				for _, line := range f.commands() {
					switch verb := firstWord(line); verb {
					case "MFMT", "MDTM", "SITE":
						sent = append(sent, verb)
						if !strings.Contains(line, "20110203030506 "+path) && tc.sent != nil {
							t.Errorf("sent %q", line)
						}
					}
				}
				if tc.sent != nil && fmt.Sprint(sent) != fmt.Sprint(tc.sent) {
					t.Errorf("sent %v, want %v", sent, tc.sent)
				}
			})
		})
	}
}

func TestChmodUnsupported(t *testing.T) {
	for _, line := range []string{"500 what", "502 no", "504 no", "202 superfluous"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": "x"})
			f.hook = says("SITE", line)
			c := f.client(nil)
			for range 2 {
				wantKind(t, line, c.Chmod(t.Context(), "/f", 0o640), KindUnsupported)
			}
			if got := f.commands(); len(got) != 1 || got[0] != "SITE CHMOD 0640 /f" {
				t.Errorf("sent %q", got)
			}
		})
	}
}

// quirkSiteWords: where MFF sets modes it is used, since its path is literal.
func TestChmodByMFF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{`/a "b`: "x"})
		f.feat = []string{"MFF modify;UNIX.group;UNIX.mode;"}
		f.hook = says("MFF", "213 UNIX.mode=0640; a")
		c := f.client(nil)
		noError(t, "Chmod", c.Chmod(t.Context(), `/a "b`, 0o640))
		if got := f.commands(); len(got) != 1 || got[0] != `MFF UNIX.mode=0640; /a "b` {
			t.Errorf("sent %q", got)
		}
	})
}

// quirkSymlinkCwd: the link's directory is entered, so that a relative target
// means the same to every server.
func TestSymlink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/my d/": "", "/my d/t": "x"})
		f.hook = says("SITE", "200 made")
		c := f.client(nil)
		noError(t, "Symlink", c.Symlink(t.Context(), "t", "/my d/a link"))
		if got := f.commands(); len(got) != 2 || got[0] != "CWD /my d" || got[1] != `SITE SYMLINK t "a link"` {
			t.Errorf("sent %q", got)
		}
		wantKind(t, "a quote", c.Symlink(t.Context(), `t"`, "/my d/l"), KindUnsupported)
		wantKind(t, "no directory", c.Symlink(t.Context(), "t", "/none/l"), KindNotExist)
	})
}

func TestKinds(t *testing.T) {
	seen := make(map[string]Kind)
	for k := range Kind(Kinds) {
		text := k.String()
		if other, twice := seen[text]; twice || strings.HasPrefix(text, "kind ") {
			t.Errorf("kind %d: %q, as %d", k, text, other)
		}
		seen[text] = k
	}
	if got := Kind(Kinds).String(); !strings.HasPrefix(got, "kind ") {
		t.Errorf("no kind: %q", got)
	}
}

func TestErrorText(t *testing.T) {
	e := &Error{Op: "DELE", Path: "/a\x1b[31m\xff", Kind: KindPermission, Code: 550, Text: "no \"x\"\r\n\x1b[0m"}
	const want = `DELE "/a\x1b[31m\xff": permission denied (550 no "x"\r\n\x1b[0m)`
	if got := e.Error(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !errors.Is(e, fs.ErrPermission) || errors.Is(e, fs.ErrNotExist) || Lost(e) {
		t.Error("is something else")
	}
	wrapped := fmt.Errorf("x: %w", &Error{Kind: KindNotExist})
	if !errors.Is(wrapped, fs.ErrNotExist) || KindOf(wrapped) != KindNotExist || KindOf(io.EOF) != KindUnknown {
		t.Error("a wrapped error is not found")
	}
}

func TestKindOfIO(t *testing.T) {
	for want, err := range map[Kind]error{
		KindRefused: fmt.Errorf("x: %w", syscall.ECONNREFUSED), KindNetwork: syscall.ECONNRESET,
		KindTimeout: context.DeadlineExceeded, KindCanceled: context.Canceled, KindProtocol: &protocolError{"x"},
	} {
		if got := kindOfIO(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
	if got := kindOfIO(io.EOF); got != KindNetwork {
		t.Errorf("EOF: %v", got)
	}
}
