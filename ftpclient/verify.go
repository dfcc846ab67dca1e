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
	if c.srv.snapshot().MLST {
		m, err := c.mlst(path)
		switch {
		case err != nil:
			return Entry{}, err
		case m.ok && m.Type == TypeDir:
			return Entry{}, &Error{Op: "MLST", Path: path, Kind: KindIsDir, Err: errIsDir}
		case m.ok:
			return m.Entry, nil
		}
		return c.lstat(ctx, path)
	}
	cmds := c.verifyCommands(path)
	if len(cmds) == 0 {
		return c.lstat(ctx, path)
	}
	replies, err := c.each(cmds)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Name: baseName(path), Type: TypeFile, Size: -1}
	told := false
	for i, r := range replies {
		switch cmds[i].verb {
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
	if !told { // a directory, or missing, or neither command is known
		if replies[0].notImplemented() {
			return c.lstat(ctx, path)
		}
		return Entry{}, c.refusal(ctx, "SIZE", path, replies[0])
	}
	return e, nil
}

func (c *conn) verifyCommands(path string) (cmds []command) {
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
