package ftpclient

import (
	"context"
	"errors"
	"time"
)

// Verify returns size and modification time of a file by the cheapest
// commands there are (MLST, else SIZE and MDTM); what the server does not
// tell is -1 or zero. Mode is set only by MLST. Symbolic links are followed
// where the server follows them. A directory is KindIsDir.
func (c *Client) Verify(ctx context.Context, path string) (Entry, error) {
	if err := checkPath("SIZE", path); err != nil {
		return Entry{}, err
	}
	var e Entry
	err := c.do(ctx, "SIZE", path, idempotent, func(ctx context.Context, cn *conn) error {
		var err error
		e, err = cn.verify(ctx, path)
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

func (c *conn) verify(ctx context.Context, path string) (Entry, error) {
	cmds := c.verifyCommands(path)
	if len(cmds) == 0 {
		return c.lstat(ctx, path)
	}
	replies, err := c.each(cmds)
	if err != nil {
		return Entry{}, err
	}
	return c.verified(ctx, path, replies)
}

// verifyStored is verify of a file that was just stored; replies are those to
// cmds, and perhaps others, that came behind it, as far as they did.
func (c *conn) verifyStored(ctx context.Context, path string, cmds []command, replies []reply) (Entry, error) {
	if len(cmds) == 0 || len(replies) < len(cmds) {
		return c.verify(ctx, path)
	}
	return c.verified(ctx, path, replies[:len(cmds)])
}

// verified is what the replies to verifyCommands tell.
func (c *conn) verified(ctx context.Context, path string, replies []reply) (Entry, error) {
	if firstWord(replies[0].to) == "MLST" {
		m := c.mlstReply(path, replies[0])
		switch {
		case m.ok && m.Type == TypeDir:
			return Entry{}, &Error{Op: "MLST", Path: path, Kind: KindIsDir, Err: errIsDir}
		case m.ok:
			return m.Entry, nil
		}
		return c.lstat(ctx, path)
	}
	if e, told := c.toldOf(path, replies); told {
		return e, nil
	}
	// A directory, or missing, or neither command is known.
	if replies[0].notImplemented() {
		return c.lstat(ctx, path)
	}
	return Entry{}, c.refusal(ctx, "SIZE", path, replies[0])
}

// toldOf is what the replies to verifyCommands tell of a file; false if they do
// not, or it is a directory.
func (c *conn) toldOf(path string, replies []reply) (e Entry, told bool) {
	if firstWord(replies[0].to) == "MLST" {
		m := c.mlstReply(path, replies[0])
		return m.Entry, m.ok && m.Type != TypeDir
	}
	e = Entry{Name: baseName(path), Type: TypeFile, Size: -1}
	for _, r := range replies {
		switch firstWord(r.to) {
		case "SIZE":
			c.srv.learnFrom(factSize, r)
			if n, ok := sizeReply(r); ok {
				e.Size, told = n, true
			}
		case "MDTM":
			c.srv.learnFrom(factMDTM, r)
			if t, ok := timeReply(r); ok {
				c.srv.checkStoredTime(c.opts.Zone, path, t)
				e.ModTime, e.Precision, told = c.srv.fromMDTM(c.opts.Zone, t), time.Second, true
			}
		}
	}
	return e, told
}

// verifyCommands ask for size and time of a file.
func (c *conn) verifyCommands(path string) (cmds []command) {
	if c.srv.snapshot().MLST {
		return []command{{"MLST", path}}
	}
	if c.srv.support(factSize) != No {
		cmds = append(cmds, command{"SIZE", path})
	}
	if c.srv.support(factMDTM) != No {
		cmds = append(cmds, command{"MDTM", path})
	}
	return cmds
}

// each sends commands in one flight where the server was seen to take them
// so, else one after the other.
func (c *conn) each(cmds []command) ([]reply, error) {
	if c.srv.support(factPipelining) == Yes {
		return c.flight(cmds, c.opts.ReplyTimeout)
	}
	var replies []reply
	for _, cmd := range cmds {
		r, err := c.cmd(cmd.verb, cmd.arg)
		if err != nil {
			return nil, err
		}
		replies = append(replies, r)
	}
	return replies, nil
}

var errIsDir = errors.New("a file was asked for")
