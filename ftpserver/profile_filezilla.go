package ftpserver

// filezillaProfile is FileZilla Server 1: MLSD without Unix facts, no SITE
// CHMOD, and 425 for a data connection of TLS that is not resumed.
func filezillaProfile() *profile {
	refused := say(425, "Unable to build data connection: TLS session of data connection not resumed.")
	return &profile{
		banner:  []string{"FileZilla Server 1.8.2", "Please visit https://filezilla-project.org/"},
		syst:    "UNIX emulated by FileZilla.",
		feat:    []string{"MDTM", "REST STREAM", "SIZE", "UTF8", "EPSV", "EPRT", "MFMT", "TVFS"},
		facts:   factList{"type", "size", "modify", "perm"},
		missing: []string{"MFF", "AVBL", "HASH", "RANG", "SITE CHMOD", "SITE SYMLINK", "SITE UTIME", "ACCT", "STOU"},
		replies: map[string]reply{
			"USER 331": say(331, "Please, specify the password."),
			"PASS 230": say(230, "Login successful."),
			"CWD 250":  say(250, "CWD command successful"), "CWD 550": say(550, "Couldn't open the directory"),
			"DELE 250": say(250, "File deleted successfully."), "DELE 550": say(550, "Couldn't delete the file."),
			"RMD 250": say(250, "Directory deleted successfully."), "RMD 550": say(550, "Couldn't delete the directory."),
			"MKD 550":  say(550, "Couldn't create the directory."),
			"RNTO 250": say(250, "File or directory renamed successfully."),
			"RETR 550": say(550, "Couldn't open the file"), "STOR 550": say(550, "Couldn't open the file for writing"),
			"SIZE 550": say(550, "Couldn't get the file size"),
			"OPTS 501": say(501, "Option not understood."),
			"* 502":    say(500, "Wrong command."),
			"* 500":    say(500, "Wrong command."),
			"STOR 426": say(425, "Error while transfering data: ECONNABORTED - Connection aborted"),
			"RETR 522": refused, "STOR 522": refused, "APPE 522": refused,
			"LIST 522": refused, "NLST 522": refused, "MLSD 522": refused,
		},
		commands: map[string]func(*session, string) reply{"OPTS": filezillaOpts},
	}
}

func filezillaOpts(s *session, arg string) reply {
	if verb, _ := splitLine(arg); verb == "UTF8" {
		return say(202, "UTF8 mode is always enabled. No need to send this command")
	}
	return s.cmdOpts(arg)
}
