package interop

import (
	"regexp"
	"testing"

	"ftpfs/test/ftptest"
)

// TestFactsAsAttributes: getfattr tells what is known of a file, and what copies
// attributes copies none of that, and does not fail.
func TestFactsAsAttributes(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("d/f", []byte("12345"))
		m := mounted(t, s)
		r := shell(t, m.dir, `ls -l d >/dev/null
			for n in state version facts; do getfattr --only-values -n user.ftpfs.$n d/f; echo; done
			getfattr -n user.ftpfs.error d/f 2>&1; getfattr -d d/f 2>&1; setfattr -n user.x -v y d/f 2>&1
			cp -a d/f "$OUT"/a && cp --preserve=all d/f "$OUT"/b && rsync -aX d/f "$OUT"/c && getfattr -d -m - "$OUT"/*`, "OUT="+t.TempDir())
		want := regexp.MustCompile(`^clean
size=5;modify=\d{14};
type=file;size=5;modify=\d{14};.*
d/f: user.ftpfs.error: No such attribute
getfattr: d/f: Operation not supported
setfattr: d/f: Operation not supported
$`)
		if r.code != 0 || r.err != "" || !want.MatchString(r.out) {
			t.Errorf("%v", r)
		}
	})
}
