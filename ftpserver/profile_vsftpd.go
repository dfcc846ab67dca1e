package ftpserver

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// vsftpdProfile is vsftpd 3.0.3: no MLSx or MFMT, MDTM sets times, one text
// per command whatever went wrong, LIST of nothing is empty.
func vsftpdProfile() *profile {
	return &profile{
		banner:  []string{"(vsFTPd 3.0.3)"},
		feat:    []string{"EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS"},
		missing: []string{"MLST", "MLSD", "MFMT", "MFF", "HASH", "RANG", "AVBL", "SITE UTIME", "SITE SYMLINK"},
		replies: vsftpdReplies,
		site:    map[string]func(*session, string) reply{"UMASK": vsftpdUmask},
		commands: map[string]func(*session, string) reply{
			"STAT": vsftpdStat, "PORT": vsftpdPort, "SIZE": sizeInASCII, "MDTM": vsftpdMdtm, "RETR": vsftpdRetr, "OPTS": vsftpdOpts,
		},
		after:      vsftpdAfter,
		row:        vsftpdRow,
		find:       vsftpdFind,
		name:       func(arg string) string { return strings.ReplaceAll(arg, "\x00", "\n") },
		literalIAC: true,
		rawNames:   true,
		restart:    restart{pastEnd: leaveHole},
		deafAbor:   true,
		queueStat:  true,
		keepsCut:   true,
		full: func(_ int, perAddress bool) reply {
			if perAddress {
				return say(421, "There are too many connections from your internet address.")
			}
			return say(421, "There are too many connected users, please try later.")
		},
		idle: func(time.Duration) reply { return say(421, "Timeout.") },
	}
}

var vsftpdReplies = map[string]reply{
	"USER 331": say(331, "Please specify the password."),
	"PASS 230": say(230, "Login successful."),
	"CWD 250":  say(250, "Directory successfully changed."), "CWD 550": say(550, "Failed to change directory."),
	"MKD 550": say(550, "Create directory operation failed."),
	"RMD 250": say(250, "Remove directory operation successful."), "RMD 550": say(550, "Remove directory operation failed."),
	"DELE 250": say(250, "Delete operation successful."), "DELE 550": say(550, "Delete operation failed."),
	"RNFR 350": say(350, "Ready for RNTO."), "RNFR 550": say(550, "RNFR command failed."),
	"RNTO 250": say(250, "Rename successful."), "RNTO 550": say(550, "Rename failed."), "RNTO 450": say(550, "Rename failed."),
	"SIZE 550": say(550, "Could not get file size."),
	"MDTM 550": say(550, "Could not get file modification time."),
	"RETR 550": say(550, "Failed to open file."),
	"STOR 550": say(553, "Could not create file."), "APPE 550": say(553, "Could not create file."),
	"LIST 150": say(150, "Here comes the directory listing."), "LIST 226": say(226, "Directory send OK."),
	"NLST 150": say(150, "Here comes the directory listing."), "NLST 226": say(226, "Directory send OK."),
	"ABOR 225": say(225, "No transfer to ABOR."),
	"SITE 200": say(200, "SITE CHMOD command ok."), "SITE 550": say(550, "SITE CHMOD command failed."),
	"SITE 502": say(500, "Unknown SITE command."), "SITE 504": say(500, "Unknown SITE command."),
	"NOOP 200": say(200, "NOOP ok."),
	"REIN 220": say(502, "REIN not implemented."), "ACCT 202": say(502, "ACCT not implemented."),
	"PASV 501": say(550, "Permission denied."), "PORT 501": say(500, "Illegal PORT command."),
	"EPRT 501": say(500, "Illegal EPRT command."),
	"* 500":    say(500, "Unknown command."),
	"* 502":    say(500, "Unknown command."),
	"* 426":    say(426, "Failure writing network stream."),
}

// vsftpdOpts is OPTS, which knows UTF8 ON only.
func vsftpdOpts(_ *session, arg string) reply {
	if strings.EqualFold(arg, "UTF8 ON") {
		return say(200, "Always in UTF8 mode.")
	}
	return say(501, "Option not understood.")
}

// vsftpdMdtm is MDTM that sets the time of a file if one is given. With
// use_localtime both are in the zone of LIST.
func vsftpdMdtm(s *session, arg string) reply {
	stamp, file, ok := strings.Cut(arg, " ")
	t, valid := parseTimeVal(stamp)
	if !ok || !valid || len(stamp) != len(timeLayout) {
		fi, err := s.regular(arg)
		if err != nil {
			return fail(err)
		}
		return say(213, s.zoned(fi.ModTime()).Format(timeLayout))
	}
	if s.account.readOnly {
		return errReadOnly
	}
	if _, err := s.regular(file); err != nil {
		return say(550, "Could not set file modification time.")
	}
	if zone := s.srv.opts.Zone; zone != nil {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
	}
	name, err := s.name(file)
	if err == nil {
		err = s.account.fs.Chtimes(name, time.Time{}, t)
	}
	if err != nil {
		return fail(err)
	}
	return say(213, "File modification time set.")
}

// vsftpdUmask is SITE UMASK, which tells or sets what new files and
// directories are made without.
func vsftpdUmask(s *session, arg string) reply {
	if arg == "" {
		return sayf(200, "Your current UMASK is 0%o", s.umask)
	}
	bits, err := strconv.ParseUint(arg, 8, 9)
	if err != nil {
		return say(500, "SITE UMASK command failed.")
	}
	s.umask = fs.FileMode(bits)
	return sayf(200, "UMASK set to 0%o", bits)
}

// vsftpdPort has a reply of its own after EPSV ALL.
func vsftpdPort(s *session, arg string) reply {
	if s.epsvOnly {
		return say(550, "Permission denied.")
	}
	return s.cmdPort(arg)
}

// vsftpdRetr sends nothing if REST is past the end.
func vsftpdRetr(s *session, arg string) reply {
	if fi, err := s.regular(arg); err == nil {
		s.rest = min(s.rest, fi.Size())
	}
	return s.cmdRetr(arg)
}

// vsftpdAfter ends the session if a data connection did not resume the TLS
// session of its control connection.
func vsftpdAfter(s *session, verb string, r reply) {
	if r.code == errNotResumed.code && slices.Contains([]string{"RETR", "STOR", "APPE", "STOU", "LIST", "NLST"}, verb) {
		s.closing = true
	}
}
