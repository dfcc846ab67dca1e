package ftpserver_test

import (
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

func TestDirectories(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do(`MKD a"b`, `257 "/a""b" created.`)
		c.do(`CWD a"b`, "250")
		c.do("PWD", `257 "/a""b" is the current directory.`)
		c.do("XMKD sub", `257 "/a""b/sub"`)
		c.do("CWD sub", "250")
		c.do("CDUP", "250")
		c.do("XCUP", "250")
		c.do("XPWD", `257 "/" `)
		c.do("CDUP", "250")
		c.do("CWD ../../..", "250")
		c.do("PWD", `257 "/" `)
		c.do(`MKD a"b`, "550 File exists")
		c.do("MKD /", "550 File exists")
		c.do("MKD no/where", "550 No such file or directory")
		c.do(`RMD a"b`, "550 Directory not empty")
		c.do(`XCWD /a"b/./sub/..//sub`, "250")
		c.do(`RMD /a"b/sub`, "250")
		c.do("RMD /nope", "550 No such file or directory")
		c.do("RMD /", "550 Operation not permitted")
		c.do("DELE /", "550 Operation not permitted")
		c.do("RNFR /", "350")
		c.do("RNTO /x", "550 Operation not permitted")
		c.do("RNFR a\"b", "550")
	})
}

func TestFiles(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "f", "12345")
		write(t, fsys, "g", "g")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("MKD d", "257")
		c.do("MKD e", "257")
		c.do("DELE d", "550 Is a directory")
		c.do("RMD f", "550 Not a directory")
		c.do("CWD f", "550 Not a directory")
		c.do("DELE nope", "550 No such file or directory")
		c.do("SIZE f", "213 5")
		c.do("SIZE d", "550 Is a directory")
		c.do("MDTM d", "550 Is a directory")
		c.do("RETR d", "550 Is a directory")
		c.do("STOR d", "425")
		c.passive()
		c.do("STOR d", "550 Is a directory")
		c.do("STOR f/x", "550 Not a directory")
		c.do("STOR no/x", "550 No such file or directory")
		c.do("RNTO x", "503")
		c.do("RNFR nope", "550 No such file or directory")
		c.do("RNFR f", "350")
		c.do("NOOP", "200")
		c.do("RNTO x", "503")
		c.do("RNFR f", "350")
		c.do("RNTO d", "550 Is a directory")
		c.do("RNFR f", "350")
		c.do("RNTO no/f", "550 No such file or directory")
		c.do("RNFR d", "350")
		c.do("RNTO d/in", "550 Invalid argument")
		c.do("RNFR d", "350")
		c.do("RNTO e", "250")
		c.do("RNFR f", "350")
		c.do("RNTO g", "250")
		if got := read(t, fsys, "g"); got != "12345" {
			t.Errorf("after the rename: %q", got)
		}
		c.do("MKD "+strings.Repeat("n", 256), "553 File name too long")
		c.do("DELE g", "250")
	})
}

func TestTimes(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "a file", "")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("MKD d", "257")
		for set, want := range map[string]string{
			"MFMT 20210102030405 a file":                                         "20210102030405",
			"MFMT 19691231235959 a file":                                         "19691231235959",
			"MFMT 21060102030405.678 a file":                                     "21060102030405",
			"MFMT 20161231235960 a file":                                         "20170101000000",
			"SITE UTIME 202001020304 a file":                                     "20200102030400",
			"SITE UTIME 20200102030405 a file":                                   "20200102030405",
			"SITE UTIME a file 20010101000000 20020202020202 20030303030303 UTC": "20020202020202",
			"site utime a file 200101010000 200202020202 200303030303 utc":       "20020202020200",
		} {
			c.do(set, "2")
			c.do("MDTM a file", "213 "+want)
		}
		c.do("MFMT 20210102030405 d", "213 Modify=20210102030405; d")
		if row := c.do("MLST d", "250"); !strings.Contains(row, "modify=20210102030405;") {
			t.Errorf("directory: %q", row)
		}
		for _, bad := range []string{"MFMT 2021 a file", "MFMT 20211302030405 a file", "MFMT 20210102030405",
			"MFMT 20210102030405 ", "SITE UTIME a file", "SITE UTIME 202001020304", "SITE UTIME"} {
			c.do(bad, "501")
		}
		c.do("MFMT 20210102030405 nope", "550 No such file or directory")
		c.do("MDTM nope", "550 No such file or directory")
	})
}

func TestSite(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "f", "content")
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("SITE CHMOD 1640 f", "200")
		if row := c.do("MLST f", "250"); !strings.Contains(row, "UNIX.mode=1640;") {
			t.Errorf("mode: %q", row)
		}
		for _, bad := range []string{"SITE CHMOD 9 f", "SITE CHMOD 10000 f", "SITE CHMOD f", "SITE CHMOD 644 ",
			"SITE SYMLINK f", "SITE SYMLINK a b c", `SITE SYMLINK "a b" "c`} {
			c.do(bad, "501")
		}
		c.do("SITE CHMOD 600 nope", "550 No such file or directory")
		c.do("SITE NOSUCH", "504")
		c.do("SITE HELP", "214-")
		c.do("SITE HELP chmod", "214 Syntax: SITE CHMOD")
		c.do("SITE SYMLINK f l", "200")
		c.do("SITE SYMLINK f l", "550 File exists")
		c.do(`SITE SYMLINK "a ""b""" "x y"`, "200")
		if target, err := fsys.Readlink("x y"); target != `a "b"` || err != nil {
			t.Errorf("target %q, %v", target, err)
		}
		if got := c.get("RETR l"); got != "content" {
			t.Errorf("through the link: %q", got)
		}
		c.do("RETR x y", "550 No such file or directory")
		c.do("DELE l", "250")
		c.do("SIZE f", "213 7")
	})
}

// TestConfinement tries to leave the root by names and by links.
func TestConfinement(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("MKD d", "257")
		for link, target := range map[string]string{"abs": "/etc", "up": "..", "d/up": "../../etc"} {
			if err := fsys.Symlink(target, link); err != nil {
				t.Fatal(err)
			}
			c.do("CWD "+link, "550 Permission denied")
			c.do("RETR "+link+"/passwd", "550 Permission denied")
			c.do("MKD "+link+"/x", "550 Permission denied")
			c.do("DELE "+link+"/x", "550 Permission denied")
			c.do("RMD "+link+"/x", "550 Permission denied")
			c.do("SITE CHMOD 777 "+link, "550 Permission denied")
			c.do("MFMT 20200101000000 "+link, "550 Permission denied")
			c.do("RNFR d", "350")
			c.do("RNTO "+link+"/d", "550 Permission denied")
			c.passive()
			c.do("STOR "+link+"/x", "550 Permission denied")
			c.do("LIST "+link+"/", "150") // the link itself
			c.expect("226")
		}
		c.do("SIZE ../../../../etc/passwd", "550 No such file or directory")
		c.do("RNFR d", "350")
		c.do("RNTO ../../d2", "250")
		c.do("CWD /d2", "250")
		if err := fsys.Symlink("loop", "loop"); err != nil {
			t.Fatal(err)
		}
		c.do("CWD /loop", "550 Too many levels of symbolic links")
	})
}

func TestPermissions(t *testing.T) {
	fsys := ftpserver.NewMemFS(0) // DirFS cannot show this to root
	write(t, fsys, "f", "x")
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	c.do("MKD d", "257")
	c.do("SITE CHMOD 000 f", "200")
	c.do("SITE CHMOD 000 d", "200")
	c.do("RETR f", "550 Permission denied")
	c.passive()
	c.do("STOR f", "550 Permission denied")
	c.do("LIST d", "550 Permission denied")
	c.do("MKD d/x", "550 Permission denied")
	c.do("SIZE d/x", "550 Permission denied")
	c.do("SITE CHMOD 500 d", "200")
	c.do("STOR d/x", "550 Permission denied")
	c.do("RNFR f", "350")
	c.do("RNTO d/f", "550 Permission denied")
}

func TestMemFSTimesAreNow(t *testing.T) {
	before := time.Now()
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "x")
	fi, err := fsys.Stat("f")
	if err != nil || fi.ModTime().Before(before) || fi.ModTime().After(time.Now()) {
		t.Errorf("%v, %v", fi, err)
	}
}
