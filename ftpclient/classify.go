package ftpclient

import (
	"context"
	"strings"
)

// replyError is the error of a reply, with what the reply alone tells.
func replyError(verb, path string, r reply) *Error {
	return &Error{Op: verb, Path: path, Kind: kindOfReply(verb, r, path), Code: r.code, Text: r.text()}
}

// kindOfReply decides by command and code, then by known words. KindUnknown is
// left for what only a look can tell. names are the paths that the words may
// repeat; they decide nothing.
func kindOfReply(verb string, r reply, names ...string) Kind {
	if r.outOfTurn() {
		return KindProtocol
	}
	switch r.code {
	case 452, 552:
		return KindNoSpace
	case 500, 502, 504, 202:
		return KindUnsupported
	case 503:
		return KindProtocol
	case 530, 532:
		return KindPermission
	case 425, 426:
		return KindNetwork
	case 521, 522, 533, 534, 535, 536: // RFC 2228, RFC 4217
		return KindTLS
	}
	return kindOfText(r.text(), names...)
}

// errorTexts are words of servers that name one errno: those of strerror(3),
// as ProFTPD, Pure-FTPd and BSD servers send them (quirkErrnoText), and of
// Windows. The first that occurs counts. "Operation not permitted" and
// "Invalid argument" are not here: servers send them for several errors.
var errorTexts = []struct {
	words string
	kind  Kind
}{
	{"no such file", KindNotExist},
	{"no such directory", KindNotExist},
	{"file not found", KindNotExist},
	{"directory not found", KindNotExist},
	{"cannot find the", KindNotExist},
	{"does not exist", KindNotExist},
	{"file exists", KindExist},
	{"already exists", KindExist},
	{"not a directory", KindNotDir},
	{"is a directory", KindIsDir},
	{"directory not empty", KindNotEmpty},
	{"directory is not empty", KindNotEmpty},
	{"permission denied", KindPermission},
	{"access is denied", KindPermission},
	{"no space left", KindNoSpace},
	{"quota exceeded", KindNoSpace},
	// quirkFullDisk
	{"failure writing to local file", KindNoSpace},
	{"error during write to file", KindNoSpace},
	{"transfer aborted. input/output error", KindNoSpace},
	{"read-only file system", KindReadOnly},
	{"too many levels of symbolic links", KindTooManyLinks},
	{"file name too long", KindInvalidName},
	{"prohibited file name", KindInvalidName},
	{"device or resource busy", KindBusy},
	{"text file busy", KindBusy},
	{"being used by another process", KindBusy},
	{"failed to open directory", KindPermission},
}

// kindOfText looks for known words, after what is the caller's own is gone
// from the text.
func kindOfText(text string, names ...string) Kind {
	for _, name := range names {
		if name == "" || name == "/" {
			continue
		}
		text = strings.ReplaceAll(text, name, " ")
		if base := baseName(name); len(base) > 2 {
			text = strings.ReplaceAll(text, base, " ")
		}
	}
	text = strings.ToLower(text)
	for _, t := range errorTexts {
		if strings.Contains(text, t.words) {
			return t.kind
		}
	}
	return KindUnknown
}

// refusal makes the error of a command on path that was answered with 4yz or
// 5yz, and looks where code and words do not tell.
func (c *conn) refusal(ctx context.Context, verb, path string, r reply) error {
	return c.refusalOf(ctx, verb, path, "", r)
}

// refusalOf is refusal for a command with two paths.
func (c *conn) refusalOf(ctx context.Context, verb, path, other string, r reply) error {
	r = c.opts.charset.words(r)
	e := replyError(verb, path, r)
	if e.Kind == KindUnknown {
		e.Kind = kindOfReply(verb, r, path, other)
	}
	if r.outOfTurn() {
		return c.fail(e.Op, e) // the replies may be out of step with the commands
	}
	if e.Kind != KindUnknown {
		return e
	}
	kind, err := c.look(ctx, e.Op, path, other)
	if err != nil {
		return err
	}
	if e.Kind = kind; kind == KindUnknown {
		e.Kind = fallbackKind(r)
	}
	return e
}

// fallbackKind is what a refusal is when nothing speaks against the request:
// the server does not want it. 450 says that it will later, 451 that something
// went wrong there (RFC 959 section 4.2.2).
func fallbackKind(r reply) Kind {
	switch {
	case r.code == 450:
		return KindBusy
	case r.code == 451 && !strings.Contains(strings.ToLower(r.text()), "not permitted"):
		return KindUnknown
	case r.code == 501:
		return KindUnsupported
	}
	return KindPermission
}
