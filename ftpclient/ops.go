package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Delete removes a file or symbolic link.
func (c *Client) Delete(ctx context.Context, path string) error {
	return c.change(ctx, change{cmd: command{"DELE", path}, happened: gone(path)})
}

// Mkdir makes a directory.
func (c *Client) Mkdir(ctx context.Context, path string) error {
	return c.change(ctx, change{cmd: command{"MKD", path}, happened: is(path, TypeDir)})
}

// Rmdir removes an empty directory.
func (c *Client) Rmdir(ctx context.Context, path string) error {
	return c.change(ctx, change{cmd: command{"RMD", path}, happened: gone(path)})
}

// Rename gives a file or directory another path. Whether an existing target
// is replaced is the server's choice.
func (c *Client) Rename(ctx context.Context, from, to string) error {
	if err := checkPath("RNFR", from); err != nil {
		return err
	}
	if err := c.opts.charset.check("RNFR", from); err != nil {
		return err
	}
	return c.change(ctx, change{from: from, cmd: command{"RNTO", to}, happened: gone(from)})
}

// Symlink makes path a symbolic link to target by SITE SYMLINK;
// KindUnsupported where the server has no such command, and for names with
// quotes or backslashes, for which it has no common form.
func (c *Client) Symlink(ctx context.Context, target, path string) error {
	const verb = "SITE SYMLINK"
	if err := checkPath(verb, path); err != nil {
		return err
	}
	if strings.ContainsAny(target, "\r\n\x00") || target == "" {
		return &Error{Op: verb, Path: path, Kind: KindInvalidName, Err: errUnsendable}
	}
	if c.srv.support(factSiteSymlink) == No || strings.ContainsAny(target+path, `"\`) {
		return &Error{Op: verb, Path: path, Kind: KindUnsupported, Err: errNoCommand}
	}
	if err := c.opts.charset.check(verb, target); err != nil {
		return err
	}
	return c.change(ctx, change{cmd: command{verb, path}, target: target, happened: is(path, TypeSymlink)})
}

var errNoCommand = errors.New("the server has no command for it")

// change is a command that must not be repeated blindly.
type change struct {
	cmd    command
	from   string // of a rename
	target string // of a symbolic link
	// happened finds out whether it was done after all, when the connection
	// dropped before the reply, or the reply was another command's.
	happened func(context.Context, *Client) (bool, error)
}

// change runs a change. If its connection drops, or answers what belongs to
// another command, its outcome is found by looking, and it is repeated once if it
// did not happen.
func (c *Client) change(ctx context.Context, ch change) error {
	if err := checkPath(ch.cmd.verb, ch.cmd.arg); err != nil {
		return err
	}
	run := func(ctx context.Context, cn *conn) error { return cn.change(ctx, ch) }
	err := c.do(ctx, ch.cmd.verb, ch.cmd.arg, atMostOnce, run)
	if !dropped(err) && !errors.Is(err, errAnothers) || ctx.Err() != nil {
		return err
	}
	done, lookErr := ch.happened(ctx, c)
	switch {
	case lookErr != nil:
		return err
	case done:
		return nil
	}
	return c.do(ctx, ch.cmd.verb, ch.cmd.arg, atMostOnce, run)
}

// change sends the command, after what has to precede it.
func (c *conn) change(ctx context.Context, ch change) error {
	if ch.from != "" {
		return c.rename(ctx, ch.from, ch.cmd.arg)
	}
	arg := ch.cmd.arg
	if ch.target != "" {
		dir := parentDir(arg)
		if r, err := c.cmd("CWD", dir); err != nil || !r.completed() { // quirkSymlinkCwd
			return c.orRefusal(ctx, "CWD", dir, r, err)
		}
		target, _ := c.opts.charset.octetsPath(ch.target)
		name, _ := c.opts.charset.octets(baseName(arg)) // both are known to have one
		arg = siteArg(target) + " " + siteArg(name)
	}
	r, err := c.cmd(ch.cmd.verb, arg)
	if err != nil {
		return err
	}
	if r.stray() {
		return c.fail(ch.cmd.verb, errAnothers)
	}
	if ch.cmd.verb == "SITE SYMLINK" {
		c.srv.learnFrom(factSiteSymlink, r)
	}
	if r.completed() && !(r.notImplemented() && strings.HasPrefix(ch.cmd.verb, "SITE")) {
		return nil
	}
	return c.refusalOf(ctx, ch.cmd.verb, ch.cmd.arg, ch.from, r)
}

// rename sends RNFR and RNTO, in one write where that may be: an RNTO without
// an RNFR that was accepted does nothing (RFC 959 section 4.1.3).
func (c *conn) rename(ctx context.Context, from, to string) error {
	both := []command{{"RNFR", from}, {"RNTO", to}}
	var r [2]reply
	if c.srv.support(factPipelining) == Yes {
		replies, err := c.flight(both, c.opts.ReplyTimeout)
		if err != nil {
			return err
		}
		r = [2]reply(replies)
	} else {
		for i, cmd := range both {
			var err error
			if r[i], err = c.cmd(cmd.verb, cmd.arg); err != nil {
				return err
			}
			if !r[0].intermediate() && !r[0].completed() {
				break
			}
		}
	}
	switch {
	case !r[0].intermediate() && !r[0].completed():
		return c.refusal(ctx, "RNFR", from, r[0])
	case r[1].stray():
		return c.fail("RNTO", errAnothers)
	case r[1].completed():
		return nil
	}
	if err := c.learnRename(ctx, from, to, r[1]); err != nil {
		return err
	}
	return c.refusalOf(ctx, "RNTO", to, from, r[1])
}

// learnRename learns that RNTO replaces no file from a refusal which says that
// there is one, and a look that agrees.
func (c *conn) learnRename(ctx context.Context, from, to string, r reply) error {
	if c.srv.support(factRenameOver) != Untried || kindOfReply("RNTO", r, to, from) != KindExist {
		return nil
	}
	for _, path := range []string{from, to} {
		if at, err := c.see(ctx, path); err != nil || !at.there || at.Type != TypeFile {
			return err
		}
	}
	c.srv.learn(factRenameOver, No, r.evidence())
	return nil
}

// errAnothers: the session is out of step, and nothing is known of the command.
var errAnothers error = &protocolError{"the reply is that of a transfer that has ended (226)"}

// stray reports whether a reply to a command that transfers nothing must be
// another command's (quirkAnothersReply).
func (r reply) stray() bool { return r.code == 225 || r.code == 226 }

// siteArg is a name as an argument of SITE SYMLINK, which has two.
func siteArg(name string) string {
	if strings.Contains(name, " ") {
		return `"` + name + `"`
	}
	return name
}

// orRefusal is the error of a command that failed, by err or by its reply.
func (c *conn) orRefusal(ctx context.Context, op, path string, r reply, err error) error {
	if err != nil {
		return err
	}
	return c.refusal(ctx, op, path, r)
}

// gone finds a change to be done when a path is no longer there.
func gone(path string) func(context.Context, *Client) (bool, error) {
	return func(ctx context.Context, c *Client) (bool, error) {
		at, err := c.see(ctx, path)
		return !at.there, err
	}
}

// is finds a change to be done when a path is of this type.
func is(path string, t Type) func(context.Context, *Client) (bool, error) {
	return func(ctx context.Context, c *Client) (bool, error) {
		at, err := c.see(ctx, path)
		return at.there && at.Type == t, err
	}
}

// see is a look from outside of a command. That it cannot be known what is there is an
// error.
func (c *Client) see(ctx context.Context, path string) (at sight, err error) {
	err = c.do(ctx, "MLST", path, idempotent, func(ctx context.Context, cn *conn) (err error) {
		at, err = cn.see(ctx, path)
		return err
	})
	if err == nil && !at.there && at.failed != KindNotExist {
		err = &Error{Op: "MLST", Path: path, Kind: at.failed}
	}
	return at, err
}

// Chmod sets permission bits, by MFF where FEAT has it for UNIX.mode
// (draft-somers-ftp-mfxx), else by SITE CHMOD. KindUnsupported where the server
// has no such command.
func (c *Client) Chmod(ctx context.Context, path string, mode uint32) error {
	const verb = "SITE CHMOD"
	if err := checkPath(verb, path); err != nil {
		return err
	}
	if !c.srv.changesModes() && c.srv.support(factSiteChmod) == No {
		return &Error{Op: verb, Path: path, Kind: KindUnsupported, Err: errNoCommand}
	}
	return c.do(ctx, verb, path, idempotent, func(ctx context.Context, cn *conn) error {
		if cn.srv.changesModes() { // quirkSiteWords
			return cn.chmod(ctx, "MFF", path, fmt.Sprintf("UNIX.mode=%04o; %s", mode&0o7777, path))
		}
		return cn.chmod(ctx, verb, path, fmt.Sprintf("%04o %s", mode&0o7777, path))
	})
}

func (c *conn) chmod(ctx context.Context, verb, path, arg string) error {
	r, err := c.cmd(verb, arg)
	if err != nil {
		return err
	}
	if verb == "SITE CHMOD" {
		c.srv.learnFrom(factSiteChmod, r)
	}
	if r.completed() && r.code != 202 {
		return nil
	}
	return c.refusal(ctx, verb, path, r)
}
