package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/test/ftptest"
)

// scripts are run in a local directory and in a mounted one. They must print
// the same, end the same, and leave the same on the disk.
var scripts = []struct{ name, script string }{
	{"write", `echo one >a; printf two >b; : >empty; cat a b empty; wc -c a b empty`},
	{"append", `echo 1 >f; echo 2 >>f; echo 3 >>f; cat f; echo new >>g; cat g`},
	{"overwrite", `echo long text >f; echo x >f; cat f; stat -c %s f`},
	{"noclobber", `set -C; echo 1 >f; echo 2 >f; echo $?; cat f`},
	{"move", `echo 1 >a; mv a b; cat b; ls; mkdir d; mv b d/; cat d/b; mv d e; cat e/b; ls -R`},
	{"move over", `echo old >a; echo new >b; cat a b; mv b a; cat a; ls`},
	{"move over a directory", `mkdir a b; echo 1 >a/f; mv -T a b; ls -R; mkdir c; echo 2 >c/f; mv -T c b; echo $?; ls -R`},
	{"move into itself", `mkdir -p a/b; mv a a/b; echo $?; ls -R`},
	{"swap", `echo 1 >a; echo 2 >b; mv a t; mv b a; mv t b; cat a b`},
	{"remove", `mkdir -p d/e/f; touch d/1 d/e/2 d/e/f/3; rm -r d; echo $?; ls -A`},
	{"remove what is not there", `rm nothing; echo $?; rmdir nothing; echo $?; rm -f nothing; echo $?; cat nothing; echo $?`},
	{"rmdir of a full directory", `mkdir d; touch d/f; rmdir d; echo $?; ls d; rm d/f; rmdir d; echo $?`},
	{"a directory is no file", `mkdir d; echo x >d; echo $?; cat d; echo $?; touch f; cd f; echo $?; mkdir f; echo $?; ls f/g; echo $?`},
	{"mkdir -p", `mkdir -p a/b/c/d; mkdir -p a/b/c/d; echo $?; mkdir a; echo $?; find . | sort`},
	{"dd in the middle", `head -c 1000000 "$SRC/random" >f; printf middle | dd of=f bs=1 seek=500000 conv=notrunc status=none; sha256sum <f`},
	{"dd beyond the end", `printf start >f; printf end | dd of=f bs=1 seek=5000 conv=notrunc status=none; stat -c %s f; sha256sum <f`},
	{"dd with fsync", `dd if="$SRC/random" of=f bs=64k conv=fsync status=none; echo $?; sha256sum <f`},
	{"truncate", `head -c 5000 "$SRC/random" >f; truncate -s 1234 f; stat -c %s f; sha256sum <f; truncate -s 9999 f; sha256sum <f; truncate -s 0 f; stat -c %s f`},
	{"truncate what is not there", `truncate -s 777 new; stat -c %s new; sha256sum <new`},
	{"fallocate by seeking", `dd of=f bs=1 count=0 seek=100000 status=none; stat -c %s f; sha256sum <f`},
	{"sed -i", `printf 'one\ntwo\nthree\n' >f; sed -i s/two/TWO/ f; cat f; ls -A`},
	{"touch", `touch -d '2001-02-03 04:05:06' f; stat -c %Y f; echo x >g; touch -d @1234567890 g; stat -c '%Y %s' g; touch -r f g; stat -c %Y g; cat g`},
	{"touch sets now", `touch -d @1000000000 f; touch f; test $(stat -c %Y f) -gt 1500000000; echo $?`},
	{"chmod", `echo x >f; chmod 640 f; stat -c %a f; chmod 755 f; stat -c %a f; mkdir d; chmod 700 d; stat -c %a d; chmod u+x,go-rx f; stat -c %a f`},
	{"install", `install -m 750 "$SRC/random" f; stat -c %a f; cmp f "$SRC/random"`},
	{"find", `mkdir -p a/b; touch a/1 a/b/2; head -c 5000 /dev/zero >big; find . | sort; find . -type f | sort; find . -size +4k -type f; find . -name '[12]' | sort; find . -empty -type f | sort`},
	{"grep -r", `mkdir -p a/b; echo needle >a/1; echo hay >a/2; echo a needle >a/b/3; grep -r needle . | sort; grep -rL needle . | sort`},
	{"tar", `mkdir x; (cd "$SRC" && tar cf - tree) | (cd x && tar xf -); (cd x && tar cf - tree) | tar tf - | sort`},
	{"tar to a file", `tar -C "$SRC" -cf a.tar tree; tar tf a.tar | sort; mkdir x; tar -C x -xf a.tar; diff -r x/tree "$SRC/tree"`},
	{"names", `while IFS= read -r n; do echo "<$n>" >"./$n"; done <"$SRC/names"; ls -A | sort; while IFS= read -r n; do cat "./$n"; done <"$SRC/names"; mkdir q; while IFS= read -r n; do mv -- "./$n" q/; done <"$SRC/names"; ls -A q | sort; rm -r q; ls -A`},
	{"names of directories", `while IFS= read -r n; do mkdir -- "./$n"; echo x >"./$n/$n"; done <"$SRC/dirnames"; find . | sort; rm -r -- * .[!.]*; ls -A`},
	{"glob characters are characters", `touch abc a1c; echo star >'a*c'; echo x >'[x]'; echo y >x; cat 'a*c' '[x]' x; rm 'a*c'; ls -A; mkdir '[ab]'; echo in >'[ab]/f'; mkdir a; ls '[ab]' a`},
	{"long name", `n=$(printf 'n%.0s' {1..200}); echo long >$n; cat $n; ls | wc -c; rm $n`},
	{"read while written", `exec 3<>f; echo hello >&3; cat f; echo more >&3; exec 3>&-; cat f`},
	{"two handles", `exec 3>f 4<f; echo one >&3; cat <&4; echo two >&3; cat <&4; exec 3>&- 4<&-; cat f`},
	{"removed while open", `echo data >f; exec 3<f; rm f; cat <&3; exec 3<&-; ls -A`},
	{"renamed while open", `echo 1 >f; exec 3>>f; mv f g; echo 2 >&3; exec 3>&-; cat g; ls -A`},
	{"written after removal", `exec 3>f; rm f; echo x >&3; exec 3>&-; ls -A`},
	{"created again while open", `echo old >f; exec 3<f; rm f; echo new >f; cat f; exec 3<&-; cat f`},
	{"read at offsets", `cp "$SRC/random" f; for o in 0 1 4095 65537 700001 3 262144; do dd if=f bs=1 skip=$o count=100 status=none | sha256sum; done; tail -c 1000 f | sha256sum; head -c 1000 f | sha256sum`},
	{"many small files", `for i in $(seq 60); do echo $i >f$i; done; cat f* | sort -n | tail -1; ls | wc -l; rm f*; ls -A`},
	{"deep", `d=.; for i in $(seq 20); do d=$d/d$i; mkdir $d; done; echo x >$d/f; cat $d/f; find . | wc -l; rm -r d1; ls -A`},
	{"wildcards", `touch a.c b.c c.h; ls *.c; rm *.c; ls`},
	{"sort in place", `printf '3\n1\n2\n' >f; sort -o f f; cat f`},
	{"patch", `printf '1\n2\n' >f; printf '1\n3\n' >g; diff f g >p; cp g f; cat f`},
	{"copy within", `cp "$SRC/random" a; cp a b; cmp a b; cp -a a c; cmp a c; rm a; cmp b c`},
	{"mktemp", `f=$(mktemp -p .); echo x >$f; cat $f; rm $f; ls -A`},
	{"flush at sync", `exec 3>f; echo synced >&3; sync f; echo $?; exec 3>&-; cat f`},
}

// rsyncs are apart from scripts because of the times of directories: vsftpd
// has no means to set these.
const rsyncs = `rsync -a $DIRTIMES "$SRC/tree/" x/; echo $?; rsync -a $DIRTIMES --itemize-changes "$SRC/tree/" x/; echo $?
	rsync -a $DIRTIMES x/ y/; rsync -a $DIRTIMES --itemize-changes x/ y/; echo changed >>x/file; rsync -a $DIRTIMES --itemize-changes x/ y/ | grep -c file
	rsync -ac $DIRTIMES --delete "$SRC/tree/" x/; rsync -rcn --itemize-changes "$SRC/tree/" x/; rsync -a $DIRTIMES --inplace "$SRC/random" r; cmp "$SRC/random" r`

// TestShell compares shells in a mount with shells in a local directory.
func TestShell(t *testing.T) {
	src := scriptData(t)
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		m := mounted(t, s)
		for _, c := range scripts {
			t.Run(c.name, func(t *testing.T) {
				if c.name == "chmod" && s.User == "anonymous" {
					t.Skip("vsftpd lets nobody but local users change modes")
				}
				compare(t, m, s, src, c.name, c.script)
			})
		}
		t.Run("rsync", func(t *testing.T) {
			times := "DIRTIMES="
			if s.Name == ftptest.Vsftpd {
				times = "DIRTIMES=-O"
			}
			compare(t, m, s, src, "rsync", rsyncs, times)
		})
		t.Run("symbolic links", func(t *testing.T) { symlinks(t, m, s) })
	})
}

// compare runs a script in a local directory and in the mount.
func compare(t *testing.T, m *mount, s *ftptest.Server, src, name, script string, env ...string) {
	t.Helper()
	local := t.TempDir()
	env = append(env, "SRC="+src)
	want := shell(t, local, script, env...)
	if err := os.Mkdir(m.path(name), 0o755); err != nil {
		t.Fatal(err)
	}
	got := shell(t, m.path(name), script, env...)
	if got.out != want.out || got.code != want.code {
		t.Errorf("in the mount: %v\nlocally: %v", got, want)
	}
	left := digest(t, local, 0)
	same(t, "on the server's disk", digest(t, filepath.Join(s.Dir, name), 0), left)
	same(t, "in the mount", digest(t, m.path(name), 0), left)
}

// symlinks makes links where the server can, and wants a clear error where it
// cannot. Links that the server has are seen in any case.
func symlinks(t *testing.T, m *mount, s *ftptest.Server) {
	if err := os.Mkdir(m.path("links"), 0o755); err != nil {
		t.Fatal(err)
	}
	made := shell(t, m.path("links"), `echo content >target; ln -s target link; echo $?; readlink link; cat link; rm -f link; cat target; ls -A`)
	switch s.Name {
	case ftptest.ProFTPD, ftptest.Bundled:
		if made.out != "0\ntarget\ncontent\ncontent\ntarget\n" {
			t.Errorf("ln -s: %v", made)
		}
	default:
		clear := strings.Contains(made.err, "not supported") || strings.Contains(made.err, "not permitted")
		if !strings.HasPrefix(made.out, "1\n") || !clear {
			t.Errorf("ln -s where the server has no links: %v", made)
		}
	}
	s.WriteFile("links/their/file", []byte("theirs\n"))
	for name, target := range map[string]string{"ok": "file", "dangling": "nothing", "up": "../their/file", "absolute": s.Path("links/their/file")} {
		if err := os.Symlink(target, filepath.Join(s.Dir, "links/their", name)); err != nil {
			t.Fatal(err)
		}
	}
	// An absolute target is the server's; the mount gives it relative to the link.
	await(t, "what the server got", func() bool {
		_, err := os.Stat(m.path("links/their"))
		return err == nil
	})
	seen := shell(t, m.path("links/their"), `for l in ok dangling up absolute; do readlink $l; done; cat ok up absolute; cat dangling; echo $?; ls`)
	if seen.out != "file\nnothing\n../their/file\nfile\ntheirs\ntheirs\ntheirs\n1\nabsolute\ndangling\nfile\nok\nup\n" {
		t.Errorf("the server's own links: %v", seen)
	}
}

// scriptData makes the directory that scripts know as $SRC.
func scriptData(t *testing.T) string {
	t.Helper()
	src := t.TempDir()
	sampleTree(t, filepath.Join(src, "tree"), treeSize{files: 40, dirs: 8, big: 1})
	random := shell(t, src, `head -c 1500000 /dev/urandom >random && echo "to be changed" >tree/file && touch -d @1111111111 tree/file`)
	names := append([]string{"*?", "-dash", "-rf", ".hidden", "..two", "...", "two  spaces", "semi;colon", "a=b", "a:b"}, oddNames...)
	if random.code != 0 {
		t.Fatal(random)
	}
	// ProFTPD makes no directory with a star in its name.
	for file, list := range map[string][]string{"names": names, "dirnames": names[1:]} {
		if err := os.WriteFile(filepath.Join(src, file), []byte(strings.Join(list, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return src
}
