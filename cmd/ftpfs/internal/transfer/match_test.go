package transfer

import (
	"path"
	"testing"
)

// A name that is taken at its letters fits itself alone, and is asked for as it is.
func TestLiteral(t *testing.T) {
	for _, name := range []string{"/a", "/a b", `/back\slash`, "/st*r", "/wh?t", "/[set]", `/\[`, `/end\`, "/ü*"} {
		p := Literal(name)
		if got, ok := plain(string(p)); !ok || got != name {
			t.Errorf("%q is asked for as %q, %v", name, got, ok)
		}
		if err := p.check(); err != nil {
			t.Errorf("%q: %v", p, err)
		}
		if fits, err := path.Match(string(p), name); !fits || err != nil {
			t.Errorf("%q does not fit %q: %v", p, name, err)
		}
	}
	for _, pattern := range []string{"/a*", "/?", "/[ab]", `/\**`} {
		if got, ok := plain(pattern); ok {
			t.Errorf("%q is taken for the name %q", pattern, got)
		}
	}
	if Pattern("/[a").check() == nil {
		t.Error("a pattern that is none is taken")
	}
}
