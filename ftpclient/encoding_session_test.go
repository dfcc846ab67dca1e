package ftpclient

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

const (
	koiHello = "\xf0\xd2\xc9\xd7\xc5\xd4" // Привет
	koiSmall = "\xd0\xd2\xc9\xd7\xc5\xd4" // привет
)

// Every operation speaks the server's octets, and tells ours.
func TestEncodingOfEveryCommand(t *testing.T) {
	for _, facts := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/" + koiHello + "/": "", "/" + koiHello + "/" + koiSmall: "content"})
			if facts {
				f.feat = []string{"MLST type*;size*;modify*;", "UTF8"}
			}
			c := f.client(func(o *Options) { o.Encoding = "koi8-r" })
			ctx := t.Context()
			l, err := c.List(ctx, "/Привет")
			if noError(t, "List", err); err == nil && !slices.Equal(names(l), []string{"привет"}) {
				t.Errorf("List: %q", names(l))
			}
			got, err := readAll(ctx, c, "/Привет/привет", 0)
			if noError(t, "Retrieve", err); got != "content" {
				t.Errorf("read %q", got)
			}
			e, err := c.Stat(ctx, "/Привет/привет")
			if noError(t, "Stat", err); e.Name != "привет" || e.Size != 7 {
				t.Errorf("Stat: %+v", e)
			}
			_, err = c.Verify(ctx, "/Привет/привет")
			noError(t, "Verify", err)
			_, err = c.Store(ctx, "/Привет/н", strings.NewReader("x"), StoreOptions{})
			noError(t, "Store", err)
			noError(t, "Mkdir", c.Mkdir(ctx, "/д"))
			noError(t, "Rename", c.Rename(ctx, "/Привет/н", "/д/о"))
			noError(t, "Delete", c.Delete(ctx, "/д/о"))
			noError(t, "Rmdir", c.Rmdir(ctx, "/д"))
			_, err = c.Stat(ctx, "/Привет/нет")
			wantKind(t, "what is missing", err, KindNotExist)
			for _, line := range f.commands() {
				if strings.ContainsAny(line, "Приветндо") {
					t.Errorf("sent %q", line)
				}
			}
			if f.count("OPTS") > 0 {
				t.Error("names were asked for in UTF-8")
			}
		})
	}
}

// Octet 255 is doubled as it goes to the wire, whatever it means (quirkDoubleIAC).
func TestEncodingAndTelnet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.greeting = "220 ProFTPD Server ready."
		f.feat = []string{"MLST type*;"}
		c := f.client(func(o *Options) { o.Encoding = "windows-1251" })
		_, err := c.Verify(t.Context(), "/я") // 255 in windows-1251
		wantKind(t, "Verify", err, KindNotExist)
		if cmds := f.commands(); cmds[0] != "MLST /\xff\xff" {
			t.Errorf("sent %q", cmds)
		}
	})
}

// What the encoding cannot write is refused before anything is sent, where it
// would be made; where it is only asked for, it is not there.
func TestUnencodableNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/a": "x"})
		c := f.client(func(o *Options) { o.Encoding = "latin1" })
		ctx := t.Context()
		_, err := c.Store(ctx, "/5 €", strings.NewReader("x"), StoreOptions{})
		wantKind(t, "Store", err, KindInvalidName)
		if err == nil || !strings.Contains(err.Error(), "ISO-8859-1") {
			t.Errorf("it does not say why: %v", err)
		}
		wantKind(t, "Mkdir", c.Mkdir(ctx, "/€"), KindInvalidName)
		wantKind(t, "Rename", c.Rename(ctx, "/a", "/€"), KindInvalidName)
		wantKind(t, "Symlink", c.Symlink(ctx, "€", "/l"), KindInvalidName)
		wantKind(t, "Rename of it", c.Rename(ctx, "/€", "/b"), KindNotExist)
		wantKind(t, "Delete", c.Delete(ctx, "/€"), KindNotExist)
		_, err = c.Stat(ctx, "/€")
		wantKind(t, "Stat", err, KindNotExist)
		_, err = c.Retrieve(ctx, "/€/x", RetrieveOptions{})
		wantKind(t, "Retrieve", err, KindNotExist)
		if cmds := f.commands(); len(cmds) > 0 {
			t.Errorf("sent %q", cmds)
		}
	})
}

// The login directory, links' targets and the words of refusals.
func TestEncodingOfReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/d/": ""})
		f.hook = func(s *fakeSession, verb, arg string) bool {
			switch verb {
			case "PWD":
				s.say(`257 "/home/` + koiHello + `" is current`)
			case "LIST":
				s.send("lrwxrwxrwx 1 0 0 13 Nov 21 02:35 " + koiSmall + " -> ../" + koiHello + "/x\r\n")
			case "MKD":
				s.say("550 " + koiHello + ": is a directory")
			default:
				return false
			}
			return true
		}
		c := f.client(func(o *Options) { o.Encoding = "koi8-r" })
		home, err := c.Connect(t.Context())
		if noError(t, "Connect", err); home != "/home/Привет" {
			t.Errorf("home %q", home)
		}
		target, err := c.Readlink(t.Context(), "/d/привет")
		if noError(t, "Readlink", err); target != "../Привет/x" {
			t.Errorf("target %q", target)
		}
		err = c.Mkdir(t.Context(), "/d/Привет")
		if wantKind(t, "Mkdir", err, KindIsDir); err != nil && !strings.Contains(err.Error(), "550 Привет: is a directory") {
			t.Errorf("words: %v", err)
		}
	})
}

// Names that no program could ask for are left out, counted, with the reason.
func TestNamesThatAreHidden(t *testing.T) {
	long := strings.Repeat("x", 256)
	wide := strings.Repeat("\xc1", 128) // 256 octets as UTF-8
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		rows := ""
		for _, name := range []string{"a", "A", "a", long, long[1:], "..", ".", "x/y", wide, "n\rl"} {
			rows += "-rw-r--r-- 1 0 0 1 Nov 21 02:35 " + name + "\r\n"
		}
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb == "LIST" {
				s.send(rows)
			}
			return verb == "LIST"
		}
		var told []Skipped
		c := f.client(func(o *Options) {
			o.Encoding = "koi8-r"
			o.Trace = &Trace{Skipped: func(_ string, s []Skipped) { told = append(told, s...) }}
		})
		l, err := c.List(t.Context(), "/")
		if err != nil {
			t.Fatal(err)
		}
		if got := names(l); !slices.Equal(got, []string{"a", "A", long[1:]}) {
			t.Errorf("names %q", got)
		}
		var reasons []string
		for _, s := range told {
			reasons = append(reasons, s.Reason)
		}
		slices.Sort(reasons)
		want := []string{"control character in a name that FTP cannot send", "name listed twice",
			"name longer than 255 bytes", "name longer than 255 bytes", "slash in a name"}
		if !slices.Equal(reasons, want) || len(l.Skipped) != len(told) {
			t.Errorf("skipped %q, want %q", reasons, want)
		}
	})
}

// A command that has no form breaks the connection where others are yet to be answered.
func TestPipelineWithNameWithoutForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		c := f.client(func(o *Options) { o.Encoding = "koi8-r" })
		cn, err := c.pool.acquire(t.Context(), need{})
		if err != nil {
			t.Fatal(err)
		}
		p := pipeline{c: cn, wait: cn.opts.ReplyTimeout}
		n := 0
		err = p.run(func() bool {
			s := step{cmd: command{verb: "NOOP"}, then: func(reply) error { return nil }}
			if n++; n > 2*pipelineWindow/s.size() {
				s.cmd = command{"CWD", "/日本"}
			}
			p.add(s)
			return true
		})
		if wantKind(t, "run", err, KindNotExist); cn.broken == nil {
			t.Error("the connection is used again")
		}
		c.pool.release(cn)
	})
}
