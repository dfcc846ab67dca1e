package ftpserver_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// profiled serves fsys in the looks of a profile and logs in.
func profiled(t *testing.T, profile string, fsys ftpserver.FS) *raw {
	t.Helper()
	return login(t, start(t, ftpserver.Options{FS: fsys, Profile: profile}))
}

// viaPASV is passive for servers without EPSV.
func (c *raw) viaPASV() *net.TCPConn {
	c.t.Helper()
	m := regexp.MustCompile(`,(\d+),(\d+)\)`).FindStringSubmatch(c.do("PASV", "227"))
	return dialData(c.t, net.JoinHostPort("127.0.0.1", portOf(m[1], m[2])))
}

// listPASV runs a command that sends rows and returns them with the final reply.
func (c *raw) listPASV(command string) (rows []string, final string) {
	c.t.Helper()
	data := c.viaPASV()
	c.do(command, "150")
	rows = lines(c.t, data)
	return rows, c.reply()
}

// TestEveryProfile does what every server can.
func TestEveryProfile(t *testing.T) {
	for _, profile := range ftpserver.Profiles() {
		if profile == "hostile" {
			continue // has a test that bears it
		}
		t.Run(profile, func(t *testing.T) {
			fsys := ftpserver.NewMemFS(0)
			c := profiled(t, profile, fsys)
			c.do("MKD d", `257 "/d"`)
			data := c.viaPASV()
			c.do("STOR d/f", "150")
			data.Write([]byte("12345"))
			data.Close()
			c.expect("226")
			if rows, final := c.listPASV("RETR d/f"); len(rows) != 1 || rows[0] != "12345" || final[:3] != "226" {
				t.Errorf("RETR: %q, %q", rows, final)
			}
			if rows, final := c.listPASV("LIST d"); len(rows) != 1 || !strings.HasSuffix(rows[0], " f") || final[:3] != "226" {
				t.Errorf("LIST: %q, %q", rows, final)
			}
			c.do("RNFR d/f", "350")
			c.do("RNTO g", "250")
			c.do("DELE g", "250")
			c.do("DELE g", "550")
			c.do("RMD d", "250")
			c.do("XYZZY", "500")
			c.do("QUIT", "221")
			c.expectEOF()
		})
	}
	if _, err := ftpserver.New(ftpserver.Options{FS: ftpserver.NewMemFS(0), Profile: "nonesuch"}); err == nil {
		t.Error("an unknown profile was accepted")
	}
}

// features returns the lines of FEAT.
func (c *raw) features() []string {
	c.t.Helper()
	feat := strings.Split(c.do("FEAT", "211-"), "\n")
	for i := range feat {
		feat[i] = strings.TrimSpace(feat[i])
	}
	return feat[1 : len(feat)-1]
}

func TestVsftpdProfile(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "0123456789")
	write(t, fsys, ".hidden", "")
	c := profiled(t, "vsftpd", fsys)
	if got, want := c.features(), []string{"EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS"}; !slices.Equal(got, want) {
		t.Errorf("FEAT: %q", got)
	}
	for command, want := range map[string]string{
		"MLSD": "500 Unknown command.", "MLST f": "500 Unknown command.", "MFMT 20200101000000 f": "500",
		"OPTS UTF8 ON": "200 Always in UTF8 mode.", "OPTS UTF8 OFF": "501", "OPTS MLST size;": "501",
		"CWD nope": "550 Failed to change directory.", "SIZE nope": "550 Could not get file size.",
		"SITE UTIME 20200101000000 f": "500", "SITE CHMOD 600 f": "200 SITE CHMOD command ok.",
		"RMD f": "550 Remove directory operation failed.", "ABOR": "225",
	} {
		c.do(command, want)
	}
	c.do("MDTM 20200102030405 f", "213 File modification time set.")
	c.do("MDTM f", "213 20200102030405")
	c.do("MDTM 20200102030405 nope", "550")
	c.do("TYPE A", "200")
	c.do("SIZE f", "213 10")
	c.do("TYPE I", "200")
	if got := names(c.get("LIST")); !slices.Equal(got, []string{"f"}) {
		t.Errorf("LIST: %q", got)
	}
	if got := c.get("LIST nope"); got != "" {
		t.Errorf("LIST of a missing path: %q", got)
	}
	c.do("REST 11", "350")
	if got := c.get("RETR f"); got != "" {
		t.Errorf("past the end: %q", got)
	}
}

// TestVsftpdReuse: who does not resume loses the control connection as well.
func TestVsftpdReuse(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "x")
	for profile, want := range map[string]string{"vsftpd": "522", "proftpd": "425", "filezilla": "425"} {
		addr := serveTLS(t, ftpserver.Options{FS: fsys, Profile: profile, RequireSessionReuse: true}, false)
		config := clientTLS(t, tls.VersionTLS13)
		config.ClientSessionCache = nil
		c := loginTLS(t, addr, config)
		c.data("RETR f")
		c.expect(want)
		if profile == "vsftpd" {
			c.expectEOF()
		} else {
			c.do("NOOP", "200")
		}
	}
}

func TestProftpdProfile(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "0123456789")
	must(t, fsys.Symlink("f", "link"))
	must(t, fsys.Symlink("nope", "broken"))
	future := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	must(t, fsys.Chtimes("f", time.Time{}, future))
	c := profiled(t, "proftpd", fsys)
	mlsd := c.get("MLSD")
	if got := names(mlsd); !slices.Equal(got, []string{".", "..", "link", "f"}) {
		t.Errorf("MLSD: %q", got)
	}
	if !regexp.MustCompile(`(?m)^modify=21000101000000;.*size=10;type=OS.unix=symlink;.* link\r$`).MatchString(mlsd) {
		t.Errorf("MLSD does not describe the target: %q", mlsd)
	}
	list := c.get("LIST")
	if !strings.Contains(list, "broken -> nope") || !strings.Contains(list, "Jan  1 00:00 f") {
		t.Errorf("LIST: %q", list)
	}
	if rows, final := c.listPASV("LIST nope"); len(rows) > 0 || final[:3] != "450" {
		t.Errorf("LIST of a missing path: %q, %q", rows, final)
	}
	c.do("MLSD nope", "550")
	c.do("TYPE A", "200")
	c.do("SIZE f", "550")
	c.do("TYPE I", "200")
	c.passive()
	c.do("RETR nope", "550")
	c.do("RETR f", "425") // the data connection is gone
	c.do("ABOR", "226")
}

func TestFilezillaProfile(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "")
	c := profiled(t, "filezilla", fsys)
	if got := c.features(); !slices.Contains(got, "MLST type*;size*;modify*;perm*;") {
		t.Errorf("FEAT: %q", got)
	}
	c.do("OPTS UTF8 ON", "202")
	c.do("SITE CHMOD 600 f", "500")
	c.do("OPTS MLST size;UNIX.mode;", "200 MLST OPTS size;")
	if got := c.get("MLSD"); !strings.Contains(got, "size=0; f\r\n") {
		t.Errorf("MLSD: %q", got)
	}
}

func TestIISProfile(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "0123456789")
	write(t, fsys, ".dot", "")
	must(t, fsys.Mkdir("d", 0o755))
	noon := time.Date(2020, 2, 3, 16, 5, 0, 0, time.Local)
	for _, name := range []string{"f", ".dot", "d"} {
		must(t, fsys.Chtimes(name, time.Time{}, noon))
	}
	c := profiled(t, "iis", fsys)
	want := "02-03-20  04:05PM                    0 .dot\r\n" +
		"02-03-20  04:05PM       <DIR>          d\r\n" +
		"02-03-20  04:05PM                   10 f\r\n"
	for _, command := range []string{"LIST", "LIST -a", "LIST -la"} {
		if got := c.get(command); got != want {
			t.Errorf("%s:\n%q, want\n%q", command, got, want)
		}
	}
	c.do("SYST", "215 Windows_NT")
	c.do("MLSD", "500")
	c.do("RNFR f", "350")
	c.do("RNTO .dot", "550")
	c.do("RNFR f", "350")
	c.do("RNTO g", "250")
	text := c.do("RMD g", "550")
	if got := c.do("CWD nope", "550"); got != text {
		t.Errorf("%q and %q tell what is wrong", got, text)
	}
}

func TestEmbeddedProfile(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	huge(t, fsys, "huge")
	addr := start(t, ftpserver.Options{FS: fsys, Profile: "embedded"})
	c := login(t, addr)
	for _, command := range []string{"FEAT", "SIZE huge", "REST 1", "MDTM huge", "EPSV", "MLSD", "MLST huge", "ABOR"} {
		c.do(command, "500")
	}
	second := dial(t, addr)
	second.expect("421")
	second.expectEOF()
	data := c.viaPASV()
	c.do("RETR huge", "150")
	c.write("ABOR\r\n") // not known, so not obeyed either
	if n := len(strings.Join(lines(t, data), "")); n != 16<<20 {
		t.Errorf("got %d bytes", n)
	}
	c.expect("226")
	c.expect("500")
}

// lines reads to the end and splits at line ends.
func lines(t testing.TB, conn net.Conn) []string {
	t.Helper()
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	return strings.FieldsFunc(string(all), func(r rune) bool { return r == '\r' || r == '\n' })
}

// portOf is the port in the last two numbers of PASV's reply.
func portOf(high, low string) string {
	h, _ := strconv.Atoi(high)
	l, _ := strconv.Atoi(low)
	return strconv.Itoa(h<<8 | l)
}

func TestPureftpdProfile(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "old content")
	write(t, fsys, "tab\there", "")
	must(t, fsys.Symlink("f", "link"))
	addr := start(t, ftpserver.Options{FS: fsys, Profile: "pureftpd", Anonymous: true})
	c := login(t, addr)
	c.do("OPTS UTF8 ON", "504")
	c.do("OPTS MLST size;", "200  MLST OPTS type;size;sizd;modify;")
	c.do("PRET RETR f", "200")
	c.do(`MKD q"q`, `257 "/q"q"`)
	c.do("RMD q\"q", "250")
	c.do("MFMT 20200101000000 f", "213 UTIME OK")
	if got := c.get("MLSD"); strings.Contains(got, "tab") || !strings.Contains(got, "type=OS.unix=slink:;") {
		t.Errorf("MLSD: %q", got)
	}
	data := c.passive()
	c.do("STOR f", "150")
	data.Write([]byte("new"))
	if got := read(t, fsys, "f"); got != "old content" {
		t.Errorf("during the upload: %q", got)
	}
	data.Close()
	c.expect("226")
	c.do("SIZE f", "213 3")
	c.put("STOR  lead ", "x")
	c.do("SIZE _lead_", "213 1")
	c.do("RNFR f", "350")
	c.do("RNTO nope/f", "451")
	for i := range 10001 {
		must(t, fsys.Mkdir(fmt.Sprint("many", i), 0o755))
	}
	data = c.passive()
	c.do("MLSD", "150")
	if got := len(lines(t, data)); got != 10000 {
		t.Errorf("%d rows", got)
	}
	c.expect("226 Output truncated to 10000 matches")
	anonymous := dial(t, addr)
	anonymous.expect("220-")
	anonymous.do("USER ftp", "230")
	anonymous.do("DELE f", "550")
}

// hardened reads replies as a client must that meets the hostile profile.
func hardened(t *testing.T, c *raw) (reply func() (code, text string), do func(command string) (code, text string)) {
	line := func() string {
		l, err := c.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimRight(strings.ReplaceAll(l, "\xff\xfc\x01", ""), "\r\n")
	}
	reply = func() (string, string) {
		text := line()
		code := text[:3]
		for last := text; last[3] == '-' || !strings.HasPrefix(last, code+" "); {
			last = line() + "    "
			text += "\n" + last
		}
		return code, text
	}
	do = func(command string) (string, string) {
		c.write(command + "\r\n")
		return reply()
	}
	return reply, do
}

func TestHostileProfile(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "0123456789")
	c := dial(t, start(t, ftpserver.Options{FS: fsys, Profile: "hostile"}))
	reply, do := hardened(t, c)
	if code, text := reply(); code != "220" || !strings.Contains(text, "\n421 Not really.") {
		t.Errorf("greeting: %q", text)
	}
	for _, step := range [][2]string{{"USER u", "331"}, {"PASS p", "230"}, {"TYPE I", "200"}, {"EPSV", "502"},
		{"OPTS UTF8 ON", "999"}, {"SIZE f", "213"}, {"SIZE nope", "550"}, {"PWD", "257"}} {
		if code, text := do(step[0]); code != step[1] {
			t.Fatalf("%s: %q", step[0], text)
		}
	}
	transfer := func(command string) []string {
		_, text := do("PASV")
		m := regexp.MustCompile(`^227 10,9,8,7,(\d+),(\d+)`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("PASV: %q", text)
		}
		data := dialData(t, net.JoinHostPort("127.0.0.1", portOf(m[1], m[2])))
		if code, text := do(command); code != "150" {
			t.Fatalf("%s: %q", command, text)
		}
		rows := lines(t, data)
		for _, want := range []string{"150", "226"} {
			if code, text := reply(); code != want {
				t.Fatalf("%s: %q", command, text)
			}
		}
		return rows
	}
	if got := transfer("RETR f"); len(got) != 1 || got[0] != "0123456789" {
		t.Errorf("RETR: %q", got)
	}
	for _, command := range []string{"LIST", "MLSD", "NLST"} {
		rows := transfer(command)
		evil := slices.ContainsFunc(rows, func(row string) bool { return strings.HasSuffix(row, "../../escape") })
		if last := rows[len(rows)-1]; !evil || !strings.HasSuffix(last, "f") {
			t.Errorf("%s: %q", command, rows)
		}
	}
}
