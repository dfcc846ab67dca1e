package ftpclient

import "strings"

// nameFormat tells OS/400 to have paths with slashes, /QSYS.LIB/QGPL.LIB, in
// this session: QGPL/FILE.MBR is what it has without (quirkNameFormat). One that
// refuses goes on as it was, and is refused what it does not understand.
func (c *conn) nameFormat(system string) error {
	if !strings.Contains(strings.ToUpper(system), "OS/400") {
		return nil
	}
	_, err := c.cmd("SITE", "NAMEFMT 1")
	return err
}
