package interop

import (
	"fmt"
	"strings"
	"testing"

	"ftpfs/test/ftptest"
)

// longestPath is how long a path may be for a server that does not take as long a one
// as the mount (NAME-1). ProFTPD's sessions end by a signal in MLSD of a longer one.
var longestPath = map[string]int{ftptest.ProFTPD: 1900}

// TestLongPaths: whatever can be done, can be done at the end of a path of nearly
// PATH_MAX, and what is longer is ENAMETOOLONG.
func TestLongPaths(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		m := mounted(t, s)
		deep := 3990
		if most := longestPath[s.Name]; most > 0 {
			deep = most
		}
		// Each directory is entered, so that no path is too long for the kernel.
		r := shell(t, m.dir, fmt.Sprintf(`
			set -e
			name=$(printf 'd%%.0s' $(seq 199)); left=%d
			while [ $left -gt 210 ]; do mkdir $name; cd $name; left=$((left - 200)); done
			last=$(printf 'e%%.0s' $(seq $((left - 5)))); mkdir $last; cd $last
			echo one >f; cat f; echo two >f; cat f; echo three >>f; ls; mv f g; chmod 600 g; touch -d @1000000000 g
			mkdir a; rmdir a; rm g; ls -A`, deep))
		if want := "one\ntwo\nf\n"; r.code != 0 || r.err != "" || r.out != want {
			t.Errorf("%v, want %q", r, want)
		}
		if longestPath[s.Name] > 0 {
			return
		}
		r = shell(t, m.dir, `
			while cd d* 2>/dev/null; do :; done; cd e*; name=$(printf 'x%.0s' $(seq 30)); echo y >f
			for c in "mkdir $name" "mv f $name" "bash -c 'echo x >$name'"; do eval "$c" 2>&1 | grep -o 'File name too long'; done; cat f`)
		if want := strings.Repeat("File name too long\n", 3) + "y\n"; r.out != want {
			t.Errorf("%v, want %q", r, want)
		}
	})
}
