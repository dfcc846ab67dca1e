package ftpserver

import (
	"crypto/tls"
	"strconv"
	"strings"
)

var (
	errTLSFirst  = say(503, "AUTH TLS must come first.")
	errLoginTLS  = say(530, "Login is possible over TLS only; use AUTH TLS.")
	errClearData = say(521, "Data connections must be protected; use PROT P.")
)

// cmdAuth is AUTH (RFC 2228 section 3, RFC 4217 section 4). It ends a login
// that was made in the clear. The handshake follows in session.release.
func (s *session) cmdAuth(arg string) reply {
	mechanism := strings.ToUpper(arg)
	switch mechanism {
	case "TLS", "TLS-C", "TLS-P", "SSL":
	default:
		return say(504, "Security mechanism not supported; use TLS.")
	}
	switch {
	case s.tls != nil:
		return say(503, "The control connection is TLS already.")
	case !s.held:
		return say(503, "Not while a transfer is running.")
	case s.ahead:
		// They would be obeyed as if they had come under TLS (the class of
		// CVE-2011-0411).
		s.closing = true
		return say(421, "Commands were sent ahead after AUTH; closing control connection.")
	}
	s.reset()
	s.upgrade = true
	// The names of the drafts before RFC 4217 imply PROT P.
	s.protected = mechanism == "SSL" || mechanism == "TLS-P"
	return sayf(234, "AUTH %s accepted; begin the handshake.", mechanism)
}

// cmdPbsz is PBSZ (RFC 2228 section 3): TLS needs no buffer size, which is 0
// (RFC 4217 section 8).
func (s *session) cmdPbsz(arg string) reply {
	if s.tls == nil {
		return errTLSFirst
	}
	if _, err := strconv.ParseUint(arg, 10, 32); err != nil {
		return say(501, "Usage: PBSZ 0")
	}
	s.pbsz = true
	return say(200, "PBSZ=0")
}

// cmdProt is PROT (RFC 2228 section 3, RFC 4217 section 9).
func (s *session) cmdProt(arg string) reply {
	switch {
	case s.tls == nil:
		return errTLSFirst
	case !s.pbsz:
		return say(503, "PBSZ must come first.")
	}
	switch strings.ToUpper(arg) {
	case "P":
		s.protected = true
		return say(200, "Data connections are protected.")
	case "C":
		if s.srv.opts.RequireTLS {
			return say(534, "Data connections must be protected.")
		}
		s.protected = false
		return say(200, "Data connections are in the clear.")
	case "S", "E":
		return say(536, "Protection level not supported by TLS; use P or C.")
	}
	return say(504, "Unknown protection level; use P or C.")
}

// protection describes what is protected, for STAT.
func (s *session) protection() string {
	if s.tls == nil {
		return "Control and data connections are in the clear"
	}
	data := "in the clear"
	if s.protected {
		data = "protected"
	}
	return "Control connection: " + tls.VersionName(s.tls.ConnectionState().Version) + ", data connections: " + data
}

// dataReady returns nil if a transfer may begin now.
func (s *session) dataReady() error {
	switch {
	case s.srv.opts.RequireTLS && !s.protected:
		return errClearData
	case s.data == nil:
		return errNoPort
	}
	return nil
}
