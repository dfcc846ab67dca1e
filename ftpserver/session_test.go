package ftpserver_test

import (
	"testing"

	"ftpfs/ftpserver"
)

// TestSession walks through what a filesystem client does first.
func TestSession(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		c := login(t, start(t, ftpserver.Options{FS: fsys}))
		c.do("MKD /d", `257 "/d"`)
		big := pattern(3 << 20)
		c.put("STOR /d/f", big)
		c.do("SIZE /d/f", "213 3145728")
		if got := c.get("RETR /d/f"); got != big {
			t.Fatalf("RETR returned %d other bytes", len(got))
		}
		if got := names(c.get("LIST /d")); len(got) != 1 || got[0] != "f" {
			t.Errorf("LIST shows %q", got)
		}
		if got := names(c.get("MLSD /d")); len(got) != 3 || got[2] != "f" {
			t.Errorf("MLSD shows %q", got)
		}
		c.do("RNFR /d/f", "350")
		c.do("RNTO /g", "250")
		c.do("SIZE /d/f", "550 No such file or directory")
		c.do("DELE /g", "250")
		c.do("RMD /d", "250")
		c.do("CWD /d", "550 No such file or directory")
		c.do("QUIT", "221")
		c.expectEOF()
	})
}
