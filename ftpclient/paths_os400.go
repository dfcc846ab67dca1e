package ftpclient

import "strings"

// nameFormat tells OS/400 to have paths with slashes, /QSYS.LIB/QGPL.LIB, in
// this session: QGPL/FILE.MBR is what it has without (quirkNameFormat). One that
// refuses goes on as it was, and is refused what it does not understand.
var nameFormat = command{"SITE", "NAMEFMT 1"}

// namesFormats recognises by its SYST a server that has formats of names.
func namesFormats(system string) bool {
	return strings.Contains(strings.ToUpper(system), "OS/400")
}

// formatNames chooses the format in the first session, when SYST and PWD were
// answered, and asks for the directory in that.
func (s *setUp) formatNames() error {
	if !namesFormats(s.f.System) {
		return nil
	}
	if _, err := s.c.cmd(nameFormat.verb, nameFormat.arg); err != nil {
		return err
	}
	r, err := s.c.cmd("PWD", "")
	if err == nil && r.completed() {
		s.home(r)
	}
	return err
}
