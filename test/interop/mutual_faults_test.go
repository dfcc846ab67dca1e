package interop

import (
	"fmt"
	"slices"
	"time"

	"ftpfs/ftpserver"
)

// faultName is a rule in words.
func faultName(f ftpserver.Fault) string {
	points := [...]string{"at command", "at reply", "at data", "at greeting"}
	kinds := [...]string{"delay", "stall", "reset", "close", "reply", "refuse"}
	s := fmt.Sprintf("%s %s %s", f.Verb, points[f.Point], kinds[f.Kind])
	if f.Code != 0 {
		s += fmt.Sprintf(" %d", f.Code)
	}
	if f.Point == ftpserver.AtData {
		s += fmt.Sprintf(" at octet %d", f.Octet)
	}
	if f.Nth == 1 {
		s += ", once"
	}
	return s
}

// loginVerbs are those that come before a session can do anything.
var loginVerbs = []string{"USER", "PASS", "FEAT", "SYST", "PWD", "AUTH", "PBSZ", "PROT", "OPTS", "CLNT"}

// mutualFaults are the rules for an operation that was seen to use these verbs:
// each verb, before it is obeyed and before it is answered, by each kind; the
// data of transfers at each end, beside them and in the middle.
func mutualFaults(op string, verbs []string) (faults []ftpserver.Fault) {
	for _, verb := range verbs {
		if slices.Contains(loginVerbs, verb) != (op == "login") {
			continue
		}
		faults = append(faults, atCommand(verb)...)
		faults = append(faults, atReply(verb)...)
		switch verb {
		case "EPSV", "PASV":
			faults = append(faults, ftpserver.Fault{Verb: verb, Point: ftpserver.AtReply, Kind: ftpserver.FaultRefuse},
				ftpserver.Fault{Verb: verb, Nth: 1, Point: ftpserver.AtReply, Kind: ftpserver.FaultRefuse})
		case "RETR", "STOR":
			n := int64(len(mutualData))
			faults = append(faults, atData(verb, 0, 1, n/2, n-1, n)...)
		case "LIST", "MLSD":
			faults = append(faults, atData(verb, 0, 1, 20, 60)...)
		}
	}
	if op == "login" {
		faults = append(faults, atGreeting()...)
	}
	return slices.DeleteFunc(faults, isLie)
}

// isLie finds the rules by which a server says that a state was set and does
// not set it: nobody asks again whether it was, and what is moved afterwards is
// of another type or from another directory.
func isLie(f ftpserver.Fault) bool {
	return slices.Contains([]string{"TYPE", "CWD", "PROT"}, f.Verb) && f.Point == ftpserver.AtCommand && f.Code == 226
}

// onceAndAlways gives the connection's ends in both forms.
func onceAndAlways(f ftpserver.Fault) []ftpserver.Fault {
	once := f
	once.Nth = 1
	return []ftpserver.Fault{f, once}
}

// ends are the faults without a reply, the drastic ones once and always.
func ends(verb string, point ftpserver.FaultPoint, octet int64) []ftpserver.Fault {
	f := ftpserver.Fault{Verb: verb, Point: point, Octet: octet}
	kind := func(k ftpserver.FaultKind) ftpserver.Fault { g := f; g.Kind = k; return g }
	delay, stall := kind(ftpserver.FaultDelay), kind(ftpserver.FaultStall)
	delay.Delay, stall.Nth = 5*time.Millisecond, 1
	return append(append([]ftpserver.Fault{delay, stall}, onceAndAlways(kind(ftpserver.FaultReset))...),
		onceAndAlways(kind(ftpserver.FaultClose))...)
}

// replies are the faults that answer something else.
func replies(verb string, point ftpserver.FaultPoint, octet int64, codes ...int) (faults []ftpserver.Fault) {
	for _, code := range codes {
		f := ftpserver.Fault{Verb: verb, Point: point, Octet: octet, Kind: ftpserver.FaultReply, Code: code, Text: "Fault."}
		faults = append(faults, f)
		if code == 421 {
			f.Nth = 1
			faults = append(faults, f)
		}
	}
	return faults
}

func atCommand(verb string) []ftpserver.Fault {
	return append(ends(verb, ftpserver.AtCommand, 0), replies(verb, ftpserver.AtCommand, 0, 421, 425, 426, 450, 500, 502, 550, 150, 331, 226, 999)...)
}

func atReply(verb string) []ftpserver.Fault {
	return append(ends(verb, ftpserver.AtReply, 0), replies(verb, ftpserver.AtReply, 0, 421, 426, 451, 550, 150)...)
}

func atData(verb string, octets ...int64) (faults []ftpserver.Fault) {
	for _, octet := range octets {
		faults = append(faults, ends(verb, ftpserver.AtData, octet)...)
		faults = append(faults, replies(verb, ftpserver.AtData, octet, 421, 425, 426, 451, 552, 226)...)
	}
	return faults
}

func atGreeting() (faults []ftpserver.Fault) {
	return append(ends("", ftpserver.AtGreeting, 0), replies("", ftpserver.AtGreeting, 0, 421, 120, 530, 550, 999)...)
}

// beyondTelling are faults that are lies: a transfer is cut, or never made, and
// the server says 226. Where there is no TLS, which would miss its close_notify,
// the size alone can tell, and of a listing nothing; of an upload TLS cannot either.
func beyondTelling(f ftpserver.Fault, tls bool) bool {
	if !slices.Contains([]string{"LIST", "MLSD", "RETR", "STOR"}, f.Verb) {
		return false
	}
	lie := f.Kind == ftpserver.FaultReply && f.Code == 226
	switch f.Point {
	case ftpserver.AtData:
		return lie || f.Kind == ftpserver.FaultClose && (!tls || f.Verb == "STOR")
	case ftpserver.AtCommand:
		return lie && f.Verb == "STOR"
	}
	return false
}
