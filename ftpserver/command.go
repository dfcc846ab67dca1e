package ftpserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// command is an entry of the command table.
type command struct {
	run  func(s *session, arg string) reply
	args string // the syntax, for HELP
	feat string // the line of FEAT (RFC 2389 section 3.2), if it has one

	beforeLogin bool // allowed without login
	writes      bool // refused where nothing may be changed
	needsArg    bool // 501 without an argument
	keepsRest   bool // may stand between REST and the transfer it is for
}

// commandTable returns all commands by verb: what is in it is implemented.
func commandTable() map[string]command {
	t := map[string]command{
		"USER": {run: (*session).cmdUser, args: "<sp> name", needsArg: true, beforeLogin: true},
		"PASS": {run: (*session).cmdPass, args: "<sp> password", beforeLogin: true},
		"ACCT": {run: (*session).cmdAcct, args: "<sp> account", beforeLogin: true},
		"REIN": {run: (*session).cmdRein, beforeLogin: true},
		"QUIT": {run: (*session).cmdQuit, beforeLogin: true},
		"AUTH": {run: (*session).cmdAuth, args: "<sp> TLS", needsArg: true, beforeLogin: true, feat: "AUTH TLS"},
		"PBSZ": {run: (*session).cmdPbsz, args: "<sp> 0", needsArg: true, beforeLogin: true, feat: "PBSZ"},
		"PROT": {run: (*session).cmdProt, args: "<sp> P|C", needsArg: true, beforeLogin: true, feat: "PROT"},

		"SYST": {run: (*session).cmdSyst, beforeLogin: true},
		"FEAT": {run: (*session).cmdFeat, beforeLogin: true},
		"OPTS": {run: (*session).cmdOpts, args: "<sp> command [<sp> options]", needsArg: true, beforeLogin: true},
		"HELP": {run: (*session).cmdHelp, args: "[<sp> command]", beforeLogin: true},
		"NOOP": {run: (*session).cmdNoop, beforeLogin: true, keepsRest: true},
		"STAT": {run: (*session).cmdStat, args: "[<sp> path]", beforeLogin: true},
		"SITE": {run: (*session).cmdSite, args: "<sp> command", needsArg: true, beforeLogin: true},

		"CWD":  {run: (*session).cmdCwd, args: "<sp> path", needsArg: true},
		"CDUP": {run: (*session).cmdCdup},
		"PWD":  {run: (*session).cmdPwd},
		"MKD":  {run: (*session).cmdMkd, args: "<sp> path", needsArg: true, writes: true},
		"RMD":  {run: (*session).cmdRmd, args: "<sp> path", needsArg: true, writes: true},

		"DELE": {run: (*session).cmdDele, args: "<sp> path", needsArg: true, writes: true},
		"RNFR": {run: (*session).cmdRnfr, args: "<sp> path", needsArg: true, writes: true},
		"RNTO": {run: (*session).cmdRnto, args: "<sp> path", needsArg: true, writes: true},
		"SIZE": {run: (*session).cmdSize, args: "<sp> path", needsArg: true, feat: "SIZE"},
		"MDTM": {run: (*session).cmdMdtm, args: "<sp> path", needsArg: true, feat: "MDTM"},
		"MFF":  {run: (*session).cmdMff, args: "<sp> fact=value; <sp> path", needsArg: true, writes: true, feat: "MFF modify;UNIX.mode;"},
		"AVBL": {run: (*session).cmdAvbl, args: "[<sp> path]", feat: "AVBL"},
		"HASH": {run: (*session).cmdHash, args: "<sp> path", needsArg: true},
		"RANG": {run: (*session).cmdRang, args: "<sp> first <sp> last", needsArg: true, keepsRest: true, feat: "RANG STREAM"},
		"MFMT": {run: (*session).cmdMfmt, args: "<sp> YYYYMMDDHHMMSS <sp> path", needsArg: true, writes: true, feat: "MFMT"},

		"PORT": {run: (*session).cmdPort, args: "<sp> h1,h2,h3,h4,p1,p2", needsArg: true, keepsRest: true},
		"EPRT": {run: (*session).cmdEprt, args: "<sp> |protocol|address|port|", needsArg: true, keepsRest: true, feat: "EPRT"},
		"PASV": {run: (*session).cmdPasv, keepsRest: true, feat: "PASV"},
		"EPSV": {run: (*session).cmdEpsv, args: "[<sp> 1|2|ALL]", keepsRest: true, feat: "EPSV"},
		"TYPE": {run: (*session).cmdType, args: "<sp> A|I|L 8", needsArg: true, keepsRest: true},
		"STRU": {run: (*session).cmdStru, args: "<sp> F", needsArg: true},
		"MODE": {run: (*session).cmdMode, args: "<sp> S", needsArg: true},
		"ALLO": {run: (*session).cmdAllo, args: "<sp> size [<sp> R <sp> size]", needsArg: true},
		"REST": {run: (*session).cmdRest, args: "<sp> offset", needsArg: true, keepsRest: true, feat: "REST STREAM"},
		"ABOR": {run: (*session).cmdAbor},

		"RETR": {run: (*session).cmdRetr, args: "<sp> path", needsArg: true},
		"STOR": {run: (*session).cmdStor, args: "<sp> path", needsArg: true, writes: true},
		"STOU": {run: (*session).cmdStou, args: "[<sp> path]", writes: true},
		"APPE": {run: (*session).cmdAppe, args: "<sp> path", needsArg: true, writes: true},
		"LIST": {run: (*session).cmdList, args: "[<sp> -al] [<sp> path]"},
		"NLST": {run: (*session).cmdNlst, args: "[<sp> -al] [<sp> path]"},
		"MLST": {run: (*session).cmdMlst, args: "[<sp> path]"},
		"MLSD": {run: (*session).cmdMlsd, args: "[<sp> path]"},
	}
	// RFC 775's names, which RFC 1123 section 4.1.3.1 keeps alive.
	for x, verb := range map[string]string{"XCWD": "CWD", "XCUP": "CDUP", "XPWD": "PWD", "XMKD": "MKD", "XRMD": "RMD"} {
		t[x] = t[verb]
	}
	return t
}

// disable takes a command out of the tables; it is answered with 502.
func (srv *Server) disable(name string) error {
	table, key := srv.commands, strings.ToUpper(name)
	if sub, ok := strings.CutPrefix(key, "SITE "); ok {
		table, key = srv.site, sub
	}
	if _, ok := table[key]; !ok {
		return fmt.Errorf("ftpserver: no command %q to disable", name)
	}
	table[key] = command{}
	return nil
}

// enabled lists the verbs of a table that are not disabled.
func enabled(table map[string]command) []string {
	var verbs []string
	for _, verb := range slices.Sorted(maps.Keys(table)) {
		if table[verb].run != nil {
			verbs = append(verbs, verb)
		}
	}
	return verbs
}

// dispatch runs one command and returns its answer.
func (s *session) dispatch(verb, arg string) reply {
	cmd, known := s.srv.commands[verb]
	if !known {
		return s.unknownCommand(verb)
	}
	s.unknown = 0
	r := s.run(cmd, arg)
	if !cmd.keepsRest {
		s.rest, s.rangeEnd = 0, 0
	}
	if verb != "RNFR" {
		s.renameFrom = ""
	}
	return r
}

var errLogin = say(530, "Please login with USER and PASS.")

// run checks what the table says of cmd and runs it.
func (s *session) run(cmd command, arg string) reply {
	switch {
	case cmd.run == nil:
		return say(502, "Command not implemented.")
	case !cmd.beforeLogin && s.account == nil:
		return errLogin
	case cmd.needsArg && arg == "":
		return say(501, "Argument missing.")
	case cmd.writes && s.account.readOnly:
		return errReadOnly
	}
	return cmd.run(s, arg)
}

// httpVerbs begin the requests of a browser that was tricked into talking to
// us; there is no second line to wait for.
var httpVerbs = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

func (s *session) unknownCommand(verb string) reply {
	s.unknown++
	limit := maxUnknown
	if s.account != nil {
		limit = maxUnknownLoggedIn
	}
	if s.unknown >= limit || slices.Contains(httpVerbs, verb) {
		s.closing = true
		return say(500, "Command not understood; closing control connection.")
	}
	return say(500, "Command not understood.")
}
