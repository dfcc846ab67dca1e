package ftpserver_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// TestProfilesWhenFull: where and how a client learns that there is no room.
func TestProfilesWhenFull(t *testing.T) {
	for profile, want := range map[string]string{
		"vsftpd":   "421 There are too many connections from your internet address.",
		"proftpd":  "530 Sorry, the maximum number of clients (1) from your host are already connected.",
		"pureftpd": "421 Too many connections (1) from this IP",
	} {
		addr := start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), Profile: profile, MaxPerAddress: 1})
		first := login(t, addr)
		c := dial(t, addr)
		if profile == "proftpd" {
			c.expect("220")
			c.do("USER u", "331")
			c.write("PASS p\r\n")
		}
		c.expect(want)
		c.expectEOF()
		first.do("QUIT", "221")
		first.conn.Close()
		waitUntil(t, func() bool {
			again := dial(t, addr)
			defer again.conn.Close()
			if !strings.HasPrefix(again.reply(), "220") {
				return false
			}
			again.do("USER u", "331")
			again.write("PASS p\r\n")
			return strings.HasPrefix(again.reply(), "230")
		})
	}
}

func TestProfilesWhenIdle(t *testing.T) {
	for profile, want := range map[string]string{
		"vsftpd": "421 Timeout.", "proftpd": "421 Idle timeout (", "pureftpd": "421 Timeout - try typing a little faster next time"} {
		c := dial(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), Profile: profile, IdleTimeout: 20 * time.Millisecond}))
		c.expect("220")
		c.expect(want)
		c.expectEOF()
	}
}

// TestProfilesWhenClientLeaves: the last reply to a RETR whose client has
// closed early; that of Pure-FTPd is a preliminary one.
func TestProfilesWhenClientLeaves(t *testing.T) {
	for profile, want := range map[string]string{"vsftpd": "426", "proftpd": "426", "pureftpd": "150"} {
		fsys := ftpserver.NewMemFS(0)
		huge(t, fsys, "huge")
		c := profiled(t, profile, fsys)
		data := c.passive()
		c.do("RETR huge", "150")
		io.ReadFull(data, make([]byte, 1000))
		data.Close()
		c.expect(want)
		c.do("NOOP", "200") // nothing else was said
	}
}

// TestProfilesOnAbor: two of them hear ABOR only when the data has ended.
func TestProfilesOnAbor(t *testing.T) {
	for profile, want := range map[string][]string{"vsftpd": {"426", "225"}, "proftpd": {"426", "226"}, "pureftpd": {"426", "226"}} {
		fsys := ftpserver.NewMemFS(0)
		huge(t, fsys, "huge")
		c := profiled(t, profile, fsys)
		data := c.passive()
		c.do("RETR huge", "150")
		io.ReadFull(data, make([]byte, 1000))
		c.write("STAT\r\nABOR\r\n")
		if profile != "pureftpd" {
			c.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if got, err := c.r.Peek(1); err == nil {
				t.Errorf("%s: %q before the data has ended", profile, got)
			}
			c.conn.SetReadDeadline(time.Now().Add(patience))
			data.Close()
		}
		c.expect(want[0])
		c.expect("211")
		c.expect(want[1])
	}
}

// TestProftpdLingers: 226 comes when the client has closed.
func TestProftpdLingers(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "x")
	c := profiled(t, "proftpd", fsys)
	data := c.passive()
	c.do("RETR f", "150")
	if got, err := io.ReadAll(data); string(got) != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if got, err := c.r.Peek(1); err == nil {
		t.Errorf("%q before the client has closed", got)
	}
	c.conn.SetReadDeadline(time.Now().Add(patience))
	data.Close()
	c.expect("226")
}

// TestProfilesOrder: LIST is sorted everywhere, MLSD and NLST are as the disk
// has them where servers do not sort.
func TestProfilesOrder(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	for i := range 20 {
		write(t, fsys, fmt.Sprintf("%02d", i), "")
	}
	for profile, sorted := range map[string]bool{"vsftpd": true, "proftpd": false, "pureftpd": false, "": true} {
		c := profiled(t, profile, fsys)
		if !slices.IsSorted(names(c.get("LIST"))) {
			t.Errorf("%s: LIST is not sorted", profile)
		}
		rows := strings.Fields(c.get("NLST"))
		rows = slices.DeleteFunc(rows, func(name string) bool { return strings.HasPrefix(name, ".") })
		if slices.IsSorted(rows) != sorted || len(rows) != 20 {
			t.Errorf("%s: NLST: %q", profile, rows)
		}
		if profile != "vsftpd" && slices.IsSorted(names(c.get("MLSD"))) != sorted {
			t.Errorf("%s: MLSD: sorted is not %v", profile, sorted)
		}
	}
}

// TestProfilesDates: the forms of dates and their zones.
func TestProfilesDates(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	zone := time.FixedZone("", -5*3600)
	old, future := time.Date(2021, 3, 2, 1, 0, 0, 0, time.UTC), time.Date(2100, 3, 2, 1, 0, 0, 0, time.UTC)
	for name, at := range map[string]time.Time{"old": old, "future": future} {
		write(t, fsys, name, "")
		must(t, fsys.Chtimes(name, time.Time{}, at))
	}
	for profile, want := range map[string][2]string{
		"vsftpd": {"Mar 01  2021 old", "Mar 01  2100 future"}, "proftpd": {"Mar  1  2021 old", "Mar  1 20:00 future"},
		"pureftpd": {"Mar  1  2021 old", "Mar  1 20:00 future"}, "iis": {"03-01-21  08:00PM", "03-01-00  08:00PM"},
	} {
		c := login(t, start(t, ftpserver.Options{FS: fsys, Profile: profile, Zone: zone}))
		rows, _ := c.listPASV("LIST")
		for _, date := range want {
			if !strings.Contains(strings.Join(rows, "\n"), date) {
				t.Errorf("%s: LIST has no %q: %q", profile, date, rows)
			}
		}
		mdtm := "213 20210302010000"
		if profile == "vsftpd" {
			mdtm = "213 20210301200000"
			c.do("MDTM 20210301200000 old", "213 File modification time set.")
		}
		c.do("MDTM old", mdtm)
		if fi, err := fsys.Stat("old"); err != nil || !fi.ModTime().Equal(old) {
			t.Errorf("%s: time %v, %v", profile, fi.ModTime(), err)
		}
	}
}

// TestVsftpdNewlines: NUL stands for LF in commands, and 0xFF is a byte.
func TestVsftpdNewlines(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "new\nline", "12345")
	write(t, fsys, "ff\xff\xf4x", "123")
	c := profiled(t, "vsftpd", fsys)
	c.do("SIZE new\x00line", "213 5")
	c.do("SIZE ff\xff\xf4x", "213 3")
	c.do("SIZE ff\xff\xff\xf4x", "550")
	if got := c.get("LIST"); !strings.Contains(got, " new\nline\r\n") {
		t.Errorf("LIST: %q", got)
	}
	p := profiled(t, "proftpd", fsys)
	p.do("SIZE ff\xff\xff\xf4x", "213 3")
	p.do("SIZE ff\xff\xf4x", "550")
}
