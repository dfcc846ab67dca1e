package ftpclient

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// kindTexts are the kinds in plain words, for messages.
var kindTexts = [...]string{
	KindUnknown:      "refused by the server",
	KindNotExist:     "not found",
	KindExist:        "exists already",
	KindPermission:   "permission denied",
	KindIsDir:        "is a directory",
	KindNotDir:       "is not a directory",
	KindNotEmpty:     "directory is not empty",
	KindNoSpace:      "no space left on the server",
	KindUnsupported:  "not supported by the server",
	KindInvalidName:  "name not allowed",
	KindBusy:         "in use, try again later",
	KindLogin:        "login refused",
	KindTooMany:      "too many connections for the server",
	KindHost:         "host not found",
	KindRefused:      "connection refused",
	KindNetwork:      "connection lost",
	KindTimeout:      "timed out",
	KindProtocol:     "not understood, not proper FTP",
	KindTruncated:    "transfer ended early",
	KindChanged:      "changed on the server",
	KindReadOnly:     "read-only",
	KindTLS:          "no secure connection",
	KindClosed:       "client closed",
	KindCanceled:     "canceled",
	KindTooManyLinks: "too many levels of symbolic links",
}

// String returns a short text for messages, "not found" for KindNotExist.
func (k Kind) String() string {
	if int(k) < len(kindTexts) && kindTexts[k] != "" {
		return kindTexts[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// quote returns a path for a message, with control characters and bytes that
// are not UTF-8 escaped, so that a name cannot write to a terminal.
func quote(path string) string { return strconv.Quote(path) }

// quoteText returns a server's words for a message on one line. Control
// characters are escaped; printable text, quotes among it, stays as it is.
func quoteText(text string) string {
	q := strconv.Quote(text)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

// escapeControl escapes what is not printable, and nothing else: causes may
// hold a server's words too, as the names in its certificate.
func escapeControl(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			b.WriteString(`\x` + strconv.FormatUint(uint64(text[i])|0x100, 16)[1:])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}
