package ftpclient

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func FuzzReply(f *testing.F) {
	for _, s := range []string{
		"200 ok\r\n", "150-A\r\n160-B\r\n150 C\r\n", "200\r\n", "220-x\r\n200\r\n220\r\n", "250-\xff\xfb\x01\xff\xff\n250 x\n",
		"SSH-2.0\r\n", "99 x\r\n", "200-\r\n", "229 (|||1|)\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newReplyReader(bytes.NewReader(data))
		used := 0
		for {
			rep, err := r.read()
			if err != nil {
				return
			}
			if rep.code < 100 || rep.code > 699 || len(rep.lines) == 0 || len(rep.lines) > maxReplyLines+1 {
				t.Fatalf("%+v", rep)
			}
			if used += len(rep.text()); used > len(data) {
				t.Fatalf("%d octets of text from %d", used, len(data))
			}
			quotedPath(rep)
			featLines(rep)
			kindOfReply("STOR", rep, "/a/b")
		}
	})
}

func FuzzPassive(f *testing.F) {
	for _, s := range []string{
		"Entering Passive Mode (127,0,0,1,4,51)", "listen to 127,0,0,1,4,51", "mode. 127,0,0,1,4,51", "256,0,0,1,4,51",
		"(|||6446|)", "(!!!6446!)", "(!!6446!)", "1,2,3,4,0,0", "1,2,3,4,5,6,7", ",1,2,3,4,5,6",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(reply) (int, bool){pasvPort, epsvPort} {
			for _, code := range []int{227, 229, 500} {
				port, ok := parse(reply{code: code, lines: []string{text}})
				if ok && (port < 1 || port > 65535 || code == 500) {
					t.Fatalf("port %d of %d %q", port, code, text)
				}
			}
		}
	})
}

// Whatever an argument holds, it is one line on the wire or none.
func FuzzCommand(f *testing.F) {
	f.Add("DELE", "/a\xff b", true)
	f.Add("PASS", "", false)
	f.Add("MKD", "/a\r\nDELE x", false)
	f.Fuzz(func(t *testing.T, verb, arg string, double bool) {
		b, err := appendCommand(nil, command{verb, arg}, double)
		if err != nil {
			if len(b) > 0 {
				t.Fatalf("%q was written all the same", b)
			}
			return
		}
		line := strings.TrimSuffix(string(b), "\r\n")
		if len(line) != len(b)-2 || strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("%q is not one line", b)
		}
		if double {
			line = strings.ReplaceAll(line, "\xff\xff", "\xff")
		}
		if arg != "" && !double && line != verb+" "+arg {
			t.Fatalf("%q of %q %q", line, verb, arg)
		}
	})
}

// checkEntry is what holds of every entry, whatever the server sent.
func checkEntry(t *testing.T, e Entry) {
	t.Helper()
	if e.Name == "" || e.Size < -1 || e.Mode > 0o7777 || e.ModTime.IsZero() != (e.Precision == 0) || e.Target != "" && e.Type != TypeSymlink {
		t.Fatalf("%+v", e)
	}
}

func FuzzFactsLine(f *testing.F) {
	for _, s := range []string{
		"type=file;size=11;modify=20181025120459; a", "Type=OS.unix=slink:/x;perm=;UNIX.mode=01777; ln", " only name",
		"type=cdir;modify=20161231235960.5; /", "size=-1;modify=191120181025120; x", "a", "x=; y",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if e, _, ok := parseFactsLine(line); ok {
			checkEntry(t, e)
			if !strings.HasSuffix(line, " "+e.Name) {
				t.Fatalf("%q is not the end of %q", e.Name, line)
			}
		}
	})
}

func FuzzListing(f *testing.F) {
	f.Add([]byte("total 1\r\n-rw-r--r-- 1 0 0 1 Nov 21 02:35 a\nb\r\n"), false)
	f.Add([]byte("type=cdir; .\r\ntype=file; nl\r\nx\r\n"), true)
	f.Add([]byte("-rw-r--r-- 1 0 0 1 Nov 21 02:35  a\n-rw-r--r-- 1 0 0 1 Nov 21 02:35  b\n"), false)
	seeds, _ := filepath.Glob(filepath.Join(os.Getenv("FTPFS_CORPORA"), "wget", "ftpls-fuzz-seeds", "*")) // none is no matter
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, len(data)%2 == 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, isFacts bool) {
		var lr listReader
		if !isFacts {
			lr.rows = &rowReader{now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
		}
		if err := readLines(bytes.NewReader(data), lr.line); err != nil {
			t.Fatal(err)
		}
		l := lr.result()
		for _, e := range l.Entries {
			checkEntry(t, e)
			if e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\r\n\x00") {
				t.Fatalf("entry %q", e.Name)
			}
		}
		for _, s := range l.Skipped {
			if len(s.Line) > 1024 || s.Reason == "" {
				t.Fatalf("skipped %+v", s)
			}
		}
	})
}
