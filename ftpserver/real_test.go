package ftpserver_test

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// realSteps are commands whose outcome is the same from a real server and from
// its profile. GET and PUT are before those with a data connection; what PUT
// sends follows a bar. Of listings the names count, of replies the codes.
var realSteps = []string{
	"SIZE a.bin", "SIZE d", "SIZE nope", "MDTM a.bin", "MDTM d", "MDTM nope",
	"TYPE A", "SIZE a.bin", "TYPE I",
	"OPTS UTF8 ON", "OPTS UTF8 OFF", "OPTS MLST type;size;modify;", "OPTS NOSUCH", "MODE Z", "MODE S", "STRU F", "STRU R",
	"PRET LIST", "CLNT x", "NOOP", "SYST", "ALLO 5", "ACCT x", "STAT", "HELP",
	"GET LIST", "GET LIST -a", "GET LIST d", "GET LIST d/", "GET LIST a.bin", "GET LIST d/in", "GET LIST ld", "GET LIST ld/", "GET LIST lf",
	"GET LIST nope", "GET LIST d/nope", "GET LIST a*", "GET LIST *.bin", "GET LIST empty", "GET LIST broken",
	"GET NLST", "GET NLST empty", "GET NLST d", "GET NLST nope", "GET NLST a.bin", "GET NLST a*",
	"GET MLSD", "GET MLSD d", "GET MLSD ld", "GET MLSD nope", "GET MLSD a.bin", "GET MLSD empty",
	"STAT a.bin", "STAT d", "STAT .", "STAT nope", "STAT empty", "STAT -a .",
	"MLST a.bin", "MLST lf", "MLST broken", "MLST d", "MLST nope",
	"HASH a.bin", "XMD5 a.bin", "XCRC a.bin", "XSHA256 a.bin", "MD5 a.bin", "RANG 1 3", "HASH a.bin", "RANG 1 3", "GET RETR a.bin", "GET RETR a.bin", "RANG 3 1", "RANG 1 0", "AVBL", "AVBL d",
	"REST 10", "GET RETR a.bin", "REST 15", "GET RETR a.bin", "REST 16", "GET RETR a.bin",
	"REST 3", "PUT STOR a.bin|XY", "GET RETR a.bin", "PUT STOR r|012345678901234", "REST 20", "PUT STOR r|Z", "GET RETR r",
	"PUT STOR s|0123456789", "REST 4", "PUT APPE s|++", "GET RETR s", "PUT APPE t|new", "GET RETR t", "REST 20", "PUT APPE s|--", "GET RETR s",
	"PUT STOR nodir/x|a", "PUT STOR d|a", "GET RETR d", "GET RETR nope", "GET RETR broken",
	"PUT STOR lf|through", "GET RETR lf", "GET RETR r",
	"MFMT 20200102030405 t", "MFMT 20200102030405 d", "MFMT 20200102030405 nope", "MDTM 20210102030405 t", "MDTM t",
	"MFF modify=20220102030405;UNIX.mode=0600; t", "MDTM t", "MFF nosuch=1; t",
	"SITE CHMOD 640 t", "SITE CHMOD 640 nope", "SITE UTIME 20200102030405 t", "SITE UTIME t 20230102030405 20230102030405 20230102030405 UTC", "MDTM t",
	"SITE UMASK", "SITE UMASK 022", "SITE NOSUCH", "SITE CPFR t", "SITE CPTO t2", "GET RETR t2", "SITE COPY t t3", "GET RETR t3",
	"SITE MKDIR sd", "SITE RMDIR sd",
	"MKD m", "MKD m", "MKD nodir/m", `MKD q"q`, `CWD q"q`, "PWD", "CWD /", "RMD q\"q", "MKD m/n", "RMD m", "RMD t", "DELE m", "DELE nope", "RMD nope",
	"CWD nope", "CWD t", "CDUP", "PWD",
	"RNTO x", "RNFR nope", "RNFR t", "RNTO t9", "RNFR t9", "RNTO s", "RNFR s", "RNTO m", "RNFR s", "RNTO nodir/s", "RNFR m", "RNTO empty", "RNFR m", "RNTO m/n/o",
	"RNFR m", "RNTO d", "RNFR empty", "RNTO e2",
	"PUT STOR  lead|x", "SIZE  lead", "SIZE _lead", "PUT STOR trail |x", "SIZE trail ", "SIZE trail_", "PUT STOR tab\tx|x", "SIZE tab\tx", "SIZE tab_x",
	"PUT STOR back\\slash|x", "GET RETR back\\slash", "SIZE back\\slash", "GET LIST .hid", "GET NLST -a",
	"MKD ff\xff\xff", "GET NLST", "EPSV 2", "EPSV 3", "EPSV ALL", "PASV", "EPRT |1|10.9.8.7|3000|", "PORT 10,9,8,7,8,8",
	"ABOR", "REIN", "XYZZY",
}

// otherwise are steps whose outcome depends on what a server is configured
// for: ProFTPD's ListOptions, the order of Pure-FTPd's checks of links.
var otherwise = map[string][]string{
	ftptest.ProFTPD:  {"GET LIST ld/"},
	ftptest.PureFTPd: {"PUT STOR lf|through", "GET RETR lf"},
}

// realTree is what both serve.
func realTree(t *testing.T, dir string, uid, gid int) {
	t.Helper()
	for _, d := range []string{"d", "empty"} {
		must(t, os.Mkdir(filepath.Join(dir, d), 0o777))
	}
	for name, text := range map[string]string{"a.bin": "0123456789abcde", "d/in": "in", ".hid": "", "new\nline": ""} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	for _, name := range []string{"d", "empty", "a.bin", "d/in", ".hid", "new\nline"} {
		must(t, os.Chown(filepath.Join(dir, name), uid, gid))
		must(t, os.Chtimes(filepath.Join(dir, name), time.Time{}, time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)))
	}
	for name, target := range map[string]string{"lf": "a.bin", "ld": "d", "broken": "nope"} {
		must(t, os.Symlink(target, filepath.Join(dir, name)))
		must(t, os.Lchown(filepath.Join(dir, name), uid, gid))
	}
}

// outcome runs a step.
func outcome(c *raw, step string) string {
	c.t.Helper()
	kind, command, _ := strings.Cut(step, " ")
	if kind != "GET" && kind != "PUT" {
		c.write(step + "\r\n")
		got := c.looseReply()
		if code := got[:3]; (strings.HasPrefix(step, "STAT ") || strings.HasPrefix(step, "MLST")) && code[0] == '2' {
			rows := strings.Split(got, "\n")
			return code + " " + rowNames(rows[1:len(rows)-1])
		}
		if got[0] == '2' && slices.Contains([]string{"SIZE", "MDTM", "HASH", "XMD5", "XCRC", "XSHA256", "MD5"}, kind) {
			return got
		}
		return got[:3]
	}
	command, body, _ := strings.Cut(command, "|")
	data := c.passive()
	defer data.Close()
	c.write(command + "\r\n")
	first := c.looseReply()[:3]
	if first[0] != '1' {
		return first
	}
	if kind == "PUT" {
		io.WriteString(data, body)
		data.Close()
		return first + " " + c.looseReply()[:3]
	}
	data.SetDeadline(time.Now().Add(patience))
	got, err := io.ReadAll(data)
	if err != nil {
		return first + " " + err.Error()
	}
	data.Close()
	text := string(got)
	if !strings.HasPrefix(command, "RETR") {
		text = rowNames(strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n"))
	}
	return first + " " + c.looseReply()[:3] + " " + text
}

func TestMain(m *testing.M) { ftptest.Main(m) }

// looseReply is reply for servers whose lines may end with LF.
func (c *raw) looseReply() string {
	c.t.Helper()
	var text []string
	for {
		l, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("after %q: %v", text, err)
		}
		text = append(text, strings.TrimRight(l, "\r\n"))
		if len(l) > 3 && l[3] == ' ' && l[:3] == text[0][:3] {
			return strings.Join(text, "\n")
		}
	}
}

// rowNames are the last words of rows, with the target of a link, sorted.
func rowNames(rows []string) string {
	for i, row := range rows {
		row = strings.TrimRight(row, "\r")
		if _, name, ok := strings.Cut(row, "; "); ok {
			rows[i] = name
		} else if f := strings.Fields(row); len(f) >= 9 {
			rows[i] = strings.Join(f[8:], " ")
		} else {
			rows[i] = row
		}
	}
	slices.Sort(rows)
	return strings.Join(rows, "|")
}

// TestProfilesAsReal runs the steps on the servers and on their profiles. As an
// ordinary user the servers serve otherwise: see the package ftptest.
func TestProfilesAsReal(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("the servers chroot as root only")
	}
	for _, name := range []string{ftptest.Vsftpd, ftptest.ProFTPD, ftptest.PureFTPd} {
		t.Run(name, func(t *testing.T) {
			var opts []ftptest.Option
			if name == ftptest.ProFTPD {
				opts = append(opts, ftptest.Extra("LoadModule mod_digest.c"))
			}
			real := ftptest.Start(t, name, opts...)
			dir := t.TempDir()
			realTree(t, dir, os.Getuid(), os.Getgid())
			realTree(t, real.Dir, real.UID, real.GID)
			addr := start(t, ftpserver.Options{FS: openDir(t, dir), Profile: name,
				Users: map[string]ftpserver.User{real.User: {Check: ftpserver.Password(real.Password)}}})
			theirs, ours := loginAs(t, real.Addr(), real.User, real.Password), loginAs(t, addr, real.User, real.Password)
			for _, step := range realSteps {
				if slices.Contains(otherwise[name], step) {
					continue
				}
				want, got := outcome(theirs, step), outcome(ours, step)
				if got != want {
					t.Errorf("%-30q real %q, profile %q", step, want, got)
				}
			}
		})
	}
}

func loginAs(t *testing.T, addr, user, password string) *raw {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, patience)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	c := &raw{t, conn, bufio.NewReader(conn)}
	c.expect("220")
	c.do("USER "+user, "331")
	c.do("PASS "+password, "230")
	c.do("TYPE I", "200")
	return c
}
