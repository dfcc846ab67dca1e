package ftpclient

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// typed is a server that keeps the TYPE it is in, and says it.
type typed struct {
	ascii    bool // what the session is in
	forgets  bool // after a listing, or MLST
	deaf     bool // to TYPE
	liesWord bool // says ASCII, sends as it is
	mute     bool // does not say the type
	sizeless bool // tells no sizes
}

func (y *typed) hook(s *fakeSession, verb, arg string) bool {
	switch verb {
	case "TYPE":
		y.ascii = y.deaf || arg != "I"
		s.say("200 ok")
	case "LIST", "MLST":
		y.ascii = y.ascii || y.forgets
		return false
	case "RETR":
		y.retrieve(s, arg)
	case "STOR":
		if !y.ascii {
			return false
		}
		s.say("150 Opening ASCII mode data connection for " + arg)
		nc := s.accept()
		b, err := io.ReadAll(nc)
		nc.Close()
		if err != nil {
			s.say("426 cut")
			return true
		}
		s.put(arg, strings.ReplaceAll(string(b), "\n", "\r\n"))
		s.say("226 Transfer complete.")
	case "SIZE":
		if !y.sizeless {
			return false
		}
		s.say("500 what?")
	default:
		return false
	}
	return true
}

func (y *typed) retrieve(s *fakeSession, path string) {
	content, ok := s.get(path)
	if !ok {
		s.say("550 no")
		return
	}
	mode := "BINARY"
	if y.ascii || y.liesWord {
		mode = "ASCII"
	}
	size := len(content)
	if y.ascii {
		content = strings.ReplaceAll(content, "\n", "\r\n")
	}
	words := fmt.Sprintf("150 Opening %s mode data connection for %s (%d bytes).", mode, path, size)
	switch {
	case y.mute:
		words = fmt.Sprintf("150 Here it comes (%d bytes)", size)
	case y.sizeless:
		words = "150 Opening ASCII mode data connection."
	}
	nc := s.accept()
	s.say(words)
	_, err := nc.Write([]byte(content))
	nc.Close()
	if err != nil {
		s.say("426 closed")
		return
	}
	s.say("226 done")
}

const (
	text = "one\ntwo\nthree\n"
	crlf = "one\r\ntwo\r\n"
)

// quirkForgetsType: before the data of a server that has gone back to ASCII is
// looked at, it is told TYPE I again, as often as it forgets.
func TestTypeIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": text, "/d/": ""})
		f.hook = (&typed{forgets: true}).hook
		c := f.client(func(o *Options) { o.Connections = 1 })
		for range 2 {
			if _, err := c.List(t.Context(), "/d"); err != nil {
				t.Fatal(err)
			}
			got, err := readAll(t.Context(), c, "/f", 0)
			if noError(t, "Retrieve", err); got != text {
				t.Errorf("read %q", got)
			}
		}
		if n := f.count("TYPE"); n != 3 {
			t.Errorf("TYPE was sent %d times, want one for the login and one after each listing", n)
		}
		if _, err := c.List(t.Context(), "/d"); err != nil {
			t.Fatal(err)
		}
		_, err := c.Store(t.Context(), "/new", strings.NewReader(text), StoreOptions{})
		if got, _ := f.get("/new"); err != nil || got != text {
			t.Errorf("stored %q, %v", got, err)
		}
		if f.sessions != 1 {
			t.Errorf("%d sessions: giving the transfer up has cost the connection", f.sessions)
		}
	})
}

// A server that forgets TYPE I at the very look that goes before each download is told
// it again behind that.
func TestTypeIsSentBehindALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fTree()
		tree["/text"] = "a\nb\n"
		f := newFake(t, tree)
		y := &typed{forgets: true}
		f.feat, f.hook = []string{"MLST type*;size*;modify*;"}, y.hook
		c := ready(t, f, nil)
		for range 2 {
			d, err := c.Retrieve(t.Context(), "/text", RetrieveOptions{Verify: true})
			noError(t, "Retrieve", err)
			b, err := io.ReadAll(d)
			noError(t, "read", err)
			noError(t, "Close", d.Close())
			if string(b) != "a\nb\n" {
				t.Errorf("%q", b)
			}
		}
		if c.srv.wordy {
			t.Error("the server is believed to say ASCII for nothing")
		}
	})
}

// quirkSendsASCII: a server that heeds no TYPE I, whatever it says, is an error
// that gives the reason, not data.
func TestASCIIDataIsRefused(t *testing.T) {
	for name, y := range map[string]typed{"says so": {deaf: true}, "does not": {deaf: true, mute: true}, "tells no size": {deaf: true, sizeless: true}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": text, "/short": "x\n"})
			f.hook = y.hook
			c := f.client(nil)
			for _, path := range []string{"/f", "/short"} {
				got, err := readAll(t.Context(), c, path, 0)
				wantKind(t, name, err, KindUnsupported)
				if err == nil || !strings.Contains(err.Error(), "ASCII mode") || got == text {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			}
			if f.sessions != 1 {
				t.Errorf("%s: %d sessions", name, f.sessions)
			}
		})
	}
}

// A part of a file of a server that says ASCII to the end is believed only if a file
// of it was seen to come as it is.
func TestPartsNeedProof(t *testing.T) {
	for name, y := range map[string]typed{"deaf": {deaf: true}, "lies": {liesWord: true}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": text})
			f.hook = y.hook
			c := f.client(nil)
			_, err := c.Retrieve(t.Context(), "/f", RetrieveOptions{Part: true})
			wantKind(t, name, err, KindUnsupported)
			if y.deaf {
				return
			}
			if _, err := readAll(t.Context(), c, "/f", 0); err != nil {
				t.Fatal(err)
			}
			d, err := c.Retrieve(t.Context(), "/f", RetrieveOptions{Part: true})
			if noError(t, name, err); d != nil {
				d.Close()
			}
		})
	}
}

// What is stored changed is an error that gives the reason.
func TestASCIIUploadIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.hook = (&typed{deaf: true}).hook
		c := f.client(nil)
		_, err := c.Store(t.Context(), "/f", strings.NewReader(text), StoreOptions{})
		wantKind(t, "Store", err, KindUnsupported)
		if err == nil || !strings.Contains(err.Error(), "ASCII mode") {
			t.Errorf("Store: %v", err)
		}
		_, err = c.Store(t.Context(), "/g", strings.NewReader("no line end"), StoreOptions{})
		noError(t, "Store of what does not change", err)
	})
}

// A server that only says ASCII is believed when one file was right.
func TestWordsAloneAreNoMatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": text})
		f.hook = (&typed{liesWord: true}).hook
		c := f.client(nil)
		for range 3 {
			got, err := readAll(t.Context(), c, "/f", 0)
			if noError(t, "Retrieve", err); got != text {
				t.Errorf("read %q", got)
			}
		}
		if f.count("TYPE") != 2 || f.count("SIZE") > 1 || f.count("RETR") != 4 {
			t.Errorf("sent %q", f.commands())
		}
	})
}

// A file that has grown is no matter of types, nor one that came short.
func TestSizesThatChange(t *testing.T) {
	for announced, want := range map[int]Kind{len(crlf) - 1: KindTruncated, len(crlf) + 1: KindTruncated} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": crlf})
			f.hook = on("RETR", func(s *fakeSession, arg string) {
				nc := s.accept()
				s.say(fmt.Sprintf("150 Sending f (%d bytes)", announced))
				nc.Write([]byte(crlf)) // to a client that may have had enough
				nc.Close()
				s.say("226 done")
			})
			_, err := readAll(t.Context(), f.client(nil), "/f", 0)
			wantKind(t, fmt.Sprint(announced), err, want)
		})
	}
}

// A LF alone is proof, wherever it comes; then nothing is held back any more.
func TestPlainLinesAreProof(t *testing.T) {
	for pieces, want := range map[string]bool{
		"a\nb": true, "\n": true, "a\r\nb\n": true, "a\r|\nb\r\n": false, "a|\n": true, "a\r\n|\r\n": false, "": false, "a\r": false, "a\r||\n": false,
	} {
		var w wholeFile
		got := false
		for piece := range strings.SplitSeq(pieces, "|") {
			got = got || w.plainLine([]byte(piece))
		}
		if got != want {
			t.Errorf("%q: %v", pieces, got)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": text})
		f.hook = on("RETR", func(s *fakeSession, arg string) {
			nc := s.accept()
			s.say("150 Sending f (3 bytes)") // it grows
			io.WriteString(nc, text)
			nc.Close()
			s.say("226 done")
		})
		got, err := readAll(t.Context(), f.client(nil), "/f", 0)
		if noError(t, "a file that grows", err); got != text {
			t.Errorf("read %q", got)
		}
	})
}

// Without, the count is proof for a file with line ends.
func TestCountIsProof(t *testing.T) {
	for content, want := range map[string]bool{crlf: true, "no line": false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, map[string]string{"/f": content})
			f.hook = (&typed{}).hook
			c := f.client(nil)
			got, err := readAll(t.Context(), c, "/f", 0)
			if noError(t, "Retrieve", err); got != content || c.srv.binary != want {
				t.Errorf("read %q, proven %v", got, c.srv.binary)
			}
		})
	}
}

func TestSizeAnnounced(t *testing.T) {
	for words, want := range map[string]int64{
		"Opening BINARY mode data connection for f (5 bytes).":            5,
		"Opening BINARY mode data connection for (7 bytes) (12 bytes)":    12,
		"Opening data connection for f (1 byte)":                          1,
		"Accepted data connection\n0.0 kbytes to download":                0,
		"Opening (99999999999999999999 bytes)":                            0,
		"Opening ASCII mode data connection for file list":                0,
		"Opening BINARY mode data connection for /d/f(3 bytes)(4 bytes).": 4,
	} {
		if got, ok := sizeAnnounced(reply{code: 150, lines: strings.Split(words, "\n")}); ok != (want > 0) || ok && got != want {
			t.Errorf("%q: %d, %v", words, got, ok)
		}
	}
	var ascii []string
	for _, words := range []string{"Opening ASCII mode data connection for f", "opening ascii mode data connection", "Opening BINARY mode data connection for ascii mode", "Here it comes"} {
		if saysASCII(reply{code: 150, lines: []string{words}}) {
			ascii = append(ascii, words)
		}
	}
	if !slices.Equal(ascii, []string{"Opening ASCII mode data connection for f", "opening ascii mode data connection"}) {
		t.Errorf("said to be ASCII: %q", ascii)
	}
}
