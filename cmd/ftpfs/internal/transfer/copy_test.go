package transfer

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// Line ends are changed whatever the pieces are in which they come.
func TestLineEnds(t *testing.T) {
	long := strings.Repeat("a line\n", 20_000)
	for _, tc := range []struct{ here, net, back string }{
		{"", "", ""},
		{"one\ntwo\n", "one\r\ntwo\r\n", "one\ntwo\n"},
		{"\n\n", "\r\n\r\n", "\n\n"},
		{"no end", "no end", "no end"},
		{"dos\r\n\r\n", "dos\r\n\r\n", "dos\n\n"}, // are so already
		{"mac\rmac\r", "mac\rmac\r", "mac\rmac\r"},
		{"\r\r\n\r", "\r\r\n\r", "\r\n\r"},
		{long, strings.ReplaceAll(long, "\n", "\r\n"), long},
	} {
		for name, pieces := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "octets": iotest.OneByteReader, "halves": iotest.HalfReader, "end with data": iotest.DataErrReader,
		} {
			net, err := io.ReadAll(newToNet(pieces(strings.NewReader(tc.here))))
			if err != nil || string(net) != tc.net {
				t.Errorf("%s: %.20q becomes %.20q, %v", name, tc.here, net, err)
			}
			back, err := io.ReadAll(&fromNet{r: pieces(strings.NewReader(tc.net))})
			if err != nil || string(back) != tc.back {
				t.Errorf("%s: %.20q comes back as %.20q, %v", name, tc.net, back, err)
			}
		}
	}
	broken := errors.New("broken")
	for name, r := range map[string]io.Reader{"to": newToNet(failing("ab\n", broken)), "from": &fromNet{r: failing("ab\r", broken)}} {
		if got, err := io.ReadAll(r); err != broken || len(got) < 3-1 {
			t.Errorf("%s the net, what breaks: %q, %v", name, got, err)
		}
	}
}

// failing has text, and then fails.
func failing(text string, err error) io.Reader {
	return io.MultiReader(strings.NewReader(text), iotest.ErrReader(err))
}

// What fails is told apart: the writer's error, or the reader's.
func TestCopyAll(t *testing.T) {
	broken := errors.New("broken")
	if n, err := copyAll(io.Discard, failing("abc", broken)); n != 3 || err != broken {
		t.Errorf("%d, %v", n, err)
	}
	full := &remembers{w: iotest.TruncateWriter(io.Discard, 0)}
	if n, err := copyAll(full, strings.NewReader("abc")); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	r, w := io.Pipe()
	r.CloseWithError(broken)
	m := &remembers{w: w}
	if n, err := copyAll(m, strings.NewReader("abc")); n != 0 || err != broken || m.err != broken {
		t.Errorf("%d, %v, %v", n, err, m.err)
	}
}
