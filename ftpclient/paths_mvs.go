package ftpclient

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// mvsDirectory is what z/OS answers to PWD: a prefix, or a library.
	mvsDirectory = regexp.MustCompile(`^'([A-Z0-9$#@.-]+)'$`)
	mvsName      = regexp.MustCompile(`^[A-Za-z$#@][A-Za-z0-9$#@-]{0,7}(\.[A-Za-z$#@][A-Za-z0-9$#@-]{0,7})*$`)
	mvsMember    = regexp.MustCompile(`^[A-Za-z$#@][A-Za-z0-9$#@]{0,7}$`)
)

// mvsLongest is the longest name of a data set.
const mvsLongest = 44

// fromMVSDir is the path here of 'USER.': "/USER.", a directory of the data
// sets whose names begin like that. Libraries (partitioned data sets) in it are
// directories of members, prefixes within it end in a dot, too.
func fromMVSDir(dir string) (string, bool) {
	m := mvsDirectory.FindStringSubmatch(dir)
	if m == nil || !mvsName.MatchString(strings.TrimSuffix(m[1], ".")) {
		return "", false
	}
	return "/" + m[1], true
}

// mvsPath is the name of a data set or member, in the quotes without which the
// server would put its own prefix before it (IBM z/OS Communications Server: IP
// User's Guide and Commands). Data sets have records, which STOR would fill up:
// what was written would not be what is read. So files are read, removed and
// renamed, no more.
func mvsPath(verb string, elements []string) (string, error) {
	switch verb {
	case "STOR", "APPE", "MKD", "RMD", "SITE CHMOD", "SITE UTIME", "MFMT", "MFF":
		return "", fmt.Errorf("%w: data sets of MVS are only read, renamed and removed", errNoSuchCommand)
	}
	if len(elements) == 0 {
		return "", fmt.Errorf("%w: there is no directory of all prefixes", errNoSuchCommand)
	}
	name := elements[0]
	member := ""
	for _, e := range elements[1:] {
		switch {
		case member != "":
			return "", fmt.Errorf("nothing is below a member of a library")
		case strings.HasSuffix(name, "."):
			name += e
		case mvsMember.MatchString(e):
			member = "(" + e + ")"
		default:
			return "", fmt.Errorf("a member's name on MVS is up to 8 letters and digits")
		}
	}
	if !mvsName.MatchString(strings.TrimSuffix(name, ".")) || len(name) > mvsLongest {
		return "", fmt.Errorf("a data set's name on MVS is words of up to 8 letters and digits with dots between, 44 characters at most")
	}
	if member == "" && verb != "CWD" && strings.HasSuffix(name, ".") {
		return "", fmt.Errorf("%w: it is a prefix of names", errNoSuchCommand)
	}
	return "'" + name + member + "'", nil
}

// mvsListed is the name here of a name in a listing of MVS. In quotes it is the
// whole one of a data set elsewhere (quirkMVSPaths).
func mvsListed(e *Entry) (flaw string) {
	switch {
	case strings.HasPrefix(e.Name, "'"):
		return "data set of another prefix"
	case e.prefix:
		e.Name += "."
	}
	return ""
}
