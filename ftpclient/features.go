package ftpclient

import (
	"slices"
	"strings"
	"sync"
)

// Features is what is known of a server: what FEAT said and what its replies
// taught. It is a snapshot.
type Features struct {
	Greeting string
	System   string   // reply to SYST, if it was asked
	Home     string   // the directory after login
	Feat     []string // the lines of FEAT, trimmed

	MLST bool // MLST and MLSD
	UTF8 bool

	// What was learned. Zero means not tried yet. Facts has the evidence.
	EPSV, Size, MDTM, Rest, MFMT, MDTMSet, SiteUtime, SiteChmod, SiteSymlink, ListAll Support

	// EPRT: it is to be used rather than PORT, which is refused. PRET: it is
	// wanted before EPSV and PASV.
	EPRT, PRET Support
	// Pipelining: several commands in one write are answered one by one, in
	// their order.
	Pipelining Support
	// StatList: "STAT -a .", sent after CWD, lists that directory over the control
	// connection, as completely as MLSD or LIST -a do, names that begin with a
	// dot too.
	StatList Support
	// DataAhead: a data connection may be opened, other commands sent, and then
	// the transfer begun; and commands written behind a transfer are answered after
	// it, EPSV or PASV for the next one among them. No after either has failed.
	DataAhead Support
	// RenameOver: RNTO onto an existing file replaces it.
	RenameOver Support
	// CaseFold: names that differ in case only are the same.
	CaseFold Support
	// Globs: names in listing commands are taken for patterns.
	Globs Support
	// Append: APPE adds to a file. RestStore: STOR after REST writes from there
	// on. RestTail: it keeps what the file has behind what it wrote.
	Append, RestStore, RestTail Support
	// Resumption: data connections resume the control connection's TLS session.
	Resumption Support

	evidence map[string]string // by fact; replaced, never changed

	// NoTickets: TLS 1.2, and the server gave no ticket with which a session can
	// be resumed. Where it demands that all the same, no transfer works (KindTLS,
	// ErrNoTicket).
	NoTickets bool

	TLS string // version and cipher suite where all is secure, else empty

	Connections int // the most the server was seen to allow; 0 if no limit was met
}

// advertised returns the line of FEAT that begins with this word, or "".
func (f Features) advertised(word string) string {
	for _, line := range f.Feat {
		if strings.EqualFold(firstWord(line), word) {
			return line
		}
	}
	return ""
}

// Support is a learned yes or no.
type Support uint8

const (
	Untried Support = iota
	Yes
	No
)

func (s Support) String() string {
	switch s {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "untried"
}

// server is what the connections of a client share: what the server was found
// to be. Its lock is a leaf in the lock order.
type server struct {
	trace *Trace
	tally tally // has its own lock

	mu         sync.Mutex
	f          Features // slices in it are never changed
	known      bool     // FEAT, SYST, PWD were asked
	quirks     quirk
	noted      string // the last word on security, for the trace
	listAllBad int    // listings that LIST -a made smaller
	statBad    int    // listings that differed from those by STAT
	statLost   int    // connections that ended when STAT was tried
	stalls     int    // flights that were answered in part
	passwords  bool   // a login was USER, 331, PASS, 2yz

	moves     bool // data was transferred
	triedEPSV bool // ahead of need, before it was known
	// Data connections that were opened ahead: those that served since one was
	// of no use where an ordinary one was, and how many were not.
	channelGood, channelBad int

	bulky map[string]bool // directories that are not listed by STAT

	syntax pathSyntax
	clocks clocks
	wordy  bool // says ASCII, whatever it is told (quirkForgetsType)
	binary bool // was seen to send files as they are (quirkSendsASCII)
}

// snapshot returns what is known now.
func (s *server) snapshot() Features {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f
}

func (s *server) explored() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known
}

func (s *server) has(q quirk) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quirks&q != 0
}

// offers tells whether FEAT lists a command.
func (s *server) offers(verb string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.f.Feat, func(line string) bool { return strings.EqualFold(firstWord(line), verb) })
}

// changesModes tells whether MFF sets UNIX.mode.
func (s *server) changesModes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.f.Feat {
		if l := strings.ToLower(line); strings.HasPrefix(l, "mff ") && strings.Contains(l, "unix.mode;") {
			return true
		}
	}
	return false
}

// greeted notes a server's name before anything is sent to it.
func (s *server) greeted(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known {
		s.f.Greeting = text
		s.quirks = quirksOf(text, nil)
	}
}

// describe sets what the first login found.
func (s *server) describe(f Features) {
	f.MLST = f.advertised("MLST") != "" || f.advertised("MLSD") != ""
	f.UTF8 = f.advertised("UTF8") != ""
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known {
		return
	}
	s.f.Greeting, s.f.System, s.f.Home, s.f.Feat = f.Greeting, f.System, f.Home, f.Feat
	s.f.MLST, s.f.UTF8 = f.MLST, f.UTF8
	s.known = true
	s.quirks = quirksOf(f.Greeting, f.Feat)
}

// limited notes how many connections the server allows; 0 is no limit.
func (s *server) limited(n int, evidence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.f.Connections = n
	s.f.note(valueLimit, evidence)
}

// security notes how secure a session is, and traces it if that is new.
func (s *server) security(suite, words string) {
	s.mu.Lock()
	s.f.TLS = suite
	news := s.noted != words
	s.noted = words
	s.mu.Unlock()
	if news {
		s.trace.learned(words)
	}
}

// ticketless notes whether a session came without a ticket.
func (s *server) ticketless(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.f.NoTickets = yes
}

// hasTLS tells whether a session with this server was all secure once.
func (s *server) hasTLS() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f.TLS != ""
}

// featLines are the features of a FEAT reply (RFC 2389 section 3.2), trimmed.
// The first and last lines are words for people.
func featLines(r reply) []string {
	if len(r.lines) < 3 {
		return nil
	}
	var feat []string
	for _, line := range r.lines[1 : len(r.lines)-1] {
		line = strings.TrimPrefix(line, "211-") // quirkFeatCodes
		if line = strings.TrimSpace(line); line != "" {
			feat = append(feat, line)
		}
	}
	return feat
}
