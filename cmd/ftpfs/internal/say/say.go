// Package say has how ftpfs words things: what others have a hand in, on one line and
// harmless to a terminal, and the reasons of errors without what is said around them.
package say

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"ftpfs/ftpclient"
)

// Printable returns s with everything escaped that is not printable UTF-8.
func Printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// Warn tells a person of something that did not stop the command.
func Warn(text string) {
	fmt.Fprintln(os.Stderr, "ftpfs: warning: "+text)
}

// OneLine is the text of an error, which may be several joined, on one line.
func OneLine(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}

// Short keeps a server's words on one line of a terminal.
func Short(s string) string {
	const most = 120 // characters
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "..."
}

// ServerWords returns what the server said, for a message, or nothing.
func ServerWords(err error) string {
	var e *ftpclient.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch {
	case e.Code != 0:
		return fmt.Sprintf(" (it says: %d %s)", e.Code, Short(Printable(e.Text)))
	case e.Text != "":
		return fmt.Sprintf(" (it says: %s)", Short(Printable(e.Text)))
	}
	return ""
}

// Cause returns the innermost reason of an error of the client.
func Cause(err error) string {
	var e *ftpclient.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Err != nil {
		return e.Err.Error()
	}
	if e.Code != 0 {
		return fmt.Sprintf("%d %s", e.Code, Short(Printable(e.Text)))
	}
	return e.Kind.String()
}

// Reason strips the operation and the path from a file system's error, which
// the message around it names already.
func Reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Unreadable is why a file cannot be opened, and what to do.
func Unreadable(err error) error {
	err = Reason(err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: check the path", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: check owner and mode, of the directories above it too", err)
	case errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("%w: name a file in it", err)
	}
	return err
}

// Plural is a number of things.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
