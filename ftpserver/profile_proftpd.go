package ftpserver

import (
	"errors"
	"io/fs"
	"strings"
	"time"
)

// proftpdProfile is ProFTPD 1.3.8: MLSD shows links without their target and
// hides broken ones, LIST of nothing fails after 150, times to come lose their
// year, and a RETR that fails costs the data connection.
func proftpdProfile() *profile {
	return &profile{
		banner: []string{"ProFTPD Server (Debian) ready."},
		feat: []string{"CLNT", "EPRT", "EPSV", "MD5", "MDTM", "MFF modify;UNIX.mode;", "MFMT", "RANG STREAM", "REST STREAM",
			"SITE COPY", "SITE MKDIR", "SITE RMDIR", "SITE SYMLINK", "SITE UTIME", "SIZE", "TVFS", "UTF8",
			"XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512"},
		facts: factList{"modify", "perm", "size", "type", "unique", "UNIX.group", "UNIX.groupname", "UNIX.mode",
			"UNIX.owner", "UNIX.ownername"},
		digest:  "SHA-1",
		missing: []string{"AVBL"},
		replies: map[string]reply{
			"USER 331": say(331, "Password required."),
			"CWD 250":  say(250, "CWD command successful"),
			"DELE 250": say(250, "DELE command successful"),
			"RMD 250":  say(250, "RMD command successful"),
			"RNFR 350": say(350, "File or directory exists, ready for destination name"),
			"RNTO 250": say(250, "Rename successful"),
			"NOOP 200": say(200, "NOOP command successful"),
			"ABOR 225": say(226, "Abort successful"),
			"LIST 451": say(450, "No such file or directory"),
			"MLSD 501": say(550, "Not a directory"),
			"NLST 550": say(450, "No such file or directory"),
			"ACCT 202": say(502, "ACCT command not implemented"), "REIN 220": say(502, "REIN command not implemented"),
			"MODE 504": say(501, "Unrecognized transfer mode"),
			"SITE 504": say(500, "SITE command not understood"),
			"PASV 501": say(500, "Illegal PASV command, EPSV ALL in effect"),
			"PORT 501": say(500, "Illegal PORT command"), "EPRT 501": say(500, "Illegal EPRT command"),
			"* 502":    say(500, "Command not understood"),
			"* 500":    say(500, "Command not understood"),
			"RETR 522": errProftpdData, "STOR 522": errProftpdData, "APPE 522": errProftpdData, "STOU 522": errProftpdData,
			"LIST 522": errProftpdData, "NLST 522": errProftpdData, "MLSD 522": errProftpdData,
		},
		commands: proftpdCommands(),
		site: map[string]func(*session, string) reply{
			"CPFR": proftpdCopyFrom, "CPTO": proftpdCopyTo, "COPY": proftpdCopy,
			"MKDIR": okOf(proftpdMkdir), "RMDIR": okOf((*session).cmdRmd),
		},
		row:      yearlessRow,
		find:     proftpdFind,
		mlsd:     followedLink,
		mlst:     proftpdMlst,
		onDisk:   true,
		rawNames: true,
		name:     func(arg string) string { before, _, _ := strings.Cut(arg, "\x00"); return before },
		restart:  restart{appends: true},
		lingers:  10 * time.Second,
		deafAbor: true, queueStat: true,
		keepsCut: true,
		full: func(limit int, perAddress bool) reply {
			if perAddress {
				return sayf(530, "Sorry, the maximum number of clients (%d) from your host are already connected.", limit)
			}
			return sayf(530, "Sorry, the maximum number of allowed clients (%d) already connected.", limit)
		},
		fullAtPass: true,
		idle: func(after time.Duration) reply {
			return sayf(421, "Idle timeout (%d seconds): closing control connection", int(after.Seconds()))
		},
		linkFact: "OS.unix=symlink",
		after: func(s *session, verb string, r reply) {
			if verb == "RETR" && r.code == 550 {
				s.dropData()
			}
		},
	}
}

var errProftpdData = say(425, "Unable to build data connection: Operation not permitted")

// lateIfMissing is LIST that opens the data connection before it looks.
func lateIfMissing(s *session, arg string) reply {
	req, err := s.listing("LIST", arg)
	if !errors.Is(err, fs.ErrNotExist) {
		return s.cmdList(arg)
	}
	if err := s.dataReady(); err != nil {
		return fail(err)
	}
	s.begin("LIST", req.path, nil, func(c *dataConn) error { return errors.Join(err, c.finish()) })
	return say(150, "Opening ASCII mode data connection for file list")
}

// yearlessRow shows a time to come with hour and minute instead of the year.
func yearlessRow(s *session, e entry) string {
	t := s.zoned(e.fi.ModTime())
	if t.Before(time.Now()) {
		return longRow(s, e)
	}
	return longRowWith(s, e, listTime(t, t))
}

// followedLink describes a link by what it leads to, and leaves out those
// that lead nowhere.
func followedLink(s *session, e entry) (entry, bool) {
	if e.fi.Mode()&fs.ModeSymlink == 0 {
		return e, true
	}
	fi, err := s.account.fs.Stat(fsName(e.path))
	e.fi = linkInfo{fi}
	return e, err == nil
}

// linkInfo is what a link leads to, under the type of a link.
type linkInfo struct{ fs.FileInfo }

func (l linkInfo) Mode() fs.FileMode { return l.FileInfo.Mode().Perm() | fs.ModeSymlink }
func (l linkInfo) IsDir() bool       { return false }
