package ftpclient

import "fmt"

// Intention is what a Client does, given what it knows of its server.
type Intention struct {
	Subject string `json:"subject"`
	Does    string `json:"does"`
}

// Plan says what the Client does because of what it knows of the server now. It
// is for people; TestPlan holds it and the deeds together.
func (c *Client) Plan() []Intention {
	s, f := c.srv, c.srv.snapshot()
	return []Intention{
		{"listings", listingPlan(s, f)},
		{"times", timePlan(f)},
		{"data connections", byFact(f.EPSV, "EPSV", "PASV", "EPSV, PASV where that fails")},
		{"reading from an offset", byFact(f.Rest, "REST", "from the beginning, what is before the offset is read over", "REST, if the server takes it")},
		{"modes", modePlan(s, f)},
		{"setting times", setTimePlan(f)},
		{"symbolic links", byFact(f.SiteSymlink, "made by SITE SYMLINK", "cannot be made", "made by SITE SYMLINK, if the server has it")},
		{"encryption", encryptionPlan(c.opts.Security, f)},
		{"connections", fmt.Sprintf("uses up to %d", c.pool.most())},
	}
}

// most is how many connections the pool may have.
func (p *pool) most() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limit
}

func byFact(s Support, yes, no, untried string) string {
	switch s {
	case Yes:
		return yes
	case No:
		return no
	}
	return untried
}

func listingPlan(s *server, f Features) string {
	byData := dataListingPlan(s, f)
	if f.StatList != Yes || f.Pipelining != Yes {
		return byData
	}
	most := statMost
	if f.MLST {
		most = statMostFacts
	}
	return fmt.Sprintf("STAT, without a data connection; where there are more than %d entries %s", most, byData)
}

func dataListingPlan(s *server, f Features) string {
	switch {
	case f.MLST && s.has(quirkHidesBrokenLinks):
		return "MLSD, plus LIST for links and their targets"
	case f.MLST:
		return "MLSD"
	}
	return byFact(f.ListAll, "LIST -a", "LIST", "LIST with and without -a")
}

func timePlan(f Features) string {
	switch {
	case f.MLST && f.StatList == Yes && f.Pipelining == Yes:
		return "as MLST or MLSD have them"
	case f.MLST:
		return "as MLSD has them"
	case f.MDTM == No:
		return "as LIST has them, to the minute or the day"
	}
	return byFact(f.Pipelining, fmt.Sprintf("MDTM of each file, %d in one write", mdtmFlight),
		"as LIST has them; MDTM where it is one file", "MDTM of each file, several in one write if the server takes them")
}

func modePlan(s *server, f Features) string {
	if s.changesModes() {
		return "MFF"
	}
	return byFact(f.SiteChmod, "SITE CHMOD", "cannot be changed", "SITE CHMOD, if the server has it")
}

func setTimePlan(f Features) string {
	ways := []struct {
		name string
		has  Support
	}{{"MFMT", f.MFMT}, {"MDTM", f.MDTMSet}, {"SITE UTIME", f.SiteUtime}}
	text := ""
	for _, w := range ways {
		switch {
		case w.has == No:
			continue
		case text != "":
			text += ", else "
		}
		text += w.name
		if w.has == Yes {
			return text
		}
	}
	if text == "" {
		return "cannot be set"
	}
	return text + ", whichever the server has"
}

func encryptionPlan(s Security, f Features) string {
	switch {
	case s == SecurityNone:
		return "none: password and data go in the clear"
	case f.TLS == "":
		return "none, or not of data: the server has no more"
	}
	return f.TLS + byFact(f.Resumption, ", data connections resume the session", ", data connections shake hands anew", "")
}
