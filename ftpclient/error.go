package ftpclient

import (
	"errors"
	"fmt"
	"io/fs"
)

// Kind says what went wrong, in terms that do not depend on the server.
type Kind uint8

const (
	KindUnknown      Kind = iota // the server refused and nothing tells why
	KindNotExist                 // no such file or directory
	KindExist                    // the name is taken
	KindPermission               // the server denies it
	KindIsDir                    // a directory where a file is needed
	KindNotDir                   // a file where a directory is needed
	KindNotEmpty                 // a directory with content
	KindNoSpace                  // 452, 552: no space or quota
	KindUnsupported              // the server does not have the command or the form of it
	KindInvalidName              // a name that cannot be sent (CR, LF, NUL) or that the server forbids (553)
	KindBusy                     // 450: in use, try later
	KindLogin                    // user, password or account refused
	KindTooMany                  // the server's limit of connections is reached
	KindHost                     // the host name has no address
	KindRefused                  // nothing listens at the address
	KindNetwork                  // reset, closed, unreachable
	KindTimeout                  // a deadline passed
	KindProtocol                 // not FTP, or a reply that breaks its rules
	KindTruncated                // a transfer ended early
	KindChanged                  // the object is no longer the one that was opened
	KindReadOnly                 // the volume is read-only
	KindTLS                      // TLS was required and could not be had
	KindClosed                   // the client was closed
	KindCanceled                 // the caller's context ended the wait
	KindTooManyLinks             // a loop of symbolic links
	kindEnd
)

// Kinds is the number of kinds; each is less than it.
const Kinds = int(kindEnd)

// Error is the one error type of the package.
type Error struct {
	Op   string // the command that failed (STOR), or dial, login, wait
	Path string // the server path, or the address for dial; may be empty
	Kind Kind
	Code int    // the reply code, 0 if there was no reply
	Text string // the server's own words, without the code
	Err  error  // the cause, if it was not a reply
}

// Error names the operation, the path, what went wrong and the server's words.
func (e *Error) Error() string {
	s := e.Op
	if e.Path != "" {
		s += " " + quote(e.Path)
	}
	s += ": " + e.Kind.String()
	switch {
	case e.Code != 0:
		s += fmt.Sprintf(" (%d %s)", e.Code, quoteText(e.Text))
	case e.Err != nil:
		s += " (" + escapeControl(e.Err.Error()) + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is lets errors.Is find io/fs's errors.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return e.Kind == KindNotExist
	case fs.ErrExist:
		return e.Kind == KindExist || e.Kind == KindNotEmpty
	case fs.ErrPermission:
		return e.Kind == KindPermission || e.Kind == KindReadOnly
	}
	return false
}

// KindOf returns the kind of err, or KindUnknown if it holds no *Error.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindUnknown
}

// Lost reports whether err tells that the connection, and not the request,
// failed: nothing is known of the outcome.
func Lost(err error) bool {
	switch KindOf(err) {
	case KindNetwork, KindTimeout, KindRefused, KindHost, KindTooMany, KindProtocol, KindTruncated:
		return true
	}
	return false
}
