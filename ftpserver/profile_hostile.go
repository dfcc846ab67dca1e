package ftpserver

import (
	"fmt"
	"strings"
)

// hostileProfile is nobody's server: it does by malice, all at once, what
// servers have done by mistake and attackers on purpose, and still serves a
// client that trusts nothing. Replies come in odd forms, PASV points elsewhere
// (CVE-2020-8284), there is no EPSV, and listings hold names that lead out of
// the directory (CVE-2018-10916), break rows or cannot be numbers.
func hostileProfile() *profile {
	return &profile{
		banner:   []string{"Welcome", "230 You are in.", "421 Not really.", "220 Nor is this the end.", "Ready."},
		dotFiles: true,
		missing:  []string{"EPSV", "EPRT", "STAT", "HELP"},
		commands: map[string]func(*session, string) reply{"PASV": elsewhere},
		replies: map[string]reply{
			"OPTS 200": say(999, "What?"),
			"* 550":    say(550, ""),
		},
		after: func(s *session, _ string, r reply) {
			if r.code == 226 || r.code == 426 {
				s.send(say(150, "Opening once more."))
			}
		},
		frame: hostileFrame,
		extra: hostileRows,
	}
}

// elsewhere is PASV with an address that is not ours; the port is right.
func elsewhere(s *session, arg string) reply {
	r := s.cmdPasv(arg)
	if r.code != 227 {
		return r
	}
	fields := strings.Split(strings.Trim(r.lines[0][strings.Index(r.lines[0], "("):], "()."), ",")
	return sayf(227, "10,9,8,7,%s,%s", fields[4], fields[5])
}

// hostileFrame writes a reply with Telnet commands in it, lines of other codes
// without the space before them, bare LF and no text.
func hostileFrame(r reply) string {
	var b strings.Builder
	b.WriteString("\xff\xfc\x01")
	last := len(r.lines) - 1
	for i, text := range r.lines {
		switch {
		case i == last:
			fmt.Fprintf(&b, "%03d %s\n", r.code, wire(text, true))
		case i == 0:
			fmt.Fprintf(&b, "%03d-%s\n", r.code, wire(text, true))
		case strings.HasPrefix(text, fmt.Sprintf("%03d ", r.code)):
			fmt.Fprintf(&b, " %s\r\n", wire(text, true)) // the one form that would end it
		default:
			fmt.Fprintf(&b, "%s\r\n", wire(text, true))
		}
	}
	return b.String()
}

// hostileRows are put around the true rows of a listing.
func hostileRows(verb string) []string {
	long := strings.Repeat("x", 5000)
	switch verb {
	case "MLSD":
		return []string{
			"", "nospace", "type=cdir; /elsewhere", "type=dir; ..", "type=dir; .", "type=file;size=1; ../../escape",
			"type=file;size=1; /etc/passwd", "type=file;size=-1;modify=20200230999999; negative",
			"type=file;size=99999999999999999999; overflow", "type=;size=;modify=;perm=;unique=;UNIX.mode=; nothing",
			"type=OS.unix=slink:/etc/passwd;size=1; wayout", "type=file;size=1; ", "type=file;size=1; " + long,
			"type=file;size=1; esc\x1b[2Jape", "type=file;size=1; nul\x00byte", "type=dir;size=1;UNIX.mode=99999; mode",
		}
	case "LIST":
		return []string{
			"", "total -1", "-rw-r--r--", "drwxr-xr-x 2 0 0 4096 Jan  1  2020 ..", "drwxr-xr-x 2 0 0 4096 Jan  1  2020 .",
			"-rw-r--r-- 1 0 0 1 Jan  1  2020 ../../escape", "-rw-r--r-- 1 0 0 1 Jan  1  2020 /etc/passwd",
			"-rw-r--r-- 1 0 0 -1 Jan  1  2020 negative", "-rw-r--r-- 1 0 0 99999999999999999999 Jan  1  2020 overflow",
			"-rw-r--r-- 1 0 0 1 Feb 30 25:61 nodate", "lrwxrwxrwx 1 0 0 1 Jan  1  2020 wayout -> /etc/passwd",
			"lrwxrwxrwx 1 0 0 1 Jan  1  2020 ->  -> ", "-rw-r--r-- 1 0 0 1 Jan  1  2020 " + long,
			"-rw-r--r-- 1 0 0 1 Jan  1  2020 esc\x1b[2Jape", "-rw-r--r-- 1 0 0 1 Jan  1  2020 nul\x00byte",
		}
	}
	return []string{"..", "../../escape", "/etc/passwd", "", long}
}
