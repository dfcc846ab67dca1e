package ftpserver

import (
	"fmt"
	"strings"
	"time"
)

// iisProfile is the FTP service of IIS: DOS rows in local time, no MLSx, no
// rename onto what exists, names whose case counts for nothing, and 550 with one text for all that can go wrong.
func iisProfile() *profile {
	return &profile{
		dotFiles: true,
		noDots:   true,
		banner:   []string{"Microsoft FTP Service"},
		syst:     "Windows_NT",
		feat:     []string{"LANG EN*", "UTF8", "SIZE", "MDTM", "REST STREAM"},
		missing:  []string{"MFF", "AVBL", "HASH", "RANG", "MLST", "MLSD", "MFMT", "SITE CHMOD", "SITE SYMLINK", "SITE UTIME", "STOU"},
		replies: map[string]reply{
			"PASS 230": say(230, "User logged in."),
			"PASS 530": say(530, "User cannot log in."),
			"USER 331": say(331, "Password required"),
			"CWD 250":  say(250, "CWD command successful."),
			"DELE 250": say(250, "DELE command successful."),
			"RMD 250":  say(250, "RMD command successful."),
			"RNFR 350": say(350, "Requested file action pending further information."),
			"RNTO 250": say(250, "RNTO command successful."),
			"OPTS 200": say(200, "OPTS UTF8 command successful - UTF8 encoding now ON."),
			"* 500":    say(500, "Command not recognized."),
			"* 502":    say(500, "Command not recognized."),
			"* 550":    errIIS, "* 450": errIIS, "* 451": errIIS, "* 452": errIIS, "* 552": errIIS, "* 553": errIIS,
		},
		commands:  map[string]func(*session, string) reply{"RNTO": renameOntoNothing, "SIZE": sizeInASCII},
		row:       dosRow,
		zone:      time.Local,
		foldsCase: true,
	}
}

var errIIS = say(550, "The system cannot find the file specified.")

// renameOntoNothing is RNTO that replaces nothing.
func renameOntoNothing(s *session, arg string) reply {
	name, err := s.name(arg)
	onlyCase := s.srv.profile.foldsCase && strings.EqualFold(name, s.renameFrom)
	if err == nil && s.renameFrom != "" && !onlyCase {
		if _, err := s.account.fs.Lstat(name); err == nil {
			return say(550, "Cannot create a file when that file already exists.")
		}
	}
	return s.cmdRnto(arg)
}

// dosRow is the row of DIR, in the server's zone. Windows follows links.
func dosRow(s *session, e entry) string {
	fi := e.fi
	if target, err := s.account.fs.Stat(fsName(e.path)); err == nil {
		fi = target
	}
	size := fmt.Sprintf("%20d", fi.Size())
	if fi.IsDir() {
		size = "      <DIR>" + strings.Repeat(" ", 9)
	}
	return s.zoned(fi.ModTime()).Format("01-02-06  03:04PM") + " " + size + " " + e.label
}
