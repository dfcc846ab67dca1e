package ftpclient

import (
	"bytes"
	"strings"
)

// command is one line for the control connection.
type command struct{ verb, arg string }

// appendCommand appends a command line with its CRLF to b. It is the only way
// to the wire: an argument with CR, LF or NUL, which would begin another
// command or cut a name, is refused as KindInvalidName. doubleIAC doubles
// octet 255 as Telnet wants it.
func appendCommand(b []byte, c command, doubleIAC bool) ([]byte, error) {
	if strings.ContainsAny(c.arg, "\r\n\x00") || strings.ContainsAny(c.verb, "\r\n\x00") {
		return b, &Error{Op: firstWord(c.verb), Kind: KindInvalidName,
			Err: errUnsendable}
	}
	b = append(b, c.verb...)
	if c.arg != "" || c.verb == "PASS" {
		b = append(b, ' ')
		if doubleIAC {
			b = append(b, bytes.ReplaceAll([]byte(c.arg), []byte{telnetIAC}, []byte{telnetIAC, telnetIAC})...)
		} else {
			b = append(b, c.arg...)
		}
	}
	return append(b, '\r', '\n'), nil
}

// doublesIAC reports whether octet 255 is doubled in an argument: for a server that
// wants it (quirkDoubleIAC), and for one that is not known where it would otherwise be
// Telnet's: a server that takes Telnet commands out would take the name for another.
func (s *server) doublesIAC(arg string) bool {
	return s.has(quirkDoubleIAC) || !s.has(quirkRawIAC) && hasTelnet(arg)
}

// hasTelnet reports whether an octet 255 begins what is a Telnet command.
func hasTelnet(s string) bool {
	for i := range len(s) - 1 {
		if s[i] == telnetIAC && s[i+1] >= telnetSE {
			return true
		}
	}
	return false
}

// traced is the command as a trace may show it: without what is secret.
func (c command) traced() string {
	if c.verb == "PASS" || c.verb == "ACCT" {
		return c.verb + " ***"
	}
	return c.line()
}

// line is the command as text, without its CRLF.
func (c command) line() string {
	if c.arg == "" {
		return c.verb
	}
	return c.verb + " " + c.arg
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return strings.TrimRight(w, "\r\n\x00")
}
