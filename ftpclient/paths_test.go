package ftpclient

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// foreign is a server without slashes: it answers what it was recorded with,
// and 550 to everything else.
type foreign struct {
	pwd, syst string
	listings  map[string]string // by the argument of CWD
	files     map[string]string // by the argument of RETR
	answers   map[string]string // by the whole command
}

func (o foreign) hook(s *fakeSession, verb, arg string) bool {
	if answer, ok := o.answers[strings.TrimSpace(verb+" "+arg)]; ok {
		s.say(answer)
		return true
	}
	switch verb {
	case "PWD":
		s.say(`257 ` + o.pwd)
	case "SYST":
		s.say("215 " + o.syst)
	case "CWD":
		if _, ok := o.listings[arg]; !ok {
			s.say("550 no such directory")
			return true
		}
		s.cwd = arg
		s.say("250 " + arg + " is the current directory")
	case "LIST":
		if arg != "" {
			s.say("550 -a: no such file")
			return true
		}
		s.send(o.listings[s.cwd])
	case "RETR":
		if content, ok := o.files[arg]; ok {
			s.send(content)
			return true
		}
		s.say("550 " + arg + " not found")
	case "FEAT", "EPSV", "USER", "PASS", "TYPE", "QUIT":
		return false
	default:
		s.say("500 " + verb + " is unknown")
	}
	return true
}

func (o foreign) client(t *testing.T) (*fake, *Client) {
	f := newFake(t, nil)
	f.hook = o.hook
	return f, f.client(nil)
}

// openVMS answers with a listing of Chromium's.
func openVMS(t *testing.T) foreign {
	data, err := os.ReadFile(corpus(t, "chromium/dir-listing-vms-1"))
	if err != nil {
		t.Fatal(err)
	}
	return foreign{
		pwd: `"ANONYMOUS_ROOT:[000000]" is current directory.`, syst: "VMS OpenVMS V8.3",
		listings: map[string]string{
			"ANONYMOUS_ROOT:[000000]": string(data),
			"ANONYMOUS_ROOT:[A]":      "Directory ANONYMOUS_ROOT:[A]\r\n\r\nX.TXT;3   1/16  12-MAR-2005 08:44:57\r\nX.TXT;2   1/16  12-MAR-2005 08:44:57\r\nSUB.DIR;1  1/16  12-MAR-2005 08:44:57\r\n",
			"ANONYMOUS_ROOT:[A.SUB]":  "Directory ANONYMOUS_ROOT:[A.SUB]\r\n\r\n",
		},
		files: map[string]string{"ANONYMOUS_ROOT:[A]X.TXT": "text", "ANONYMOUS_ROOT:[000000]ROOT.TXT": "root"},
		answers: map[string]string{
			"DELE ANONYMOUS_ROOT:[A]X.TXT": "250 deleted", "MKD ANONYMOUS_ROOT:[A.NEW]": "257 made", "RMD ANONYMOUS_ROOT:[A.SUB]": "250 gone",
			"RNFR ANONYMOUS_ROOT:[A]X.TXT": "350 to?", "RNTO ANONYMOUS_ROOT:[A.SUB]Y.TXT": "250 renamed",
		},
	}
}

// quirkVMSPaths: a tree with slashes here, brackets there.
func TestWalkOfOpenVMS(t *testing.T) {
	server := openVMS(t)
	synctest.Test(t, func(t *testing.T) {
		f, c := server.client(t)
		ctx := t.Context()
		home, err := c.Connect(ctx)
		if noError(t, "Connect", err); home != "/ANONYMOUS_ROOT:" {
			t.Fatalf("home %q", home)
		}
		l, err := c.List(ctx, home)
		if err != nil || len(l.Entries) == 0 || !l.Complete() {
			t.Fatalf("List: %+v, %v", l, err)
		}
		l, err = c.List(ctx, home+"/A")
		if noError(t, "List", err); err == nil && !slices.Equal(names(l), []string{"X.TXT", "SUB"}) {
			t.Errorf("List: %q", names(l))
		}
		e, err := c.Stat(ctx, home+"/A/SUB")
		if noError(t, "Stat", err); e.Type != TypeDir {
			t.Errorf("Stat: %+v", e)
		}
		for path, want := range map[string]string{"/A/X.TXT": "text", "/ROOT.TXT": "root"} {
			got, err := readAll(ctx, c, home+path, 0)
			if noError(t, path, err); got != want {
				t.Errorf("%s: %q", path, got)
			}
		}
		if e, err = c.Verify(ctx, home+"/A/X.TXT"); err != nil || e.Size != -1 {
			t.Errorf("Verify: %+v, %v", e, err)
		}
		noError(t, "Mkdir", c.Mkdir(ctx, home+"/A/NEW"))
		noError(t, "Rename", c.Rename(ctx, home+"/A/X.TXT", home+"/A/SUB/Y.TXT"))
		noError(t, "Delete", c.Delete(ctx, home+"/A/X.TXT"))
		noError(t, "Rmdir", c.Rmdir(ctx, home+"/A/SUB"))
		for _, line := range f.commands() {
			if strings.Contains(line, "/") || firstWord(line) == "SIZE" || line == "LIST -a" {
				t.Errorf("sent %q", line)
			}
		}
	})
}

// What OpenVMS would take for something else is not sent.
func TestNamesThatMeanMoreOnOpenVMS(t *testing.T) {
	server := openVMS(t)
	synctest.Test(t, func(t *testing.T) {
		f, c := server.client(t)
		ctx, home := t.Context(), "/ANONYMOUS_ROOT:"
		if _, err := c.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"*.*", "A.TXT;1", "A.%", "a.b.c", "x[y].z", "README", "a b.c", "DISK:X.Y", "NEW.DIR"} {
			_, err := c.Store(ctx, home+"/A/"+name, strings.NewReader("x"), StoreOptions{})
			wantKind(t, "Store "+name, err, KindInvalidName)
			if name != "NEW.DIR" {
				wantKind(t, "Delete "+name, c.Delete(ctx, home+"/A/"+name), KindNotExist)
			}
		}
		wantKind(t, "Mkdir", c.Mkdir(ctx, home+"/A/B.C"), KindInvalidName)
		wantKind(t, "Mkdir", c.Mkdir(ctx, home+"/..."), KindInvalidName)
		wantKind(t, "Chmod", c.Chmod(ctx, home+"/A/X.TXT", 0o600), KindUnsupported)
		_, err := c.List(ctx, "/")
		wantKind(t, "List of devices", err, KindUnsupported)
		_, err = c.Stat(ctx, "/NODEVICE/A")
		wantKind(t, "Stat without a device", err, KindUnsupported)
		for _, line := range f.commands() {
			if verb := firstWord(line); verb == "STOR" || verb == "DELE" || verb == "MKD" || verb == "SITE" {
				t.Errorf("sent %q", line)
			}
		}
	})
}

// A name in a listing that cannot be sent, as one without a dot on OpenVMS, leaves the
// others their times, and the connection in step.
func TestListedNamesWithoutForm(t *testing.T) {
	const dir, stamp = "D:[A]", "213 20050312084457"
	server := foreign{pwd: `"D:[A]"`, syst: "VMS", answers: map[string]string{}, listings: map[string]string{dir: ""}}
	for _, name := range []string{"A.TXT", "B&C.TXT", "D.TXT", "E", "F.TXT"} {
		server.listings[dir] += name + ";1   1/16  12-MAR-2005 08:44:00\r\n"
		server.answers["MDTM "+dir+name] = stamp
	}
	synctest.Test(t, func(t *testing.T) {
		f, c := server.client(t)
		for range 3 {
			l, err := c.List(t.Context(), "/D:/A")
			if noError(t, "List", err); err != nil || len(l.Entries) != 5 {
				t.Fatalf("%+v", l)
			}
			for _, e := range l.Entries {
				if exact := e.Precision == time.Second; exact == (e.Name == "B&C.TXT" || e.Name == "E") {
					t.Errorf("%+v", e)
				}
			}
		}
		if f.sessions != 1 {
			t.Errorf("%d sessions, want 1", f.sessions)
		}
	})
}

func TestHomesWithoutSlashes(t *testing.T) {
	for dir, want := range map[string]string{
		"DKA0:[USER.SUB]": "/DKA0:/USER/SUB", "SYS$USER:[000000]": "/SYS$USER:", "D:[000000.A]": "/D:/A", "D:[A-B.C_D]": "/D:/A-B/C_D",
		"'USER.'": "/USER.", "'USER.LIB'": "/USER.LIB", "'A.B.'": "/A.B.", "'IBMUSER'": "/IBMUSER",
		"D:[A.][B]": "", "D:[A...]": "", "D:[]": "", "[A]": "", "D:": "", "C:\\x": "", "": "", "relative": "", "''": "", "'a b'": "", "'.A'": "", "'TOOLONGNAME.'": "",
	} {
		syntax, home, ok := syntaxOf(dir)
		if home != want || ok != (want != "") || ok && syntax == slashes {
			t.Errorf("%q: %q, %v, %v; want %q", dir, home, syntax, ok, want)
		}
		if ok {
			if back, err := inSyntax(syntax, "CWD", home); err != nil || strings.ReplaceAll(back, "000000", "") != strings.ReplaceAll(strings.ReplaceAll(dir, "000000.", ""), "000000", "") {
				t.Errorf("%q goes out as %q, %v", dir, back, err)
			}
		}
	}
}

const mvsHeading = "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname\r\n"

func zOS() foreign {
	return foreign{
		pwd: `"'USER.'" is working directory.`, syst: "MVS is the operating system of this server. FTP Server is running on z/OS.",
		listings: map[string]string{
			"'USER.'": mvsHeading +
				"SAVE00 3390   2004/06/23  1    1  FB     128  6144  PS    INCOMING.RPTBM023.D061704\r\n" +
				"PEX26F 3390   2017/07/03  115807  FB   29600 29600  PO-E  SRC.C\r\n" +
				"Migrated                                                  OLD.DATA\r\n" +
				"SAVE00 3390   2004/06/23  1    1  FB     128  6144  PS    'OTHER.DATA'\r\n" +
				"Pseudo Directory                                          DEEP\r\n",
			"'USER.DEEP.'": mvsHeading + "SAVE00 3390   2004/06/23  1    1  FB     128  6144  PS    X.Y\r\n",
			"'USER.SRC.C'": " Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\n" +
				"MAIN      01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001\r\nUTIL\r\n",
		},
		files: map[string]string{"'USER.SRC.C(MAIN)'": "main", "'USER.INCOMING.RPTBM023.D061704'": "report", "'USER.DEEP.X.Y'": "deep"},
		answers: map[string]string{"DELE 'USER.SRC.C(MAIN)'": "250 deleted", "RNFR 'USER.OLD.DATA'": "350 to?",
			"RNTO 'USER.NEW.DATA'": "250 renamed", "FEAT": "500 unknown"},
	}
}

// quirkMVSPaths: prefixes and libraries are directories, members are files.
func TestWalkOfMVS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := zOS().client(t)
		ctx := t.Context()
		home, err := c.Connect(ctx)
		if noError(t, "Connect", err); home != "/USER." {
			t.Fatalf("home %q", home)
		}
		for dir, want := range map[string][]string{
			"":       {"INCOMING.RPTBM023.D061704", "SRC.C", "OLD.DATA", "DEEP."},
			"/SRC.C": {"MAIN", "UTIL"},
			"/DEEP.": {"X.Y"},
		} {
			l, err := c.List(ctx, home+dir)
			if noError(t, "List "+dir, err); err == nil && !slices.Equal(names(l), want) {
				t.Errorf("List %s: %q", dir, names(l))
			}
			if dir == "" && err == nil && len(l.Skipped) != 1 {
				t.Errorf("skipped %q", l.Skipped)
			}
		}
		e, err := c.Stat(ctx, home+"/SRC.C")
		if noError(t, "Stat", err); e.Type != TypeDir {
			t.Errorf("Stat: %+v", e)
		}
		for path, want := range map[string]string{"/SRC.C/MAIN": "main", "/INCOMING.RPTBM023.D061704": "report", "/DEEP./X.Y": "deep"} {
			got, err := readAll(ctx, c, home+path, 0)
			if noError(t, path, err); got != want {
				t.Errorf("%s: %q", path, got)
			}
		}
		noError(t, "Delete", c.Delete(ctx, home+"/SRC.C/MAIN"))
		noError(t, "Rename", c.Rename(ctx, home+"/OLD.DATA", home+"/NEW.DATA"))
		for _, line := range f.commands() {
			if strings.Contains(line, "/") || firstWord(line) == "SIZE" {
				t.Errorf("sent %q", line)
			}
		}
	})
}

// What MVS would not keep as it is written is not sent.
func TestWhatMVSRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := zOS().client(t)
		ctx, home := t.Context(), "/USER."
		if _, err := c.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		_, err := c.Store(ctx, home+"/NEW.DATA", strings.NewReader("x"), StoreOptions{})
		wantKind(t, "Store", err, KindUnsupported)
		wantKind(t, "Mkdir", c.Mkdir(ctx, home+"/NEW"), KindUnsupported)
		wantKind(t, "Rmdir", c.Rmdir(ctx, home+"/SRC.C"), KindUnsupported)
		for _, name := range []string{"toolongname", "A..B", "A'B", "A(B)", "*", "9A"} {
			wantKind(t, "Rename to "+name, c.Rename(ctx, home+"/OLD.DATA", home+"/"+name), KindInvalidName)
			wantKind(t, "Delete "+name, c.Delete(ctx, home+"/"+name), KindNotExist)
		}
		wantKind(t, "Delete below a member", c.Delete(ctx, home+"/SRC.C/MAIN/X"), KindNotExist)
		for _, line := range f.commands() {
			if verb := firstWord(line); verb == "STOR" || verb == "DELE" || verb == "MKD" || verb == "RMD" || verb == "RNTO" {
				t.Errorf("sent %q", line)
			}
		}
	})
}

// quirkNameFormat: before the first path of every session; what PWD said before
// does not count.
func TestNameFormatOfOS400(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := foreign{pwd: `"/QSYS.LIB/QGPL.LIB" is current library.`, syst: `OS/400 is the remote operating system. The TCP/IP version is "V7R3M0".`,
			answers: map[string]string{"SITE NAMEFMT 1": "250 Now using naming format \"1\"."}}
		f, c := o.client(t)
		home, err := c.Connect(t.Context())
		if noError(t, "Connect", err); home != "/QSYS.LIB/QGPL.LIB" {
			t.Errorf("home %q", home)
		}
		cn, err := c.pool.acquire(t.Context(), need{})
		noError(t, "first", err)
		other, err := c.pool.acquire(t.Context(), need{})
		noError(t, "second", err)
		c.pool.release(cn)
		c.pool.release(other)
		var sent []string
		for _, line := range f.log {
			if line == "SITE NAMEFMT 1" || line == "PWD" {
				sent = append(sent, line)
			}
		}
		if !slices.Equal(sent, []string{"PWD", "SITE NAMEFMT 1", "PWD", "SITE NAMEFMT 1"}) {
			t.Errorf("sent %q", sent)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		if _, err := f.client(nil).Connect(t.Context()); err != nil || f.count("SITE") > 0 {
			t.Errorf("%d SITE to a server with slashes, %v", f.count("SITE"), err)
		}
	})
}
