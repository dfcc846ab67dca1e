package ftpserver

// embeddedProfile is the server of a printer, camera or controller: RFC 959's
// least and one session at a time.
func embeddedProfile() *profile {
	return &profile{
		dotFiles: true,
		banner:   []string{"FTP ready"},
		syst:     "VxWorks",
		missing: []string{"MFF", "AVBL", "HASH", "RANG", "FEAT", "OPTS", "SIZE", "REST", "MDTM", "MFMT", "EPSV", "EPRT", "MLST", "MLSD",
			"SITE", "STAT", "ALLO", "STOU", "APPE", "ACCT", "REIN", "ABOR"},
		replies: map[string]reply{
			"* 500": say(500, "?"),
			"* 502": say(500, "?"),
		},
		commands:       map[string]func(*session, string) reply{"LIST": emptyIfMissing, "RNTO": renameOntoNothing},
		maxConnections: 1,
	}
}
