package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ftpfs/ftpserver"
)

// blows are the fault rules there are, without verb, number and octet.
func blows() (all []ftpserver.Fault) {
	add := func(p ftpserver.FaultPoint, kinds ...ftpserver.FaultKind) {
		for _, k := range kinds {
			f := ftpserver.Fault{Point: p, Kind: k}
			if k == ftpserver.FaultDelay {
				f.Delay = 5 * time.Millisecond
			}
			all = append(all, f)
		}
	}
	replies := func(p ftpserver.FaultPoint, codes ...int) {
		for _, c := range codes {
			all = append(all, ftpserver.Fault{Point: p, Kind: ftpserver.FaultReply, Code: c, Text: "Fault."})
		}
	}
	add(ftpserver.AtCommand, ftpserver.FaultDelay, ftpserver.FaultStall, ftpserver.FaultReset, ftpserver.FaultClose,
		ftpserver.FaultSilent, ftpserver.FaultDropAhead, ftpserver.FaultDropData, ftpserver.FaultEarly, ftpserver.FaultTwice,
		ftpserver.FaultNoPreliminary, ftpserver.FaultASCII, ftpserver.FaultOmit, ftpserver.FaultTruncate, ftpserver.FaultStale, ftpserver.FaultDialect)
	replies(ftpserver.AtCommand, 150, 226, 421, 425, 426, 450, 452, 500, 502, 550, 552, 553, 999)
	add(ftpserver.AtReply, ftpserver.FaultDelay, ftpserver.FaultStall, ftpserver.FaultReset, ftpserver.FaultClose,
		ftpserver.FaultSilent, ftpserver.FaultLate, ftpserver.FaultForgetType, ftpserver.FaultRefuse)
	replies(ftpserver.AtReply, 150, 226, 421, 426, 451, 452, 550, 552)
	add(ftpserver.AtData, ftpserver.FaultDelay, ftpserver.FaultStall, ftpserver.FaultReset, ftpserver.FaultClose)
	replies(ftpserver.AtData, 226, 421, 425, 426, 451, 452, 550, 552)
	return all
}

// strikes reports whether a blow can fall on a command. Lies of which nobody can
// know are left out: that a state was set, that line ends of a part of a file are its
// own.
func strikes(f ftpserver.Fault, verb string) bool {
	transfer := slices.Contains([]string{"STOR", "APPE", "RETR", "LIST", "MLSD"}, verb)
	switch f.Kind {
	case ftpserver.FaultRefuse:
		return verb == "EPSV"
	case ftpserver.FaultEarly, ftpserver.FaultTwice, ftpserver.FaultNoPreliminary:
		return transfer
	case ftpserver.FaultASCII:
		return transfer && verb != "RETR"
	case ftpserver.FaultOmit, ftpserver.FaultTruncate, ftpserver.FaultStale, ftpserver.FaultDialect:
		return verb == "LIST" || verb == "MLSD"
	}
	if verb == "" && (f.Kind == ftpserver.FaultReply && f.Code < 400) {
		return false // it strikes one after the other
	}
	if f.Code == 226 && f.Point == ftpserver.AtCommand && (verb == "TYPE" || verb == "CWD" || verb == "REST") {
		return false
	}
	return transfer || f.Point != ftpserver.AtData
}

// writingRules are the rules for a change that uses these commands: in the short
// form each blow once, on one of them; else on all of them, each time, and the first
// and the second time, and those in the data at several octets.
func writingRules(verbs []string, rng *rand.Rand) (rules []ftpserver.Fault) {
	for _, f := range blows() {
		on := slices.DeleteFunc(slices.Clone(verbs), func(verb string) bool { return !strikes(f, verb) })
		if len(on) == 0 {
			continue
		}
		if !allFaults() {
			f.Verb, f.Nth = on[rng.IntN(len(on))], rng.IntN(2)
			if f.Verb == "" {
				f.Nth = 1 + rng.IntN(12)
			}
			rules = append(rules, f)
			continue
		}
		n := 1
		if f.Point == ftpserver.AtData {
			n = timesWritten()
		}
		for _, f.Verb = range on {
			most := 3
			if f.Verb == "" {
				most = 12
			}
			for f.Nth = range most {
				rules = append(rules, slices.Repeat([]ftpserver.Fault{f}, n)...)
			}
		}
	}
	return rules
}

// timesWritten is how often each rule in the data is tried in the long form: there are
// about 200 of them.
func timesWritten() int {
	if *timesFlag > 0 {
		return *timesFlag
	}
	return 20
}

func ruleName(f ftpserver.Fault) string {
	return fmt.Sprintf("%s, number %d, point %d, kind %d, code %d, octet %d", f.Verb, f.Nth, f.Point, f.Kind, f.Code, f.Octet)
}
