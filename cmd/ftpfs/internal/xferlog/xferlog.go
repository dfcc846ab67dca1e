// Package xferlog writes the log of transfers that wu-ftpd has begun and that
// ProFTPD and vsftpd go on with (xferlog(5)): one line for each file, which
// log analysers know.
package xferlog

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"ftpfs/ftpserver"
)

// Log appends to a file. It is safe for concurrent use.
type Log struct {
	path string

	mu   sync.Mutex // held while the line is written
	file *os.File
}

// Open opens the file, or makes it for its owner and group.
func Open(path string) (*Log, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	return &Log{path: path, file: f}, nil
}

func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
}

// Reopen goes on with the file that has the name now, as after logrotate moved
// the old one away. If it cannot be opened the old one stays in use. Each line
// is in one of both, and whole.
func (l *Log) Reopen() error {
	f, err := open(l.path)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.file
	l.file = f
	return old.Close()
}

// Add writes the line of a transfer, by one write.
func (l *Log) Add(t ftpserver.Transfer) error {
	line := Line(t)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.file.WriteString(line)
	return err
}

// Close closes the file; nothing may be added then.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// Line is the line of a transfer: the time of its end in local time, seconds
// taken (at least 1), the client's address, bytes, the path as clients see it,
// b(inary) or a(scii), no special action, o(ut) or i(n), a(nonymous) or r(eal),
// the user or what an anonymous one gave for a password, the service, no
// authentication by RFC 931 and its user, c(omplete) or i(ncomplete). Blanks
// and what is not printable are _ in names.
func Line(t ftpserver.Transfer) string {
	seconds := max(1, int64(t.Took.Round(time.Second)/time.Second))
	kind, direction, access, status := 'b', 'i', 'r', 'i'
	user := t.User
	if t.ASCII {
		kind = 'a'
	}
	if t.Verb == "RETR" {
		direction = 'o'
	}
	if t.Anonymous {
		access = 'a'
		if t.ID != "" {
			user = t.ID
		}
	}
	if t.Code < 300 {
		status = 'c'
	}
	return fmt.Sprintf("%s %d %s %d %s %c _ %c %c %s ftp 0 * %c\n", t.Began.Add(t.Took).Local().Format("Mon Jan _2 15:04:05 2006"),
		seconds, word(t.Peer.String()), t.Bytes, word(t.Path), kind, direction, access, word(user), status)
}

// word is a name without anything that ends a field or a line.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, s)
}
