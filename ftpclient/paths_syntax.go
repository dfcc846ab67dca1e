package ftpclient

import (
	"errors"
	"strings"
)

// pathSyntax is how a server writes paths. Here they always have slashes, and
// are translated where they go out (onWire).
type pathSyntax uint8

const (
	slashes  pathSyntax = iota
	vmsPaths            // DISK:[DIR.SUB]FILE.EXT (quirkVMSPaths)
	mvsPaths            // 'USER.DATA.SET(MEMBER)' (quirkMVSPaths)
)

// syntaxOf tells by the directory of a 257, which no other server writes like
// that, in what syntax a server has its paths, and what the directory is here.
// Servers of these systems that show a path with slashes have such paths.
func syntaxOf(dir string) (pathSyntax, string, bool) {
	if home, ok := fromVMSDir(dir); ok {
		return vmsPaths, home, true
	}
	if home, ok := fromMVSDir(dir); ok {
		return mvsPaths, home, true
	}
	return slashes, "", false
}

// writes notes the syntax.
func (s *server) writes(syntax pathSyntax) {
	s.mu.Lock()
	s.syntax = syntax
	s.mu.Unlock()
	s.trace.learned("paths: " + [...]string{"with slashes", "OpenVMS", "MVS data sets"}[syntax])
}

// learnSyntax draws conclusions from the syntax that pwd, a reply, has shown.
// What servers without slashes say of sizes is not the number of octets that
// RETR sends (quirkBlocks), and options of LIST are names to them.
func (s *server) learnSyntax(pwd reply) {
	if s.pathSyntax() != slashes {
		s.learn(factSize, No, pwd.evidence())
		s.learn(factListAll, No, pwd.evidence())
		s.learn(factStatList, No, pwd.evidence())
	}
}

func (s *server) pathSyntax() pathSyntax {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.syntax
}

// inSyntax is a path in the server's syntax. err says why it has none.
func inSyntax(syntax pathSyntax, verb, path string) (string, error) {
	translate := map[pathSyntax]func(verb string, elements []string) (string, error){vmsPaths: vmsPath, mvsPaths: mvsPath}[syntax]
	if translate == nil {
		return path, nil
	}
	elements := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	out, err := translate(verb, elements)
	if err == nil {
		return out, nil
	}
	kind := KindNotExist
	switch {
	case errors.Is(err, errNoSuchCommand):
		kind = KindUnsupported
	case pathCommands[verb]:
		kind = KindInvalidName
	}
	return "", &Error{Op: verb, Path: path, Kind: kind, Err: err}
}

var errNoSuchCommand = errors.New("on this server's file system it would not be certain what it does")
