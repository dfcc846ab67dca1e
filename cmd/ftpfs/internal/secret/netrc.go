package secret

import (
	"fmt"
	"strings"
)

// netrcEntry is one machine or default entry of a netrc file.
type netrcEntry struct {
	machine   string // empty for default
	isDefault bool
	login     string
	password  string
	hasPass   bool
}

// parseNetrc reads the format of ftp(1) and curl: tokens between white space,
// "quoted tokens" with backslash escapes, # comments, macdef up to an empty
// line. Its errors name the line, never a token: it could be a password.
func parseNetrc(text string) ([]netrcEntry, error) {
	s := netrcScanner{rest: text, line: 1}
	var entries []netrcEntry
	for {
		word, ok, err := s.next()
		if err != nil || !ok {
			return entries, err
		}
		switch word {
		case "default":
			entries = append(entries, netrcEntry{isDefault: true})
		case "macdef":
			s.skipMacro()
		case "machine", "login", "user", "password", "passwd", "account", "port":
			if entries, err = s.pair(entries, word); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("line %d: neither machine, default, login, password, account nor macdef", s.line)
		}
	}
}

// pair reads the value that follows word and adds both to the entries.
func (s *netrcScanner) pair(entries []netrcEntry, word string) ([]netrcEntry, error) {
	value, ok, err := s.next()
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("line %d: %s without a value", s.line, word)
	case word == "machine":
		return append(entries, netrcEntry{machine: value}), nil
	case len(entries) == 0:
		return nil, fmt.Errorf("line %d: %s before any machine", s.line, word)
	}
	entries[len(entries)-1].set(word, value)
	return entries, nil
}

func (e *netrcEntry) set(word, value string) {
	switch word {
	case "login", "user":
		e.login = value
	case "password", "passwd":
		e.password, e.hasPass = value, true
	}
}

// findNetrc returns the first entry for host whose login is user (any, if
// user is empty); default counts after all machines.
func findNetrc(entries []netrcEntry, host, user string) (netrcEntry, bool) {
	for _, isDefault := range []bool{false, true} {
		for _, e := range entries {
			if e.isDefault != isDefault || !isDefault && !strings.EqualFold(e.machine, host) {
				continue
			}
			if user == "" && e.login != "" || user != "" && (e.login == user || e.login == "") {
				return e, true
			}
		}
	}
	return netrcEntry{}, false
}

// netrcScanner cuts a netrc file into tokens.
type netrcScanner struct {
	rest string
	line int
}

// next returns the next token, or ok false at the end.
func (s *netrcScanner) next() (token string, ok bool, err error) {
	s.skipBlank()
	if s.rest == "" {
		return "", false, nil
	}
	if s.rest[0] == '"' {
		token, err = s.quoted()
		return token, err == nil, err
	}
	end := strings.IndexAny(s.rest, " \t\r\n")
	if end < 0 {
		end = len(s.rest)
	}
	token, s.rest = s.rest[:end], s.rest[end:]
	return token, true, nil
}

// skipBlank passes white space and comments. A # begins a comment only where
// a token would begin, so that passwords may hold one.
func (s *netrcScanner) skipBlank() {
	for s.rest != "" {
		switch s.rest[0] {
		case '\n':
			s.line++
			s.rest = s.rest[1:]
		case ' ', '\t', '\r':
			s.rest = s.rest[1:]
		case '#':
			_, after, _ := strings.Cut(s.rest, "\n")
			s.line++
			s.rest = after
		default:
			return
		}
	}
}

func (s *netrcScanner) quoted() (string, error) {
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return b.String(), nil
		case c == '\n':
			return "", fmt.Errorf("line %d: a quote is not closed", s.line)
		case c == '\\' && i+1 < len(s.rest):
			i++
			b.WriteByte(unescapeNetrc(s.rest[i]))
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("line %d: a quote is not closed", s.line)
}

// unescapeNetrc gives the meaning of a character after a backslash, as curl.
func unescapeNetrc(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

// skipMacro passes a macro's name and body, which ends with an empty line.
func (s *netrcScanner) skipMacro() {
	for s.rest != "" {
		line, after, _ := strings.Cut(s.rest, "\n")
		s.rest = after
		s.line++
		if strings.TrimSpace(line) == "" {
			return
		}
	}
}
