package interop

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// TestTheirChanges: what happens on the server is seen in the mount, without
// anybody asking for it, when what the mount knew has grown old.
func TestTheirChanges(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("d/changed", []byte("first"))
		s.WriteFile("d/removed", []byte("x"))
		s.WriteFile("d/same size", []byte("aaaaa"))
		m := mounted(t, s, "--attr-timeout", "1s")
		if r := shell(t, m.path("d"), `cat changed removed "same size"; ls`); r.code != 0 || r.out != "firstxaaaaachanged\nremoved\nsame size\n" {
			t.Fatalf("before the changes: %v", r)
		}
		s.WriteFile("d/changed", []byte("second, longer"))
		s.WriteFile("d/new/file", []byte("new"))
		s.WriteFile("d/same size", []byte("bbbbb"))
		later := time.Now().Add(time.Hour).Truncate(time.Second)
		if err := os.Chtimes(filepath.Join(s.Dir, "d/same size"), later, later); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(s.Dir, "d/removed")); err != nil {
			t.Fatal(err)
		}
		reads := func(rel, want string) func() bool {
			return func() bool {
				b, err := os.ReadFile(m.path(rel))
				return err == nil && string(b) == want
			}
		}
		await(t, "the new content of a file", reads("d/changed", "second, longer"))
		await(t, "a new file in a new directory", reads("d/new/file", "new"))
		await(t, "new content of the same size", reads("d/same size", "bbbbb"))
		await(t, "the end of a removed file", func() bool {
			_, err := os.Stat(m.path("d/removed"))
			return os.IsNotExist(err)
		})
		if r := shell(t, m.path("d"), `ls`); r.out != "changed\nnew\nsame size\n" {
			t.Errorf("after the changes: %v", r)
		}
	})
}

// TestOwnChanges: what is done in the mount is seen in it at once, however
// long it believes what the server said.
func TestOwnChanges(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		m := mounted(t, s, "--attr-timeout", "10m")
		r := shell(t, m.dir, `ls -A; for i in 1 2 3 4 5; do
			echo $i >f; cat f; stat -c %s f; echo $i$i >>f; cat f; stat -c %s f
			mkdir d; ls; mv f d/g; ls . d; cat d/g; rm d/g; ls d; rmdir d; ls; cat f 2>/dev/null || echo gone
		done`)
		want := ""
		for i := 1; i <= 5; i++ {
			want += fmt.Sprintf("%[1]d\n2\n%[1]d\n%[1]d%[1]d\n5\nd\nf\n.:\nd\n\nd:\ng\n%[1]d\n%[1]d%[1]d\ngone\n", i)
		}
		if r.out != want || r.code != 0 {
			t.Errorf("%v\nwant %s", r, want)
		}
	})
}

// TestTwoMounts: what one mount has closed, another opens.
func TestTwoMounts(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		a, b := mounted(t, s, "--attr-timeout", "1s"), mounted(t, s, "--attr-timeout", "1s")
		for i := range 3 {
			from, to := a, b
			if i%2 == 1 {
				from, to = b, a
			}
			data := bytes.Repeat([]byte{byte('a' + i)}, 100_000+i)
			if err := os.WriteFile(from.path("shared"), data, 0o644); err != nil {
				t.Fatal(err)
			}
			await(t, "what the other mount wrote", func() bool {
				got, err := os.ReadFile(to.path("shared"))
				return err == nil && bytes.Equal(got, data)
			})
		}
	})
}

// crowd is what each of many shells does in its own directory.
const crowd = `set -e; mkdir "$N"; cd "$N"
	for i in 1 2 3; do echo "$N $i" >f$i; done
	cat f1 f2 f3 >all; head -c 50000 "$SRC/random" >r; cmp -n 50000 r "$SRC/random"
	mv f1 g1; rm f2; sed -i s/3/three/ f3; mkdir -p a/b; mv g1 a/b/; cat a/b/g1 f3; ls -R; find . -type f | wc -l`

// TestCrowd lets many shells work at once, through one connection and through
// eight.
func TestCrowd(t *testing.T) {
	t.Parallel()
	shells := 16
	if everything {
		shells = 50
	}
	src, local := scriptData(t), t.TempDir()
	env := func(i int) []string { return []string{fmt.Sprintf("N=shell %d", i), "SRC=" + src} }
	want := make([]result, shells)
	for i := range want {
		want[i] = shell(t, local, crowd, env(i)...)
	}
	for _, connections := range []string{"1", "8"} {
		t.Run(connections+" connections", func(t *testing.T) {
			t.Parallel()
			ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
				t.Parallel()
				m := mounted(t, s, "--connections", connections)
				got := make([]result, shells)
				var all sync.WaitGroup
				for i := range shells {
					all.Go(func() { got[i] = shellNoFail(m.dir, crowd, env(i)...) })
				}
				all.Wait()
				for i := range shells {
					if got[i] != want[i] {
						t.Errorf("shell %d: %v\nlocally: %v", i, got[i], want[i])
					}
				}
				same(t, "on the server's disk", digest(t, s.Dir, 0), digest(t, local, 0))
			})
		})
	}
}
