package ftpserver

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// profile is how another server differs from this one, as far as clients can
// tell. The zero value of a field is our own way. Commands are changed in the
// table when the server is made, replies in session.answer.
type profile struct {
	banner []string // of the greeting, unless the options have one
	syst   string
	feat   []string // lines of FEAT, without those of TLS and MLST
	facts  factList // of MLSx; nil means ours

	// missing are the commands that it does not have.
	missing []string
	// replies replace ours, by "VERB code" or "* code".
	replies map[string]reply
	// commands have ways of their own, or are its own.
	commands map[string]func(s *session, arg string) reply
	// site are commands of SITE of its own, which change things.
	site map[string]func(s *session, arg string) reply
	// after sees each final reply before it is sent.
	after func(s *session, verb string, r reply)

	row      func(s *session, e entry) string        // of LIST
	mlsd     func(s *session, e entry) (entry, bool) // what MLSD shows of an entry, if it does
	mlst     func(s *session, arg string, e entry) (entry, error)
	hides    func(name string) bool // what no listing shows
	linkFact string                 // the type fact of a link

	// frame writes a reply as it goes over the wire.
	frame func(r reply) string
	// extra are rows that stand before those of a listing.
	extra func(verb string) []string

	dotFiles       bool // LIST shows them without -a
	noDots         bool // LIST shows neither "." nor "..", with -a or without
	maxEntries     int  // of a listing, the rest is left out; 0: no limit
	maxConnections int  // unless the options have one

	// find fills in what LIST, NLST and STAT were asked for; nil: session.find.
	find      func(s *session, req *listing, arg string) error
	plainNlst bool // NLST takes no options
	onDisk    bool // MLSD and NLST are not sorted
	// rawNames: names with line ends are shown, and break their rows.
	rawNames bool
	// zone is that of LIST's times, unless the options have one; nil: UTC.
	zone *time.Location
	// digest is what HASH begins with; "": SHA-256.
	digest string

	// name makes the path of a command's argument; nil: NUL, CR, LF refused.
	name func(arg string) string
	// literalIAC: 0xFF is a byte like any other, there is no Telnet.
	literalIAC bool
	foldsCase  bool // names that differ in case only are one

	restart   restart
	keepsCut  bool          // what arrived of an upload that TLS did not end stays
	lingers   time.Duration // that a final 226 waits for the client to close
	left      *reply        // of a RETR whose client closed early
	deafAbor  bool          // ABOR waits for the transfer's end
	queueStat bool          // STAT as well

	// full is why there is no room, and fullAtPass says so at PASS only.
	full       func(limit int, perAddress bool) reply
	fullAtPass bool
	// idle is what a silent client is told.
	idle func(after time.Duration) reply
}

// restart is what a server makes of REST before an upload.
type restart struct {
	pastEnd  pastEnd
	cutsTail bool // the file ends where the upload ended
	appends  bool // APPE obeys it as well
}

// pastEnd is what STOR does with an offset past the end of the file.
type pastEnd int

const (
	refusePastEnd pastEnd = iota // 554
	leaveHole                    // zeros between the end and the offset
	writeAtEnd                   // the offset is forgotten
)

func (p *profile) firstDigest() string { return cmp.Or(p.digest, defaultDigest) }

// profiles are all profiles by the name that Options.Profile gives.
var profiles = map[string]func() *profile{
	"vsftpd":    vsftpdProfile,
	"proftpd":   proftpdProfile,
	"filezilla": filezillaProfile,
	"iis":       iisProfile,
	"embedded":  embeddedProfile,
	"hostile":   hostileProfile,
	"pureftpd":  pureftpdProfile,
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
		if cmd, known := srv.commands[verb]; !known || cmd.run != nil {
			cmd.run = run
			srv.commands[verb] = cmd
		}
	}
	for verb, run := range p.site {
		srv.site[verb] = command{run: run, writes: true}
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
	req, err := s.listing("LIST", arg)
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
