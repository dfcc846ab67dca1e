package fusefs

import (
	"path"
	"strings"
	"syscall"
)

// nameMax is the longest name in octets (NAME_MAX), as statfs tells it.
const nameMax = 255

// pathMost is the longest path of something that is made, in octets. Programs have
// PATH_MAX (4096) in mind, and so have servers for a whole command: one that is
// longer they refuse in odd words, or not at all. The rest is for the verb and for
// what a temporary name is longer.
const pathMost = 4000

// checkName says why a name cannot be in a directory; 0 if it can. CR, LF and
// NUL cannot be sent to a server (RFC 959 section 5.3.2, <char>).
func checkName(name string) syscall.Errno {
	switch {
	case len(name) > nameMax:
		return syscall.ENAMETOOLONG
	case strings.ContainsAny(name, "\r\n\x00"):
		return syscall.EINVAL
	}
	return 0
}

// checkLookup is checkName for a question: a name that no directory can hold
// does not exist, but one that is too long is told so (POSIX).
func checkLookup(name string) syscall.Errno {
	if e := checkName(name); e != syscall.EINVAL {
		return e
	}
	return syscall.ENOENT
}

// join returns the path in the volume of a name in a directory.
func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// splitPath returns the elements of a volume's path.
func splitPath(p string) []string {
	if p = strings.Trim(path.Clean("/"+p), "/"); p == "" {
		return nil
	}
	return strings.Split(p, "/")
}
