package ftpserver

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// profile is how another server differs from this one, as far as clients can
// tell. The zero value of a field is our own way. Commands are changed in the
// table when the server is made, replies in session.answer.
type profile struct {
	banner []string // of the greeting, unless the options have one
	syst   string
	feat   []string // lines of FEAT, without those of TLS and MLST
	facts  factSet  // of MLSx; none means all

	// missing are the commands that it does not have.
	missing []string
	// replies replace ours, by "VERB code" or "* code".
	replies map[string]reply
	// commands have ways of their own.
	commands map[string]func(s *session, arg string) reply
	// after sees each final reply before it is sent.
	after func(s *session, verb string, r reply)

	row      func(s *session, e entry) string        // of LIST
	mlsd     func(s *session, e entry) (entry, bool) // what MLSD shows of an entry, if it does
	linkFact string                                  // the type fact of a link

	dotFiles       bool // LIST shows them without -a
	maxConnections int  // unless the options have one
}

// profiles are all profiles by the name that Options.Profile gives.
var profiles = map[string]func() *profile{
	"vsftpd":    vsftpdProfile,
	"proftpd":   proftpdProfile,
	"filezilla": filezillaProfile,
	"iis":       iisProfile,
	"embedded":  embeddedProfile,
}

// Profiles returns the names that Options.Profile can have, sorted.
func Profiles() []string { return slices.Sorted(maps.Keys(profiles)) }

// findProfile returns our own ways for the empty name.
func findProfile(name string) (*profile, error) {
	if name == "" {
		return &profile{}, nil
	}
	build, ok := profiles[name]
	if !ok {
		return nil, fmt.Errorf("ftpserver: no profile %q; there are %s", name, strings.Join(Profiles(), ", "))
	}
	return build(), nil
}

// shape applies the profile to the command tables.
func (p *profile) shape(srv *Server) error {
	for verb, run := range p.commands {
		cmd, ok := srv.commands[verb]
		if !ok {
			return fmt.Errorf("ftpserver: profile changes unknown command %q", verb)
		}
		if cmd.run != nil {
			cmd.run = run
			srv.commands[verb] = cmd
		}
	}
	for _, name := range p.missing {
		if err := srv.disable(name); err != nil {
			return err
		}
	}
	return nil
}

// reply is what the profile says where we say r.
func (p *profile) reply(verb string, r reply) reply {
	for _, key := range []string{verb, "*"} {
		if own, ok := p.replies[fmt.Sprintf("%s %d", key, r.code)]; ok {
			return own
		}
	}
	return r
}

// greeting is the reply to connecting.
func (srv *Server) greeting() reply {
	if lines := srv.profile.banner; lines != nil && srv.opts.Banner == "" {
		return say(220, lines...)
	}
	if srv.opts.Banner == "" {
		return say(220, defaultBanner)
	}
	return say(220, srv.opts.Banner)
}

// featLines are the profile's lines of FEAT for what is enabled.
func (p *profile) featLines(srv *Server) []string {
	var lines []string
	for _, line := range slices.Concat(p.feat, []string{"AUTH TLS", "PBSZ", "PROT"}) {
		verb, _ := splitLine(line)
		if cmd, known := srv.commands[verb]; !known || cmd.run != nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// listRow is a row of LIST.
func listRow(s *session, e entry) string {
	if row := s.srv.profile.row; row != nil {
		return row(s, e)
	}
	return longRow(s, e)
}

// emptyIfMissing is LIST of a server that shows a path that does not exist as
// an empty directory.
func emptyIfMissing(s *session, arg string) reply {
	req, err := s.listing(arg)
	if !errors.Is(err, fs.ErrNotExist) {
		return s.cmdList(arg)
	}
	if err := s.dataReady(); err != nil {
		return fail(err)
	}
	return s.sendRows("LIST", req.path, nil)
}

// sizeInASCII is SIZE of a server that tells the size of the file whatever
// the type is.
func sizeInASCII(s *session, arg string) reply {
	ascii := s.ascii
	defer func() { s.ascii = ascii }()
	s.ascii = false
	return s.cmdSize(arg)
}
