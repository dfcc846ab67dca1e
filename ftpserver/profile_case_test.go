package ftpserver_test

import (
	"slices"
	"testing"

	"ftpfs/ftpserver"
)

// TestIISFoldsCase: a name is found in any case and kept as it was made.
func TestIISFoldsCase(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		must(t, fsys.Mkdir("Dir", 0o755))
		write(t, fsys, "Dir/File.TXT", "12345")
		c := profiled(t, "iis", fsys)
		c.do("SIZE dir/file.txt", "213 5")
		c.do("CWD DIR", "250")
		putPASV(c, "STOR FILE.txt", "new")
		if got := read(t, fsys, "Dir/File.TXT"); got != "new" {
			t.Errorf("STOR in another case: %q", got)
		}
		c.do("MKD file.txt", "550")
		c.do("MKD Other", "257")
		c.do("RNFR other", "350")
		c.do("RNTO FILE.TXT", "550")
		c.do("RNFR file.txt", "350")
		c.do("RNTO file.txt", "250") // only the case changes
		rows, _ := c.listPASV("NLST")
		if !slices.Equal(rows, []string{"Other", "file.txt"}) {
			t.Errorf("NLST: %q", rows)
		}
		c.do("DELE FILE.TXT", "250")
		c.do("RMD /dir/OTHER", "250")
		c.do("CWD /nope/x", "550")
	})
}

// putPASV is put for servers without EPSV.
func putPASV(c *raw, command, body string) {
	c.t.Helper()
	data := c.viaPASV()
	c.do(command, "150")
	if _, err := data.Write([]byte(body)); err != nil {
		c.t.Fatal(err)
	}
	data.Close()
	c.expect("226")
}
