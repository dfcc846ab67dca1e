package ftpserver

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
)

// factNames are the facts of MLSx (RFC 3659 section 7.5) in their order.
var factNames = []string{"type", "size", "modify", "perm", "unique", "UNIX.mode"}

// factSet says which of factNames are on.
type factSet [6]bool

func allFacts() factSet { return factSet{true, true, true, true, true, true} }

// parseFacts parses the argument of OPTS MLST: what is not named is off, what
// is not known is ignored (RFC 3659 section 7.9).
func parseFacts(arg string) factSet {
	var on factSet
	for wanted := range strings.SplitSeq(arg, ";") {
		for i, name := range factNames {
			if strings.EqualFold(strings.TrimSpace(wanted), name) {
				on[i] = true
			}
		}
	}
	return on
}

// String lists the facts that are on, as the reply to OPTS MLST does.
func (on factSet) String() string {
	var b strings.Builder
	for i, name := range factNames {
		if on[i] {
			b.WriteString(name + ";")
		}
	}
	return b.String()
}

// and leaves those of on that a server has; none means all.
func (on factSet) and(has factSet) factSet {
	if has == (factSet{}) {
		return on
	}
	for i := range on {
		on[i] = on[i] && has[i]
	}
	return on
}

// feature lists all facts that a server has and marks those that are on, as
// FEAT does.
func (on factSet) feature(has factSet) string {
	has = allFacts().and(has)
	var b strings.Builder
	for i, name := range factNames {
		if !has[i] {
			continue
		}
		b.WriteString(name)
		if on[i] {
			b.WriteByte('*')
		}
		b.WriteByte(';')
	}
	return b.String()
}

// factsRow is the entry of MLSx: facts, one space, name.
func factsRow(s *session, e entry) string {
	var b strings.Builder
	for i, name := range factNames {
		if !s.facts[i] {
			continue
		}
		if value, ok := fact(s, name, e); ok {
			fmt.Fprintf(&b, "%s=%s;", name, value)
		}
	}
	return b.String() + " " + e.label
}

func fact(s *session, name string, e entry) (value string, ok bool) {
	switch name {
	case "type":
		return typeFact(s, e), true
	case "size":
		return strconv.FormatInt(e.fi.Size(), 10), !e.fi.IsDir()
	case "modify":
		return timeVal(e.fi.ModTime()), true
	case "perm":
		return permFact(e.fi.Mode(), s.account.readOnly), true
	case "unique":
		st, ok := e.fi.Sys().(*syscall.Stat_t)
		if !ok {
			return "", false
		}
		return fmt.Sprintf("%xg%x", st.Dev, st.Ino), true
	case "UNIX.mode":
		return fmt.Sprintf("%04o", posixMode(e.fi.Mode())), true
	}
	return "", false
}

// typeFact is RFC 3659 section 7.5.1, with the OS.unix types in use.
func typeFact(s *session, e entry) string {
	mode := e.fi.Mode()
	switch {
	case e.label == "." && mode.IsDir():
		return "cdir"
	case e.label == ".." && mode.IsDir():
		return "pdir"
	case mode.IsDir():
		return "dir"
	case mode.IsRegular():
		return "file"
	case mode&fs.ModeSymlink != 0 && s.srv.profile.linkFact != "":
		return s.srv.profile.linkFact
	case mode&fs.ModeSymlink != 0:
		return "OS.unix=slink:" + factTarget(s, e)
	case mode&fs.ModeNamedPipe != 0:
		return "OS.unix=fifo"
	case mode&fs.ModeSocket != 0:
		return "OS.unix=socket"
	case mode&fs.ModeCharDevice != 0:
		return "OS.unix=chr"
	}
	return "OS.unix=blk"
}

// factTarget is a link's target if it can stand in a fact, which ends at a
// semicolon or space; else it is left out, and LIST has it.
func factTarget(s *session, e entry) string {
	target, err := s.account.fs.Readlink(fsName(e.path))
	if err != nil || strings.ContainsAny(target, "; \r\n\x00") {
		return ""
	}
	return target
}

// permFact is RFC 3659 section 7.5.5. It is a guess from the mode bits of
// anyone; the attempt decides.
func permFact(mode fs.FileMode, readOnly bool) string {
	var perm strings.Builder
	add := func(bits fs.FileMode, writes bool, letters string) {
		if (bits == 0 || mode&bits != 0) && !(writes && readOnly) {
			perm.WriteString(letters)
		}
	}
	if mode.IsDir() {
		add(0o222, true, "cmp")
		add(0o111, false, "e")
		add(0o444, false, "l")
	} else {
		add(0o222, true, "aw")
		add(0o444, false, "r")
	}
	add(0, true, "df")
	return perm.String()
}
