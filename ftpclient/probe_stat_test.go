package ftpclient

import (
	"strings"
	"testing"
)

// statRows reads what the three servers answered to STAT -a, and rows that have
// the code before them.
func TestStatRows(t *testing.T) {
	for name, lines := range map[string]string{
		"vsftpd 3.0.3": `213-Status follows:
drwxr-xr-x    3 0        0            4096 Nov 21 06:41 .
-rw-r--r--    1 0        0               1 Nov 21 06:41 .dot
-rw-r--r--    1 0        0               5 Nov 21 06:41  readme
drwxr-xr-x    2 0        0            4096 Nov 21 06:41 sub
213 End of status`,
		"ProFTPD 1.3.8": `212-Status of .:
 drwxr-xr-x   3 tester   0            4096 Nov 21 06:41 .
 -rw-r--r--   1 tester   0               1 Nov 21 06:41 .dot
 -rw-r--r--   1 tester   0               5 Nov 21 06:41  readme
 drwxr-xr-x   2 tester   0            4096 Nov 21 06:41 sub
212 End of status`,
		"Pure-FTPd 1.0.50": `213-STAT
drwxr-xr-x    3 65534      nogroup          4096 Nov 21 06:41 .
-rw-r--r--    1 65534      nogroup             1 Nov 21 06:41 .dot
-rw-r--r--    1 65534      nogroup             5 Nov 21 06:41  readme
drwxr-xr-x    2 65534      nogroup          4096 Nov 21 06:41 sub
213 End.`,
		"with codes": `213-Status
213-drwxr-xr-x    3 0        0            4096 Nov 21 06:41 .
213--rw-r--r--    1 0        0               1 Nov 21 06:41 .dot
213- -rw-r--r--   1 0        0               5 Nov 21 06:41  readme
213-drwxr-xr-x    2 0        0            4096 Nov 21 06:41 sub
213 End`,
	} {
		r, err := newReplyReader(strings.NewReader(strings.ReplaceAll(lines, "\n", "\r\n") + "\r\n")).read()
		if err != nil {
			t.Fatal(err)
		}
		l := statRows(r)
		if len(l.Entries) != 3 || !l.dots || len(l.Skipped) > 0 {
			t.Errorf("%s: %+v", name, l)
			continue
		}
		if e := l.Entries[1]; e.Name != " readme" || e.Size != 5 || e.Type != TypeFile || l.Entries[2].Type != TypeDir {
			t.Errorf("%s: %+v", name, l.Entries)
		}
	}
}
