package ftpclient

import (
	"strconv"
	"strings"
	"time"
)

// parseFactsLine reads a line of MLSD or MLST (RFC 3659 section 7.2): facts,
// one space, and all the rest is the name.
func parseFactsLine(line string) (e Entry, skip, ok bool) {
	facts, name := cutFacts(line)
	if name == "" {
		return Entry{}, false, false
	}
	e = Entry{Name: name, Size: -1}
	f := factReader{e: &e}
	for fact := range strings.SplitSeq(facts, ";") {
		if fact == "" {
			continue
		}
		key, value, found := strings.Cut(fact, "=")
		if !found {
			return Entry{}, false, false
		}
		f.set(strings.ToLower(key), value)
	}
	f.finish()
	return e, f.self, true
}

// slinkFact is what precedes the target of a symbolic link.
const slinkFact = "type=os.unix=slink:"

// cutFacts splits a line behind its facts: at the first space, or where that is in the
// target of a link (quirkTargetSpaces), at the next one with a semicolon before it. The
// name is empty if there is none.
func cutFacts(line string) (facts, name string) {
	facts, name, _ = strings.Cut(line, " ")
	last := strings.ToLower(facts[strings.LastIndexByte(facts, ';')+1:])
	if end := strings.Index(name, "; "); end >= 0 && strings.HasPrefix(last, slinkFact) {
		end += len(facts) + len(" ;")
		return line[:end], line[end+len(" "):]
	}
	return facts, name
}

// factReader gathers facts that may come in any order and under several names.
type factReader struct {
	e    *Entry
	self bool // cdir or pdir: known by type, their names can be any path
	perm string
	owner,
	group rank
}

// rank is a value of which the best source counts.
type rank int

func (f *factReader) set(key, value string) {
	e := f.e
	switch key {
	case "type":
		f.setType(value)
	case "size", "sizd":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 {
			e.Size = n
		}
	case "modify":
		if t, ok := parseTimeVal(value); ok && !t.IsZero() {
			e.ModTime, e.Precision = t, time.Second
		}
	case "unix.mode":
		if n, err := strconv.ParseUint(value, 8, 32); err == nil {
			e.Mode, e.HasMode = uint32(n)&0o7777, true
		}
	case "unix.ownername":
		f.owner = best(&e.Owner, f.owner, 2, value)
	case "unix.owner", "unix.uid":
		f.owner = best(&e.Owner, f.owner, 1, value)
	case "unix.groupname":
		f.group = best(&e.Group, f.group, 2, value)
	case "unix.group", "unix.gid":
		f.group = best(&e.Group, f.group, 1, value)
	case "perm":
		f.perm = strings.ToLower(value)
	case "unique":
		e.Unique = value
	}
}

func best(field *string, have, now rank, value string) rank {
	if now < have || value == "" {
		return have
	}
	*field = value
	return now
}

// setType reads the type fact. Kinds of "OS.unix=" are as servers send them,
// slink with the target behind a colon or, on Pure-FTPd, with nothing there.
func (f *factReader) setType(value string) {
	lower := strings.ToLower(value)
	switch {
	case lower == "file":
		f.e.Type = TypeFile
	case lower == "dir":
		f.e.Type = TypeDir
	case lower == "cdir" || lower == "pdir":
		f.e.Type, f.self = TypeDir, true
	case strings.HasPrefix(lower, "os.unix=slink"):
		f.e.Type = TypeSymlink
		if _, target, ok := strings.Cut(value, ":"); ok {
			f.e.Target = target
		}
	case strings.HasPrefix(lower, "os.unix=symlink"):
		f.e.Type = TypeSymlink
	case strings.HasPrefix(lower, "os.unix="):
		f.e.Type = TypeOther
	}
}

// finish derives the mode from perm where the server does not tell the mode
// itself (RFC 3659 section 7.5.5).
func (f *factReader) finish() {
	if f.e.HasMode || f.perm == "" {
		return
	}
	letters := map[rune]uint32{'r': 0o444, 'w': 0o222}
	if f.e.Type == TypeDir {
		letters = map[rune]uint32{'e': 0o111, 'l': 0o444, 'c': 0o222, 'm': 0o222, 'p': 0o222}
	}
	for _, letter := range f.perm {
		f.e.Mode |= letters[letter]
	}
	f.e.HasMode = f.e.Mode != 0
}

// parseTimeVal reads a time-val (RFC 3659 section 2.3): UTC, to the second; a
// fraction may follow. Second 60 is a leap second and becomes the next.
func parseTimeVal(s string) (time.Time, bool) {
	s, frac, hasFrac := strings.Cut(s, ".")
	if len(s) == 15 && strings.HasPrefix(s, "191") { // quirkYear19100
		n, err := strconv.Atoi(s[2:5])
		if err != nil {
			return time.Time{}, false
		}
		s = strconv.Itoa(1900+n) + s[5:]
	}
	if len(s) != 14 || hasFrac && strings.Trim(frac, "0123456789") != "" {
		return time.Time{}, false
	}
	leap := s[12:] == "60"
	if leap {
		s = s[:12] + "59"
	}
	t, err := time.ParseInLocation("20060102150405", s, time.UTC)
	if err == nil && leap {
		t = t.Add(time.Second)
	}
	return t, err == nil
}
