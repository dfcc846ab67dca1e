package transfer

import (
	"path"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ftpfs/ftpclient"
)

// A part's name tells the version: the same for the same, else another, and one that
// servers and file systems take.
func TestPartName(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	v := ftpclient.Entry{Size: 7, ModTime: at, Precision: time.Second}
	larger, later, coarse := v, v, v
	larger.Size, later.ModTime, coarse.Precision = 8, at.Add(time.Second), time.Minute
	for _, p := range []string{"/dir/file", "file", "/" + strings.Repeat("n", nameMax), "/d/" + strings.Repeat("ü", nameMax/2)} {
		part := partName(p, v)
		name := path.Base(part)
		if path.Dir(part) != path.Dir(p) || !isPart(name) || !usable(name) || !utf8.ValidString(name) {
			t.Errorf("the part of %.20q is %q", p, part)
		}
		fine := v
		if fine.ModTime, fine.Precision = at.Add(time.Millisecond), time.Nanosecond; partName(p, fine) != part {
			t.Errorf("a time that is told more precisely gives another part of %.20q", p)
		}
		for _, other := range []ftpclient.Entry{larger, later, coarse, {Size: -1}} {
			if partName(p, other) == part {
				t.Errorf("%+v has the part of %+v", other, v)
			}
		}
		if once, again := partName(p, coarse), partName(p, coarse); once == again {
			t.Errorf("what is no version is found again: %.20q", p)
		}
	}
	for _, name := range []string{"file", ".file", ".ftpfs-part-0123456789abcdef", "x.ftpfs-part-0123456789abcdef", ".x.ftpfs-part-0123456789abcde"} {
		if isPart(name) {
			t.Errorf("%q is taken for a part", name)
		}
	}
}

func TestUsable(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "...": true, ".a": true, "a\nb": true, strings.Repeat("n", nameMax): true,
		"": false, ".": false, "..": false, "a/b": false, "/": false, "a\x00": false, strings.Repeat("n", nameMax+1): false,
	} {
		if usable(name) != want {
			t.Errorf("%.20q is usable: %v", name, !want)
		}
	}
}
