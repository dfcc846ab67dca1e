package ftpclient

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Stat returns the entry of one path, by MLST (RFC 3659 section 7) or else
// from its parent's listing. It does not follow symbolic links where the
// server lets one tell. The entry's name is the last element of path; that of
// "/" is "/".
func (c *Client) Stat(ctx context.Context, path string) (Entry, error) {
	if err := checkPath("MLST", path); err != nil {
		return Entry{}, err
	}
	var e Entry
	err := c.do(ctx, "MLST", path, idempotent, func(ctx context.Context, cn *conn) error {
		var err error
		if e, err = cn.lstat(ctx, path); err == nil && e.Precision > time.Second && e.Type == TypeFile {
			err = cn.dateFile(path, &e)
		}
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

// lstat finds one entry. What is missing is KindNotExist, also if a directory
// on the way is; KindNotDir if one is a file.
func (c *conn) lstat(ctx context.Context, path string) (Entry, error) {
	root := strings.Trim(path, "/") == ""
	if !c.srv.snapshot().MLST {
		if root {
			return c.statRoot()
		}
		return c.statByParent(ctx, path, c.rowsAnd(baseName(path)))
	}
	m, err := c.mlst(path)
	hides := c.srv.has(quirkHidesBrokenLinks)
	switch {
	case err != nil:
		return Entry{}, err
	case m.ok && !m.maybeLink || root && m.ok:
		return m.Entry, nil
	case m.ok:
		// It may be a link that MLST followed; only LIST tells.
		e, err := c.statByParent(ctx, path, c.rowsAnd(""))
		if err == nil && e.Type == TypeSymlink || err != nil && !isRefusal(err) {
			return e, err
		}
		return m.Entry, nil
	case root:
		return c.statRoot()
	case hides:
		return c.statByParent(ctx, path, c.rowsAnd(""))
	case m.refused == KindNotExist:
		return Entry{}, missing(path)
	}
	return c.statByParent(ctx, path, c.mlsd)
}

// isRefusal tells an answer of the server from a failure of the connection.
func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && !Lost(err) && e.Kind != KindCanceled && e.Kind != KindClosed
}

func missing(path string) *Error {
	return &Error{Op: "MLST", Path: path, Kind: KindNotExist, Err: errNotListed}
}

var errNotListed = errors.New("its directory does not list it")

// mlstAnswer is what MLST said.
type mlstAnswer struct {
	Entry
	ok        bool
	maybeLink bool // the entry may be that of a link's target
	refused   Kind // why there is no entry
}

// mlst asks for one entry.
func (c *conn) mlst(path string) (m mlstAnswer, err error) {
	r, err := c.cmd("MLST", path)
	if err != nil {
		return m, err
	}
	return c.mlstReply(path, r), nil
}

// mlstReply reads the reply to MLST.
func (c *conn) mlstReply(path string, r reply) (m mlstAnswer) {
	if !r.completed() || len(r.lines) < 3 {
		m.refused = kindOfReply("MLST", r, path)
		return m
	}
	// The name may be in any form, also with what looks like facts in it.
	facts, name := cutFacts(strings.TrimLeft(r.lines[1], " "))
	m.Entry, _, m.ok = parseFactsLine(facts + " " + baseName(path))
	m.Target, name = c.opts.charset.localPath(m.Target), c.opts.charset.localPath(name)
	m.maybeLink = c.srv.has(quirkMLSTFollows) && (name != path || m.Mode == 0o777)
	return m
}

func (c *conn) statRoot() (Entry, error) {
	r, err := c.cmd("CWD", "/")
	if err != nil {
		return Entry{}, err
	}
	if !r.completed() {
		return Entry{}, replyError("CWD", "/", r)
	}
	return Entry{Name: "/", Type: TypeDir, Size: -1}, nil
}

// statByParent finds an entry in the listing of its directory, by LIST where
// MLSD hides it (quirkHidesBrokenLinks).
func (c *conn) statByParent(ctx context.Context, path string, list func(context.Context, string) (*Listing, error)) (Entry, error) {
	l, err := list(ctx, parentDir(path))
	if err != nil {
		return Entry{}, err
	}
	name := baseName(path)
	for _, e := range l.Entries {
		if e.Name == name {
			c.srv.fromLIST(c.opts.Zone, &e)
			return e, nil
		}
	}
	if l.Truncated || !l.dots && c.mayHide(name) {
		return c.probe(path)
	}
	return Entry{}, missing(path)
}

// rowsAnd reads the rows of a directory and, by STAT, in the same flight what they
// do not tell of the entry of name, if there is one.
func (c *conn) rowsAnd(name string) func(context.Context, string) (*Listing, error) {
	return func(ctx context.Context, dir string) (*Listing, error) {
		if c.srv.byStat(dir) {
			one := &outflow{Arriving: Arriving{Name: name}}
			if l, err := c.statList(ctx, dir, false, one); l != nil || err != nil {
				return l, err
			}
		}
		return c.listRows(ctx, dir, nil)
	}
}

// mayHide tells whether LIST may have left a name out.
func (c *conn) mayHide(name string) bool {
	return strings.HasPrefix(name, ".") && c.srv.support(factListAll) != Yes
}

// probe finds out by CWD and SIZE what a listing does not show.
func (c *conn) probe(path string) (Entry, error) {
	e := Entry{Name: baseName(path), Size: -1}
	r, err := c.cmd("CWD", path)
	if err != nil {
		return Entry{}, err
	}
	if r.completed() {
		e.Type = TypeDir
		return e, nil
	}
	size, err := c.size(path)
	switch {
	case err != nil:
		return Entry{}, err
	case size < 0:
		return Entry{}, missing(path)
	}
	e.Type, e.Size = TypeFile, size
	return e, nil
}

// size asks SIZE; -1 if the server does not say.
func (c *conn) size(path string) (int64, error) {
	if c.srv.support(factSize) == No {
		return -1, nil
	}
	r, err := c.cmd("SIZE", path)
	if err != nil {
		return -1, err
	}
	c.srv.learnFrom(factSize, r)
	if n, ok := sizeReply(r); ok {
		return n, nil
	}
	return -1, nil
}

// sizeReply reads a 213 to SIZE (RFC 3659 section 4).
func sizeReply(r reply) (int64, bool) {
	if r.code != 213 {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(r.lines[0]), 10, 64)
	return n, err == nil && n >= 0
}
