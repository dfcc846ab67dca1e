package ftpclient

import (
	"maps"
	"strconv"
)

// Fact is one thing that is known, or not yet, of a server.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"` // yes, no, untried, or what it is
	// Evidence is what taught it: the command and the reply, or the words of
	// FEAT. It is one printable line.
	Evidence string `json:"evidence"`
}

// fact is one field of Features that is learned from replies.
type fact struct {
	name  string
	field func(*Features) *Support
}

var (
	factEPSV        = fact{"EPSV", func(f *Features) *Support { return &f.EPSV }}
	factEPRT        = fact{"EPRT for PORT", func(f *Features) *Support { return &f.EPRT }}
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
	factStatList    = fact{"STAT to list", func(f *Features) *Support { return &f.StatList }}
	factGlobs       = fact{"patterns in listings", func(f *Features) *Support { return &f.Globs }}
	factCaseFold    = fact{"case ignored", func(f *Features) *Support { return &f.CaseFold }}
	factRenameOver  = fact{"RNTO replaces", func(f *Features) *Support { return &f.RenameOver }}
	factAppend      = fact{"APPE", func(f *Features) *Support { return &f.Append }}
	factRestStore   = fact{"REST and STOR", func(f *Features) *Support { return &f.RestStore }}
	factRestTail    = fact{"REST and STOR keep the tail", func(f *Features) *Support { return &f.RestTail }}
	factPipelining  = fact{"pipelining", func(f *Features) *Support { return &f.Pipelining }}
	factDataAhead   = fact{"data connection ahead", func(f *Features) *Support { return &f.DataAhead }}
	factResume      = fact{"TLS resumption", func(f *Features) *Support { return &f.Resumption }}
)

// learnedFacts are all of them, in the order in which they are shown.
var learnedFacts = []fact{
	factStatList, factListAll, factGlobs, factCaseFold, factPipelining, factEPSV, factEPRT, factPRET, factDataAhead,
	factSize, factMDTM, factRest, factAppend, factRestStore, factRestTail, factRenameOver,
	factSiteChmod, factMFMT, factMDTMSet, factSiteUtime, factSiteSymlink, factResume,
}

// Facts returns what was learned from replies, in a fixed order, with what
// taught it; what was not tried is among it.
func (f Features) Facts() []Fact {
	facts := make([]Fact, len(learnedFacts))
	for i, k := range learnedFacts {
		facts[i] = Fact{Name: k.name, Value: k.field(&f).String(), Evidence: f.evidence[k.name]}
	}
	return facts
}

// support returns what is known of one fact.
func (s *server) support(k fact) Support {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *k.field(&s.f)
}

// learn sets one fact and what taught it, such as reply.evidence, and traces it
// if it is new. The first evidence of a value stays.
func (s *server) learn(k fact, v Support, evidence string) {
	s.mu.Lock()
	p := k.field(&s.f)
	news := *p != v
	if news {
		*p = v
		s.f.note(k.name, evidence)
	}
	s.mu.Unlock()
	if news {
		s.trace.learned(k.name + ": " + v.String() + " (" + evidence + ")")
	}
}

// note sets the evidence of a fact. Snapshots keep what they have.
func (f *Features) note(name, evidence string) {
	e := maps.Clone(f.evidence)
	if e == nil {
		e = make(map[string]string)
	}
	e[name] = evidence
	f.evidence = e
}

// learnFrom sets a fact from a reply: 2yz and 3yz teach yes, a reply that the
// command is not there teaches no, others nothing.
func (s *server) learnFrom(k fact, r reply) {
	switch {
	case r.notImplemented():
		s.learn(k, No, r.evidence())
	case r.completed() || r.intermediate():
		s.learn(k, Yes, r.evidence())
	}
}

// maxEvidence bounds one side of an evidence, in octets of what was said.
const maxEvidence = 160

// evidence is the command of a reply and the reply, on one printable line.
func (r reply) evidence() string {
	said := quoteText(clipAt(r.text(), maxEvidence))
	if r.code != 0 {
		said = strconv.Itoa(r.code) + " " + said
	}
	if r.to == "" {
		return said
	}
	return quoteText(clipAt(r.to, maxEvidence)) + " → " + said
}
