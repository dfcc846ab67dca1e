package ftpserver

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is a rule by which the server misbehaves on purpose, so that clients
// can be tested against what networks and servers do to them.
type Fault struct {
	// Verb is the command that it strikes, as "RETR" or "SITE CHMOD"; empty
	// means every command. [AtGreeting] has none.
	Verb string
	// Nth is which occurrence it strikes, counted from 1 over all sessions
	// since the rule was set; 0 means each one. Those that do not get to Point,
	// as another rule struck before, do not count.
	Nth int
	// Point is when it strikes.
	Point FaultPoint
	// Octet is, for [AtData], how many octets of the file or listing go over
	// before it strikes. A transfer that has fewer is not struck.
	Octet int64
	// Kind is what happens.
	Kind FaultKind
	// Delay is how long [FaultDelay] waits.
	Delay time.Duration
	// Code and Text are the reply of [FaultReply]. 421 ends the session.
	Code int
	Text string
}

// FaultPoint is when a [Fault] strikes.
type FaultPoint int

const (
	// AtCommand is before the command is obeyed.
	AtCommand FaultPoint = iota
	// AtReply is after the command was obeyed and before its last reply, which
	// for a transfer is the one after the data.
	AtReply
	// AtData is during the transfer of the command.
	AtData
	// AtGreeting is before the greeting.
	AtGreeting
)

// FaultKind is what a [Fault] does.
type FaultKind int

const (
	// FaultDelay waits and goes on.
	FaultDelay FaultKind = iota
	// FaultStall leaves the connection open and is silent for good: on the
	// control connection until the client closes it, on the data connection
	// until the transfer is aborted.
	FaultStall
	// FaultReset ends the connection by RST, the control connection or, with
	// AtData, the data connection, whose final reply is then 426.
	FaultReset
	// FaultClose ends the connection by FIN, without TLS's close_notify. With
	// AtData the data is cut and the final reply is 226 all the same; an upload
	// is taken to its end, but the rest of it is lost.
	FaultClose
	// FaultReply answers Code and Text instead: with AtCommand nothing is
	// done, with AtReply it was done all the same, with AtData the data
	// connection is closed first, in due form.
	FaultReply
	// FaultRefuse, at AtReply, lets the data port that PASV or EPSV announces
	// refuse connections.
	FaultRefuse

	// FaultSilent never answers and goes on with the next command: with
	// AtCommand nothing was done, with AtReply it was.
	FaultSilent
	// FaultLate, at AtReply, answers after the next command's reply.
	FaultLate
	// FaultDropAhead, at AtCommand, obeys the command, and none of those that
	// the client sent behind it in the same segment.
	FaultDropAhead
	// FaultDropData, at AtCommand, resets the data connection that was
	// prepared, connected or not, before the command is obeyed.
	FaultDropData
	// FaultEarly, at AtCommand, sends the final reply 226 of a transfer before
	// the data, however it ends.
	FaultEarly
	// FaultTwice and FaultNoPreliminary, at AtCommand, send the 1yz reply of a
	// transfer twice, or not at all.
	FaultTwice
	FaultNoPreliminary
	// FaultASCII, at AtCommand, transfers as if TYPE A had been said.
	FaultASCII
	// FaultForgetType, at AtReply, goes back to TYPE A.
	FaultForgetType

	// These, at AtCommand, are lies of LIST, NLST, MLSD and STAT. FaultOmit
	// leaves out every second row, the first one to begin with; FaultTruncate
	// the second half, and cuts the last row in two; FaultStale repeats what it
	// showed of that path when it struck there first; FaultDialect shows rows
	// of DOS, in MLSD those of ls.
	FaultOmit
	FaultTruncate
	FaultStale
	FaultDialect
)

// check reports a rule that cannot strike or would do nothing.
func (f Fault) check() error {
	switch {
	case f.Point < AtCommand || f.Point > AtGreeting || f.Kind < FaultDelay || f.Kind > FaultDialect:
		return fmt.Errorf("ftpserver: unknown kind of fault: %+v", f)
	case f.Nth < 0 || f.Octet < 0 || (f.Octet > 0 && f.Point != AtData):
		return fmt.Errorf("ftpserver: fault that never strikes: %+v", f)
	case f.Point == AtGreeting && f.Verb != "":
		return fmt.Errorf("ftpserver: the greeting has no verb: %+v", f)
	case (f.Kind == FaultDelay) != (f.Delay > 0):
		return fmt.Errorf("ftpserver: a delay belongs to FaultDelay: %+v", f)
	case (f.Kind == FaultReply) != (f.Code >= 100 && f.Code <= 999) || strings.ContainsAny(f.Text, "\r\n\x00"):
		return fmt.Errorf("ftpserver: a reply of one line belongs to FaultReply: %+v", f)
	case f.Kind == FaultRefuse && (f.Point != AtReply || (f.Verb != "PASV" && f.Verb != "EPSV")):
		return fmt.Errorf("ftpserver: FaultRefuse is for the reply to PASV or EPSV: %+v", f)
	}
	return f.checkOdd()
}

// checkOdd checks the point of a fault of the protocol.
func (f Fault) checkOdd() error {
	points := []FaultPoint{AtCommand}
	switch f.Kind {
	case FaultLate, FaultForgetType:
		points = []FaultPoint{AtReply}
	case FaultSilent:
		points = []FaultPoint{AtCommand, AtReply}
	}
	if f.Kind >= FaultSilent && !slices.Contains(points, f.Point) {
		return fmt.Errorf("ftpserver: a fault at the wrong point: %+v", f)
	}
	return nil
}

// faultRules are the rules that are set. mu is never held while another lock
// is taken or the network used.
type faultRules struct {
	mu    sync.Mutex
	rules []faultRule
	shown map[string][]string // what FaultStale repeats
}

type faultRule struct {
	Fault
	seen int // occurrences
}

// SetFaults replaces all fault rules; counting begins anew. Transfers that
// run keep the rule that they began with. It does not block.
func (srv *Server) SetFaults(faults ...Fault) error {
	rules := make([]faultRule, 0, len(faults))
	for _, f := range faults {
		f.Verb = strings.ToUpper(f.Verb)
		if err := f.check(); err != nil {
			return err
		}
		rules = append(rules, faultRule{Fault: f})
	}
	srv.faults.mu.Lock()
	defer srv.faults.mu.Unlock()
	srv.faults.rules, srv.faults.shown = rules, make(map[string][]string)
	return nil
}

// match counts an occurrence of the command, which goes by any of the names,
// and returns the first rule that strikes it, or nil.
func (fr *faultRules) match(point FaultPoint, names ...string) *Fault {
	fr.mu.Lock()
	defer fr.mu.Unlock()
	var found *Fault
	for i := range fr.rules {
		r := &fr.rules[i]
		if r.Point != point || (r.Verb != "" && !slices.Contains(names, r.Verb)) {
			continue
		}
		r.seen++
		if found == nil && (r.Nth == 0 || r.Nth == r.seen) {
			f := r.Fault
			found = &f
		}
	}
	return found
}
