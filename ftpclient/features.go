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

	// What was learned. Zero means not tried yet.
	EPSV, Size, MDTM, Rest, MFMT, MDTMSet, SiteUtime, SiteChmod, SiteSymlink, ListAll, Pipelining Support

	EPRT, PRET Support // ways to a data connection

	// Resumption: data connections resume the control connection's TLS session.
	Resumption Support

	TLS string // version and cipher suite where all is secure, else empty

	Connections int // the most the server was seen to allow; 0 if no limit was met
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

	mu         sync.Mutex
	f          Features // slices in it are never changed
	known      bool     // FEAT, SYST, PWD were asked
	quirks     quirk
	noted      string // the last word on security, for the trace
	listAllBad int    // listings that LIST -a made smaller
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
	for _, line := range f.Feat {
		switch name := strings.ToUpper(firstWord(line)); name {
		case "MLST", "MLSD":
			f.MLST = true
		case "UTF8":
			f.UTF8 = true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known {
		return
	}
	f.Connections, f.TLS, f.Resumption = s.f.Connections, s.f.TLS, s.f.Resumption
	s.f, s.known = f, true
	s.quirks = quirksOf(f.Greeting, f.Feat)
}

// fact is one field of Features that is learned from replies.
type fact struct {
	name  string
	field func(*Features) *Support
}

var (
	factEPSV        = fact{"EPSV", func(f *Features) *Support { return &f.EPSV }}
	factEPRT        = fact{"EPRT", func(f *Features) *Support { return &f.EPRT }}
	factPRET        = fact{"PRET", func(f *Features) *Support { return &f.PRET }}
	factSize        = fact{"SIZE", func(f *Features) *Support { return &f.Size }}
	factMDTM        = fact{"MDTM", func(f *Features) *Support { return &f.MDTM }}
	factRest        = fact{"REST", func(f *Features) *Support { return &f.Rest }}
	factMFMT        = fact{"MFMT", func(f *Features) *Support { return &f.MFMT }}
	factMDTMSet     = fact{"MDTM to set", func(f *Features) *Support { return &f.MDTMSet }}
	factSiteUtime   = fact{"SITE UTIME", func(f *Features) *Support { return &f.SiteUtime }}
	factSiteChmod   = fact{"SITE CHMOD", func(f *Features) *Support { return &f.SiteChmod }}
	factSiteSymlink = fact{"SITE SYMLINK", func(f *Features) *Support { return &f.SiteSymlink }}
	factListAll     = fact{"LIST -a", func(f *Features) *Support { return &f.ListAll }}
	factResume      = fact{"TLS resumption", func(f *Features) *Support { return &f.Resumption }}
	factPipelining  = fact{"pipelining", func(f *Features) *Support { return &f.Pipelining }}
)

// support returns what is known of one fact.
func (s *server) support(k fact) Support {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *k.field(&s.f)
}

// learn sets one fact and traces it if it is new.
func (s *server) learn(k fact, v Support) {
	s.mu.Lock()
	p := k.field(&s.f)
	news := *p != v
	*p = v
	s.mu.Unlock()
	if news {
		s.trace.learned(k.name + ": " + v.String())
	}
}

// learnFrom sets a fact from a reply: 2yz and 3yz teach yes, a reply that the
// command is not there teaches no, others nothing.
func (s *server) learnFrom(k fact, r reply) {
	switch {
	case r.notImplemented():
		s.learn(k, No)
	case r.completed() || r.intermediate():
		s.learn(k, Yes)
	}
}

// limited notes how many connections the server allows; 0 is no limit.
func (s *server) limited(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.f.Connections = n
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
