package ftpserver

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ownFacts are our facts of MLSx (RFC 3659 section 7.5) in their order.
var ownFacts = factList{"type", "size", "modify", "perm", "unique", "UNIX.mode"}

// factList is a choice of facts, in the order in which a server shows them.
type factList []string

// choose leaves those that the argument of OPTS MLST names; what is not known
// is ignored (RFC 3659 section 7.9).
func (all factList) choose(arg string) factList {
	wanted := strings.Split(arg, ";")
	for i := range wanted {
		wanted[i] = strings.TrimSpace(wanted[i])
	}
	on := factList{}
	for _, name := range all {
		if slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, name) }) {
			on = append(on, name)
		}
	}
	return on
}

// String lists the facts as the reply to OPTS MLST does.
func (all factList) String() string {
	var b strings.Builder
	for _, name := range all {
		b.WriteString(name + ";")
	}
	return b.String()
}

// feature lists all facts and marks those that are on, as FEAT does.
func (all factList) feature(on factList) string {
	var b strings.Builder
	for _, name := range all {
		b.WriteString(name)
		if slices.Contains(on, name) {
			b.WriteByte('*')
		}
		b.WriteByte(';')
	}
	return b.String()
}

// allFacts are the facts that the profile knows.
func (p *profile) allFacts() factList {
	if p.facts != nil {
		return p.facts
	}
	return ownFacts
}

// factsRow is the entry of MLSx: facts, one space, name.
func factsRow(s *session, e entry) string {
	var b strings.Builder
	for _, name := range s.facts {
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
	case "sizd":
		return strconv.FormatInt(e.fi.Size(), 10), e.fi.IsDir()
	case "modify":
		return timeVal(e.fi.ModTime()), true
	case "perm":
		return permFact(e.fi.Mode(), s.account.readOnly), true
	case "UNIX.mode":
		return fmt.Sprintf("%04o", posixMode(e.fi.Mode())), true
	}
	st, ok := e.fi.Sys().(*syscall.Stat_t)
	if !ok {
		return "", false
	}
	return statFact(name, st)
}

// statFact is a fact that needs stat(2). Owners have no names here: who they
// are is no business of clients.
func statFact(name string, st *syscall.Stat_t) (value string, ok bool) {
	switch name {
	case "unique":
		return fmt.Sprintf("%xg%x", st.Dev, st.Ino), true
	case "UNIX.owner", "UNIX.ownername", "UNIX.uid":
		return strconv.FormatUint(uint64(st.Uid), 10), true
	case "UNIX.group", "UNIX.groupname", "UNIX.gid":
		return strconv.FormatUint(uint64(st.Gid), 10), true
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
