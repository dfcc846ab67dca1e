package ftpserver

import (
	"fmt"
	"slices"
	"strings"
)

func (s *session) cmdSyst(string) reply {
	if syst := s.srv.profile.syst; syst != "" {
		return say(215, syst)
	}
	return say(215, "UNIX Type: L8")
}

func (s *session) cmdNoop(string) reply { return say(200, "OK.") }

// cmdFeat is FEAT (RFC 2389 section 3), made from the command tables or the
// profile.
func (s *session) cmdFeat(string) reply {
	lines := s.srv.features()
	if s.srv.profile.feat != nil {
		lines = s.srv.profile.featLines(s.srv)
	}
	if s.srv.commands["HASH"].run != nil {
		lines = append(lines, s.hashFeature())
	}
	// One feature for both (RFC 3659 section 7.8).
	if s.srv.commands["MLST"].run != nil && s.srv.commands["MLSD"].run != nil {
		lines = append(lines, "MLST "+s.srv.profile.allFacts().feature(s.facts))
	}
	slices.Sort(lines)
	return say(211, slices.Concat([]string{"Features:"}, lines, []string{"End"})...)
}

// features are the lines of FEAT for what is enabled.
func (srv *Server) features() []string {
	lines := []string{"TVFS", "UTF8"}
	for _, table := range []map[string]command{srv.commands, srv.site} {
		for _, cmd := range table {
			if cmd.feat != "" {
				lines = append(lines, cmd.feat)
			}
		}
	}
	if srv.commands["SITE"].run == nil {
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "SITE ") })
	}
	return lines
}

// cmdOpts is OPTS (RFC 2389 section 4).
func (s *session) cmdOpts(arg string) reply {
	verb, options := splitLine(arg)
	switch {
	case verb == "UTF8" || verb == "UTF-8":
		if strings.EqualFold(options, "ON") || options == "" {
			return say(200, "Names are UTF-8.")
		}
		return say(501, "Names are always UTF-8.")
	case verb == "MLST" && s.srv.commands["MLST"].run != nil:
		s.facts = s.srv.profile.allFacts().choose(options)
		return say(200, strings.TrimSuffix("MLST OPTS "+s.facts.String(), " "))
	case verb == "HASH" && s.srv.commands["HASH"].run != nil:
		return s.optsHash(options)
	}
	return say(501, "No options for that.")
}

// cmdHelp is HELP (RFC 959 section 4.1.3).
func (s *session) cmdHelp(arg string) reply {
	if verb, rest := splitLine(arg); verb == "SITE" && rest != "" {
		return help(s.srv.site, "SITE ", rest)
	}
	return help(s.srv.commands, "", arg)
}

// help shows a table, or the syntax of one command in it.
func help(table map[string]command, prefix, verb string) reply {
	verb = strings.ToUpper(verb)
	if verb == "" {
		lines := []string{"Commands:"}
		for group := range slices.Chunk(enabled(table), 8) {
			lines = append(lines, strings.Join(group, " "))
		}
		return say(214, append(lines, "End")...)
	}
	cmd, ok := table[verb]
	if !ok || cmd.run == nil {
		return say(502, "No such command.")
	}
	return say(214, strings.TrimSpace("Syntax: "+prefix+verb+" "+cmd.args))
}

// cmdStat is STAT (RFC 959 section 4.1.3): the state of the session and its
// transfer, or a listing over the control connection.
func (s *session) cmdStat(arg string) reply {
	switch {
	case arg != "" && s.account == nil:
		return errLogin
	case arg != "":
		return s.statPath(arg)
	}
	user := "Not logged in"
	if s.account != nil {
		user = "Logged in as " + s.account.name
	}
	lines := []string{
		"Status:",
		"Connected from " + s.conn.RemoteAddr().String(),
		user,
		fmt.Sprintf("TYPE: %s, STRU: F, MODE: S", s.typeName()),
		s.protection(),
	}
	switch {
	case s.transfer != nil:
		lines = append(lines, fmt.Sprintf("%s: %d bytes so far", s.transfer.verb, s.transfer.count.Load()))
	case s.data != nil:
		lines = append(lines, "Data connection prepared")
	default:
		lines = append(lines, "No data connection")
	}
	return say(211, append(lines, "End of status")...)
}

// statPath lists as LIST -a, without "." and "..".
func (s *session) statPath(arg string) reply {
	req, err := s.listing("STAT", arg)
	if err != nil {
		return fail(err)
	}
	req.hidden = true
	code := 213
	if req.isDir {
		code = 212
	}
	lines := []string{"Status follows:"}
	lines = append(lines, req.rows(s, listRow)...)
	return say(code, append(lines, "End of status")...)
}
