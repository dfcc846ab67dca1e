package ftpserver_test

import (
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/ftpserver"
)

// tree makes a tree with fixed times.
func tree(t *testing.T, fsys ftpserver.FS) {
	t.Helper()
	write(t, fsys, "b", "12345")
	write(t, fsys, ".hidden", "")
	write(t, fsys, " lead", "")
	must(t, fsys.Mkdir("d", 0o755))
	write(t, fsys, "d/in", "x")
	must(t, fsys.Symlink("b", "l"))
	must(t, fsys.Symlink("d", "ld"))
	must(t, fsys.Symlink("gone; far", "broken"))
	must(t, fsys.Chmod("d", 0o755|fs.ModeSetgid|fs.ModeSticky))
	must(t, fsys.Chmod("b", 0o644|fs.ModeSetuid))
	must(t, fsys.Chtimes("b", time.Time{}, time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC)))
	must(t, fsys.Chtimes("d/in", time.Time{}, time.Date(2106, 12, 31, 0, 0, 0, 0, time.UTC)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestListRows(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	tree(t, fsys)
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	if got, want := c.get("LIST b"), "-rwSr--r--    1 0        0                   5 Jan  2  2021 b\r\n"; got != want {
		t.Errorf("LIST of a file:\n got %q\nwant %q", got, want)
	}
	if got, want := c.get("LIST d"), "-rw-r--r--    1 0        0                   1 Dec 31  2106 in\r\n"; got != want {
		t.Errorf("LIST of a directory:\n got %q\nwant %q", got, want)
	}
	hour := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	must(t, fsys.Chtimes("d", time.Time{}, hour))
	all := c.get("LIST")
	for _, want := range []string{
		"drwxr-sr-t    2 0        0                4096 " + hour.Format("Jan _2 15:04") + " d\r\n",
		" l -> b\r\n", " broken -> gone; far\r\n", "  lead\r\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in\n%s", want, all)
		}
	}
}

func TestListArguments(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		tree(t, fsys)
		write(t, fsys, "d/.dot", "")
		write(t, fsys, "-x", "")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		for command, want := range map[string]string{
			"NLST":            " lead,-x,b,broken,d,l,ld",
			"NLST -a":         ".,.., lead,-x,.hidden,b,broken,d,l,ld",
			"NLST -A":         " lead,-x,.hidden,b,broken,d,l,ld",
			"NLST d":          "d/in",
			"NLST -a d/":      "d/.,d/..,d/.dot,d/in",
			"NLST ld":         "ld/in",
			"NLST /d":         "/d/in",
			"NLST b":          "b",
			"NLST .hidden":    ".hidden",
			"NLST -x":         "-x",
			"NLST -- -x":      "-x",
			"NLST b*":         "b,broken",
			"NLST /b*":        "/b,/broken",
			"NLST d/[i]?":     "d/in",
			"NLST -a .h*":     ".hidden",
			"NLST  lead":      " lead",
			"NLST broken":     "broken",
			"NLST ../../d/..": "../../d/../ lead,../../d/../-x,../../d/../b,../../d/../broken,../../d/../d,../../d/../l,../../d/../ld",
		} {
			got := strings.ReplaceAll(strings.TrimSuffix(c.get(command), "\r\n"), "\r\n", ",")
			if got != want {
				t.Errorf("%s: %q, want %q", command, got, want)
			}
		}
		for _, command := range []string{"LIST -la", "LIST -a -l d", "LIST -al", "LIST -aL", "NLST -la"} {
			if got := names(strings.ReplaceAll(c.get(command), "  lead", " lead")); !slices.Contains(got, "..") {
				t.Errorf("%s: %q", command, got)
			}
		}
		for _, command := range []string{"LIST nope", "NLST nope", "MLSD nope", "MLST nope", "LIST z*", "LIST *z/x", "LIST -R", "STAT nope", "LIST [", "MLSD b*"} {
			c.do(command, "550 No such file or directory")
		}
		c.do("MLSD b", "501 Not a directory")
		c.do("LIST b/", "425") // a row for the file, had there been a connection
	})
}

func TestMachineListing(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		tree(t, fsys)
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("OPTS MLST SIZE;type;nosuch;modify;unix.mode;", "200 MLST OPTS type;size;modify;UNIX.mode;")
		rows := strings.Split(c.get("MLSD"), "\r\n")
		for _, want := range []string{
			"type=file;size=5;modify=20210102030405;UNIX.mode=4644; b",
			"type=OS.unix=slink:b;size=1;", "type=OS.unix=slink:d;size=1;",
			"type=OS.unix=slink:;size=9;", "type=cdir;modify=", "type=pdir;modify=", "type=dir;modify=", "type=file;size=0;"} {
			if !slices.ContainsFunc(rows, func(row string) bool { return strings.HasPrefix(row, want) }) {
				t.Errorf("no row %q in\n%s", want, strings.Join(rows, "\n"))
			}
		}
		if len(rows) != 10 || rows[9] != "" {
			t.Errorf("%d rows:\n%s", len(rows), strings.Join(rows, "\n"))
		}
		c.do("OPTS MLST type;", "200 MLST OPTS type;")
		if got, want := c.get("MLSD ld"), "type=cdir; .\r\ntype=pdir; ..\r\ntype=file; in\r\n"; got != want {
			t.Errorf("MLSD of a link to a directory: %q, want %q", got, want)
		}
		if got, want := c.do("MLST l", "250"), "250-Listing follows:\n type=OS.unix=slink:b; /l\n250 End"; got != want {
			t.Errorf("MLST: %q, want %q", got, want)
		}
		c.do("OPTS MLST", "200 MLST OPTS")
		if got, want := c.do("MLST  lead", "250"), "250-Listing follows:\n  / lead\n250 End"; got != want {
			t.Errorf("MLST without facts: %q, want %q", got, want)
		}
		if got := c.get("MLSD d"); got != " .\r\n ..\r\n in\r\n" {
			t.Errorf("MLSD without facts: %q", got)
		}
	})
}

func TestUniqueAndPerm(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		tree(t, fsys)
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("OPTS MLST unique;perm;", "200 MLST OPTS perm;unique;")
		of := func(name string) string {
			perm, _, _ := strings.Cut(strings.TrimPrefix(c.do("MLST "+name, "250"), "250-Listing follows:\n "), " ")
			return perm
		}
		before := of("b")
		c.do("RNFR b", "350")
		c.do("RNTO b2", "250")
		if after := of("b2"); after != before || !strings.HasPrefix(after, "perm=awrdf;unique=") {
			t.Errorf("facts %q, after the rename %q", before, after)
		}
		if dir := of("d"); dir == before || !strings.HasPrefix(dir, "perm=cmpeldf;") {
			t.Errorf("facts of the directory %q", dir)
		}
	})
}

func TestStatOverControl(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		tree(t, fsys)
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		if got := c.do("STAT b", "213-"); strings.Count(got, "\n") != 2 || !strings.Contains(got, "Jan  2  2021 b\n") {
			t.Errorf("STAT b: %q", got)
		}
		if got := c.do("STAT .", "212-"); !strings.Contains(got, " .hidden\n") || !strings.Contains(got, "ld -> d\n") {
			t.Errorf("STAT .: %q", got)
		}
		c.do("STAT", "211-")
	})
}

// TestNamesAreBytes stores, lists and gets names that break naive servers.
func TestNamesAreBytes(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		all := []string{" lead", "trail ", "a  b", "-la", "a*b", "a?c", "a[b]c", "{c,d}", `"`, "'", "#h%20", "a -> b",
			"~t", "total 5", "semi;c", "type=dir; x", "...", "back\\slash", "\xe4\xf6", "ü€", "tab\tx", "\x1b[31m",
			"\xff\xfex", "\xff", strings.Repeat("n", 255)}
		for _, name := range all {
			wired := strings.ReplaceAll(name, "\xff", "\xff\xff")
			c.put("STOR "+wired, name)
			c.do("SIZE "+wired, "213 ")
			if got := c.get("RETR " + wired); got != name {
				t.Errorf("RETR %q: %q", name, got)
			}
			if got := c.do("MLST "+wired, "250"); !strings.HasSuffix(got, "; /"+wired+"\n250 End") {
				t.Errorf("MLST %q: %q", name, got)
			}
		}
		slices.Sort(all)
		if got := names(c.get("MLSD"))[2:]; !slices.Equal(got, all) {
			t.Errorf("MLSD shows\n%q, want\n%q", got, all)
		}
		if got := strings.Split(c.get("NLST -A"), "\r\n"); !slices.Equal(got[:len(got)-1], all) {
			t.Errorf("NLST shows\n%q, want\n%q", got, all)
		}
		c.do("SIZE \xff\xffe", "550")
		for _, bad := range []string{"a\x00b", "a\rb", "a\r\x00b", "\r"} {
			c.do("MKD "+bad, "553")
			c.do("RNFR "+bad, "553")
			c.do("MLST "+bad, "553")
		}
		c.do("SITE SYMLINK a\x00b l", "553")
		if _, err := fsys.Lstat("l"); err == nil {
			t.Error("a link with NUL was made")
		}
	})
}

// TestUnspeakableNamesAreLeftOut: a name with a line end would forge a row.
func TestUnspeakableNamesAreLeftOut(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "a\r\n-rw-r--r-- 1 0 0 1 Jan 1 2020 forged", "")
		write(t, fsys, "b\nc", "")
		write(t, fsys, "ok", "")
		must(t, fsys.Symlink("x\r\n211 forged", "z"))
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		for _, command := range []string{"LIST -A", "MLSD"} {
			if got := c.get(command); strings.Contains(got, "\nforged") || strings.Contains(got, "b\n") || strings.Count(got, "\n") > 4 {
				t.Errorf("%s: %q", command, got)
			}
		}
		c.do("STAT .", "212-")
		c.do("NOOP", "200")
	})
}

// TestSpecialFiles lists a FIFO and a socket, and does not hang in them.
func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	must(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o644))
	l, err := net.Listen("unix", filepath.Join(dir, "sock"))
	must(t, err)
	defer l.Close()
	c := login(t, start(t, ftpserver.Options{FS: openDir(t, dir)}))
	if got := c.get("LIST"); !strings.HasPrefix(got, "prw-r--r--") || !strings.Contains(got, "\r\ns") {
		t.Errorf("LIST: %q", got)
	}
	if got := c.get("MLSD"); !strings.Contains(got, "type=OS.unix=fifo;") || !strings.Contains(got, "type=OS.unix=socket;") {
		t.Errorf("MLSD: %q", got)
	}
	c.do("RETR fifo", "550 Not a regular file")
	data := c.passive()
	c.do("STOR fifo", "550")
	c.do("SIZE fifo", "550 Not a regular file")
	c.do("LIST", "150")
	if _, err := io.ReadAll(data); err != nil {
		t.Error(err)
	}
	c.expect("226")
}
