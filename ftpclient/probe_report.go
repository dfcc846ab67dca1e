package ftpclient

import (
	"context"
	"net"
	"strconv"
	"strings"
)

// Facts that are more than yes or no.
const (
	valueMLSD      = "MLSD"
	valueMLSDFacts = "facts of MLSD"
	valueHidden    = "broken links hidden"
	valueLinks     = "symbolic links"
	valueZone      = "zone of LIST"
	valueMDTMZone  = "zone of MDTM"
	valueUTF8      = "UTF8"
	valueHash      = "checksums"
	valueSpace     = "free space"
	valueTLS       = "TLS"
	valueLimit     = "connections"
	valueStore     = "STOR"
	valuePastEnd   = "STOR past the end"
	valueOverDir   = "RNTO onto an empty directory"
	valueMFF       = "MFF of modes"
	valueAborted   = "upload broken off"
)

// reportFacts are the facts of a report, in groups.
var reportFacts = []struct {
	group string
	names []string
	write bool // need ProbeOptions.Write
}{
	{"listings", []string{valueMLSD, valueMLSDFacts, valueHidden, valueLinks, factListAll.name, factStatList.name,
		factGlobs.name, factCaseFold.name, valueUTF8, valueZone, valueMDTMZone}, false},
	{"transfers", []string{factEPSV.name, factPipelining.name, factDataAhead.name, factSize.name, factMDTM.name,
		factRest.name, valueHash, valueSpace}, false},
	{"connections", []string{valueTLS, factResume.name, valueLimit}, false},
	{"uploads", []string{valueStore, factAppend.name, factRestStore.name, factRestTail.name, valuePastEnd, valueAborted}, true},
	{"changes", []string{factRenameOver.name, valueOverDir, factSiteChmod.name, valueMFF, factMFMT.name, factMDTMSet.name,
		factSiteUtime.name, factSiteSymlink.name}, true},
	{"names", oddLabels(), true},
}

// describe asks the server what it is.
func (p *prober) describe(ctx context.Context) {
	f := p.c.Features()
	id := &p.report.Server
	id.Address = net.JoinHostPort(p.c.opts.Host, strconv.Itoa(p.c.opts.Port))
	id.Greeting, id.System, id.Home = printableLines(f.Greeting), quoteText(f.System), quoteText(f.Home)
	for _, line := range f.Feat {
		id.Features = append(id.Features, quoteText(line))
	}
	p.try(ctx, experiment{[]string{"identity"}, idempotent, func(_ context.Context, cn *conn) error {
		r, err := cn.cmd("STAT", "")
		if err != nil {
			return err
		}
		if r.completed() {
			id.Status = printableLines(r.text())
		}
		if len(f.Feat) > 0 {
			return nil
		}
		if r, err = cn.cmd("HELP", ""); err == nil && r.completed() {
			id.Help = printableLines(r.text())
		}
		return err
	}})
	p.advertised(f)
}

// advertised notes what FEAT tells.
func (p *prober) advertised(f Features) {
	feat := func(line string) string { return "FEAT: " + quoteText(clipAt(line, maxEvidence)) }
	noFeat := "FEAT does not have it"
	if len(f.Feat) == 0 {
		noFeat = "there is no FEAT"
	}
	for name, words := range map[string][]string{
		valueMLSD: {"MLST", "MLSD"}, valueUTF8: {"UTF8"}, valueSpace: {"AVBL"},
		valueHash: {"HASH", "XSHA512", "XSHA256", "XSHA1", "XMD5", "XCRC", "MD5"},
	} {
		p.found(name, No.String(), noFeat)
		for _, w := range words {
			if line := f.advertised(w); line != "" {
				p.found(name, Yes.String(), "FEAT: "+w)
				break
			}
		}
	}
	p.found(valueMLSDFacts, "none", noFeat)
	if _, facts, ok := strings.Cut(f.advertised("MLST"), " "); ok {
		p.found(valueMLSDFacts, quoteText(facts), "FEAT")
	}
	switch auth := f.advertised("AUTH"); {
	case auth != "":
		p.found(valueTLS, "offered", feat(auth))
	default:
		p.found(valueTLS, "none", noFeat)
	}
}

// finish puts the report together.
func (p *prober) finish() {
	f := p.c.Features()
	if f.TLS != "" {
		p.report.Server.TLS = f.TLS
		p.found(valueTLS, f.TLS, "the handshake")
	}
	if f.TLS == "" {
		p.why[factResume.name] = "there is no TLS"
	}
	if _, tried := p.values[valueLimit]; !tried && f.Connections > 0 {
		p.found(valueLimit, strconv.Itoa(f.Connections), f.evidence[valueLimit])
	}
	for _, fact := range f.Facts() {
		if _, own := p.values[fact.Name]; !own {
			p.values[fact.Name] = fact
		}
	}
	for _, g := range reportFacts {
		for _, name := range g.names {
			p.report.Facts = append(p.report.Facts, ReportFact{g.group, p.settle(name, g.write)})
		}
	}
	p.report.Plan = p.c.Plan()
}

// settle is the last word on a fact. write tells that it needs leave to write.
func (p *prober) settle(name string, write bool) Fact {
	fact := p.values[name]
	if fact.Name == "" {
		fact = Fact{Name: name, Value: Untried.String()}
	}
	switch {
	case fact.Value != Untried.String() || fact.Evidence != "":
	case p.why[name] != "":
		fact.Evidence = p.why[name]
	case write && p.o.Write == "":
		fact.Evidence = NeedsWrite
	default:
		fact.Evidence = "nothing showed it"
	}
	return fact
}

// printableLines are the lines of a text, each printable.
func printableLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = quoteText(strings.TrimSpace(line))
	}
	return lines
}
