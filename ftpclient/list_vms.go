package ftpclient

import (
	"strconv"
	"strings"
	"time"
)

// vmsRows reads what servers on OpenVMS print, in the manner of DIRECTORY:
//
//	Directory ANONYMOUS_ROOT:[000000]
//
//	.WELCOME;1                 2  13-FEB-2002 23:32:40.47
//	ANNOUNCE.TXT;2           1/16         12-MAR-2005 08:44:57  [SYSTEM]  (RWED,RWED,RE,RE)
//	MAIL_ARCHIVES.DIR;1
//	                           1  13-DEC-2005 08:45:27.56  [A,JOHN]  (RWE,RWE,,)
//
//	Total of 11 files, 17 blocks.
//
// The numbers are blocks of 512 octets that the file uses and has allocated.
// They bound its size and do not tell it: the size is unknown (quirkBlocks). Names keep
// their case, which VMS does not heed. Two things are no part of a name that
// commands take (quirkVMSNames): ";1", as newestVersions tells, and ".DIR" of a
// directory, since a path through it has [DATA], never [DATA.DIR]. A file that the server may not look
// at has an error in place of its date and is not read. Sources: the listings
// of Chromium, Apache Commons Net, FluentFTP.
func vmsRows([]string, time.Time) rowParser {
	return func(line string) (Entry, verdict) {
		if isVMSHeading(line) {
			return Entry{}, noEntry
		}
		name, rest := vmsName(line)
		switch {
		case name == "":
			return Entry{}, notRow
		case strings.TrimSpace(rest) == "":
			return Entry{}, halfRow
		case strings.Contains(rest, "%RMS-E-FNF"): // "*.*;0": there is no file
			return Entry{}, noEntry
		}
		return asRow(vmsEntry(name, rest))
	}
}

// isVMSHeading recognises "Directory DEV:[DIR]", "DEV:[DIR]" alone, and the
// total.
func isVMSHeading(line string) bool {
	line = strings.TrimSpace(line)
	if total, ok := strings.CutPrefix(line, "Total "); ok {
		return strings.Contains(total, "files") || strings.Contains(total, "Files") || strings.Contains(total, "blocks")
	}
	line = strings.TrimPrefix(line, "Directory ")
	device, dir, ok := strings.Cut(line, ":[")
	return ok && device != "" && !strings.ContainsAny(device, " \t;") && strings.HasSuffix(dir, "]") && !strings.ContainsAny(dir, " \t;")
}

// vmsName cuts the name, which has a version, off a row.
func vmsName(line string) (name, rest string) {
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		line, rest = line[:i], line[i:]
	}
	if base, _ := cutVersion(line); base == line {
		return "", ""
	}
	return line, rest
}

// cutVersion splits "A.TXT;3". Without a version it returns the name as it is.
func cutVersion(name string) (base string, version int) {
	i := strings.LastIndexByte(name, ';')
	if i <= 0 {
		return name, 0
	}
	if _, ok := listedSize(name[i+1:]); !ok {
		return name, 0
	}
	n, err := strconv.Atoi(name[i+1:])
	if err != nil {
		return name, 0
	}
	return name[:i], n
}

// vmsEntry reads what stands behind a name: blocks, date, owner, protection.
// The month may be in a language that is not known: then so is the time.
func vmsEntry(name, rest string) (Entry, bool) {
	words := strings.Fields(rest)
	if len(words) < 2 || !isBlocks(words[0]) {
		return Entry{}, false
	}
	y, m, d, ok := dashedDate(words[1])
	if !ok {
		return Entry{}, false
	}
	e := Entry{Name: name, Type: TypeFile, Size: -1}
	base, _ := cutVersion(name)
	if len(base) > 4 && strings.EqualFold(base[len(base)-4:], ".DIR") {
		e.Type = TypeDir
		e.Name = base[:len(base)-4] + name[len(base):]
	}
	at := ""
	if len(words) > 2 {
		at = words[2]
	}
	e.setDay(y, m, d, at)
	e.vmsProtection(rest)
	return e, true
}

// isBlocks recognises "9", "9/18", and "******" of what has no room.
func isBlocks(s string) bool {
	used, allocated, both := strings.Cut(s, "/")
	if _, ok := listedSize(allocated); both && !ok {
		return false
	}
	_, ok := listedSize(used)
	return ok || strings.Trim(used, "*") == ""
}

// vmsProtection reads "[GROUP,OWNER] (RWED,RWED,RE,)": what system, owner,
// group and world may do. System has no place in a mode.
func (e *Entry) vmsProtection(rest string) {
	if _, owner, ok := strings.Cut(rest, "["); ok {
		owner, _, _ = strings.Cut(owner, "]")
		owner, _, _ = strings.Cut(owner, " ")
		if group, member, both := strings.Cut(owner, ","); both {
			e.Group, owner = group, member
		}
		e.Owner = owner
	}
	_, protection, ok := strings.Cut(rest, "(")
	protection, _, closed := strings.Cut(protection, ")")
	classes := strings.Split(protection, ",")
	if !ok || !closed || len(classes) != 4 {
		return
	}
	bits := map[rune]uint32{'R': 4, 'W': 2, 'E': 1, 'D': 0}
	var mode uint32
	for _, class := range classes[1:] {
		mode <<= 3
		for _, letter := range class {
			bit, known := bits[letter]
			if !known {
				return
			}
			mode |= bit
		}
	}
	e.Mode, e.HasMode = mode, true
}

// newestVersions leaves of every name the highest version, without the number:
// a name without one means the highest, to RETR as to DELE, and stays valid
// when STOR makes the next.
func newestVersions(entries []Entry) []Entry {
	type place struct{ at, version int }
	places := make(map[string]place, len(entries))
	var newest []Entry
	for _, e := range entries {
		base, version := cutVersion(e.Name)
		e.Name = base
		p, seen := places[base]
		switch {
		case !seen:
			places[base] = place{len(newest), version}
			newest = append(newest, e)
		case version > p.version:
			newest[p.at] = e
			places[base] = place{p.at, version}
		}
	}
	return newest
}
