package ftpserver

import (
	"path"
	"strings"
)

// resolve makes the absolute path that arg means: relative to the working
// directory, with "." and ".." resolved by name, so that nothing is above "/".
func (s *session) resolve(arg string) (string, error) {
	if own := s.srv.profile.name; own != nil {
		arg = own(arg)
	} else if strings.ContainsAny(arg, "\x00\r\n") {
		return "", say(553, "A name cannot hold NUL, CR or LF.")
	}
	if !strings.HasPrefix(arg, "/") {
		arg = s.cwd + "/" + arg
	}
	return path.Clean(arg), nil
}

// fsName is how an FS calls the absolute path p.
func fsName(p string) string {
	if p == "/" {
		return "."
	}
	return p[1:]
}

// name is resolve and fsName in one.
func (s *session) name(arg string) (string, error) {
	p, err := s.resolve(arg)
	if err != nil {
		return "", err
	}
	return fsName(p), nil
}
