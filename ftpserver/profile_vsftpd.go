package ftpserver

import (
	"slices"
	"strings"
	"time"
)

// vsftpdProfile is vsftpd 3.0.3: no MLSx or MFMT, MDTM sets times, one text
// per command whatever went wrong, LIST of nothing is empty.
func vsftpdProfile() *profile {
	return &profile{
		banner:  []string{"(vsFTPd 3.0.3)"},
		feat:    []string{"EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS"},
		missing: []string{"MLST", "MLSD", "MFMT", "SITE UTIME", "SITE SYMLINK"},
		replies: vsftpdReplies,
		commands: map[string]func(*session, string) reply{
			"LIST": emptyIfMissing, "SIZE": sizeInASCII, "MDTM": vsftpdMdtm, "RETR": vsftpdRetr, "OPTS": vsftpdOpts,
		},
		after: vsftpdAfter,
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

// vsftpdMdtm is MDTM that sets the time of a file if one is given.
func vsftpdMdtm(s *session, arg string) reply {
	stamp, file, ok := strings.Cut(arg, " ")
	t, valid := parseTimeVal(stamp)
	if !ok || !valid || len(stamp) != len(timeLayout) {
		return s.cmdMdtm(arg)
	}
	if s.account.readOnly {
		return errReadOnly
	}
	if _, err := s.regular(file); err != nil {
		return say(550, "Could not set file modification time.")
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
