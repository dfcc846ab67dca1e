package ftpclient

import (
	"fmt"
	"strings"
)

// Names have one form in this package and above it, and another on the wire.
// They change where commands are sent (onWire), listings are read (localNames),
// and a path is taken from the replies to PWD and MLST.

// pathCommands are the commands whose argument is a path, or words without a
// slash and then a path. True are those that can make the name.
var pathCommands = map[string]bool{
	"CWD": false, "MLSD": false, "MLST": false, "RETR": false, "SIZE": false, "MDTM": false,
	"DELE": false, "RMD": false, "RNFR": false, "MFMT": false, "MFF": false,
	"SITE CHMOD": false, "SITE UTIME": false,
	"STOR": true, "APPE": true, "MKD": true, "RNTO": true, "SITE SYMLINK": true,
}

// onWire is a command as it is sent. A path that the server's encoding or
// syntax has no form for is an error.
func (c *conn) onWire(cmd command) (command, error) {
	if cmd.verb == "PRET" { // its argument is a command
		verb, arg, _ := strings.Cut(cmd.arg, " ")
		announced, err := c.onWire(command{verb, arg})
		return command{cmd.verb, announced.line()}, err
	}
	_, known := pathCommands[cmd.verb]
	at := strings.IndexByte(cmd.arg, '/')
	if !known || at < 0 || cmd.verb == "SITE SYMLINK" { // whose arguments are two, and relative
		return cmd, nil
	}
	path := cmd.arg[at:]
	octets, ok := c.opts.charset.octetsPath(path)
	if !ok {
		return cmd, c.opts.charset.unknown(cmd.verb, path)
	}
	octets, err := inSyntax(c.srv.pathSyntax(), cmd.verb, octets)
	if err != nil {
		return cmd, err
	}
	return command{cmd.verb, cmd.arg[:at] + octets}, nil
}

// sendable tells whether the path of a command has a form in which it can be sent.
func (c *conn) sendable(cmd command) bool {
	_, err := c.onWire(cmd)
	return err == nil
}

// CheckName returns the error that making a file of this path would meet before
// anything is sent: KindInvalidName where it is not absolute, holds a CR, LF or
// NUL, or has no form in Options.Encoding or in the server's syntax of paths,
// KindUnsupported where nothing can be stored in that syntax. It does not touch
// the network. nil does not mean that the server will take it.
func (c *Client) CheckName(path string) error {
	const verb = "STOR"
	if err := checkPath(verb, path); err != nil {
		return err
	}
	octets, ok := c.opts.charset.octetsPath(path)
	if !ok {
		return c.opts.charset.unknown(verb, path)
	}
	_, err := inSyntax(c.srv.pathSyntax(), verb, octets)
	return about(err, verb, path)
}

// check refuses a path that the encoding has no form for, before anything is
// sent. op is what Client's methods are called in errors.
func (c *charset) check(op, path string) error {
	if _, ok := c.octetsPath(path); !ok {
		return c.unknown(op, path)
	}
	return nil
}

// unknown is the error of a name without a form in the encoding: it cannot be
// made, and if it is only asked for, it does not exist.
func (c *charset) unknown(op, path string) error {
	kind := KindNotExist
	if pathCommands[op] {
		kind = KindInvalidName
	}
	return &Error{Op: op, Path: path, Kind: kind, Err: fmt.Errorf("the server's encoding, %s, cannot write this name", c.name)}
}

// maxName is the longest name, in octets, that programs can use (NAME_MAX).
const maxName = 255

// localNames gives the entries of a listing the names that they have here, and
// leaves out, with the reason, what no program could ask for: names that are
// too long, and all but the first of those that are the same. Names that
// differ in case are different.
func (c *conn) localNames(l *Listing) {
	kept := l.Entries[:0]
	seen := make(map[string]bool, len(l.Entries))
	mvs := c.srv.pathSyntax() == mvsPaths
	for _, e := range l.Entries {
		listed, flaw := e.Name, ""
		if mvs {
			flaw = mvsListed(&e)
		}
		e.Name, e.Target = c.opts.charset.local(e.Name), c.opts.charset.localPath(e.Target)
		switch {
		case flaw != "":
			l.skip(listed, flaw)
		case len(e.Name) > maxName:
			l.skip(listed, "name longer than 255 bytes")
		case seen[e.Name]:
			l.skip(listed, "name listed twice")
		default:
			seen[e.Name] = true
			kept = append(kept, e)
		}
	}
	clear(l.Entries[len(kept):])
	l.Entries = kept
}
