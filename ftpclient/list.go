package ftpclient

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

// List returns the content of a directory, by MLSD or else LIST. A directory
// that does not exist is KindNotExist, never an empty listing; a file is
// KindNotDir. Times are to the second where the server can tell (MDTM for the
// files of a LIST, sent in flights; RFC 3659 sections 3 and 7). A listing whose
// data connection was not to be had or was lost, as the server says (425, 426),
// is taken once more. It holds the whole listing; for directories of any size
// there is ListFunc.
func (c *Client) List(ctx context.Context, dir string) (*Listing, error) {
	if err := checkPath("LIST", dir); err != nil {
		return nil, err
	}
	var l *Listing
	list := func(ctx context.Context, cn *conn) (err error) {
		l, err = cn.listWhole(ctx, dir, nil)
		return err
	}
	err := c.do(ctx, "LIST", dir, idempotent, list)
	if lostData(err) && ctx.Err() == nil {
		err = c.do(ctx, "LIST", dir, idempotent, list)
	}
	if err != nil {
		return nil, err
	}
	c.opts.Trace.skipped(dir, l.Skipped)
	return l, nil
}

// lostData tells whether a server reported that its data connection failed (RFC
// 959 section 4.2).
func lostData(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == 425 || e.Code == 426)
}

// listWhole reads a directory and completes what the listing leaves out. out
// may be nil.
func (c *conn) listWhole(ctx context.Context, dir string, out *outflow) (*Listing, error) {
	if c.srv.byStat(dir) {
		if l, err := c.statList(ctx, dir, true, out); l != nil || err != nil {
			return l, err
		}
	}
	l, err := c.list(ctx, dir, out)
	if err != nil {
		return nil, err
	}
	out.recall(l)
	switch {
	case !c.srv.snapshot().MLST:
		if slices.ContainsFunc(l.Entries, func(e Entry) bool { return isCoarse(&e) }) {
			out.sketched(l)
		}
		err = c.dateFiles(dir, l)
	case c.srv.has(quirkHidesBrokenLinks):
		err = c.addLinks(ctx, dir, l, out.flowed())
	}
	if err != nil {
		return nil, err
	}
	c.srv.sizesSeen(dir, l.Entries)
	if !out.flowed() {
		c.proveStat(dir, l)
	}
	return l, nil
}

// list reads a directory with what the server has, times as they are listed.
func (c *conn) list(ctx context.Context, dir string, out *outflow) (*Listing, error) {
	if c.srv.byStat(dir) {
		if l, err := c.statList(ctx, dir, false, nil); l != nil || err != nil {
			return l, err
		}
	}
	if c.srv.snapshot().MLST {
		return c.mlsdTo(ctx, dir, out)
	}
	return c.listRows(ctx, dir, out)
}

// addLinks completes a listing by MLSD with what only LIST shows: links whose
// target is missing, and the targets of the others (quirkHidesBrokenLinks).
// partial tells that l has of the entries only the links, and those perhaps not
// all; one that is told anew replaces what was told before.
func (c *conn) addLinks(ctx context.Context, dir string, l *Listing, partial bool) error {
	rows, err := c.listLinks(ctx, dir, partial)
	if err != nil {
		if isRefusal(err) {
			return nil // LIST may be forbidden; MLSD stands
		}
		return err
	}
	at := make(map[string]int, len(l.Entries))
	for i, e := range l.Entries {
		at[e.Name] = i
	}
	c.srv.settleRows(c.opts.Zone, rows, l, at)
	for _, row := range rows.Entries {
		i, listed := at[row.Name]
		switch {
		case row.Type != TypeSymlink:
		case !listed:
			l.Entries = append(l.Entries, row)
		case l.Entries[i].Type == TypeSymlink:
			l.Entries[i].Target = row.Target
		}
	}
	return nil
}

// mlsd reads a directory by MLSD, whose argument is a path and nothing else
// (RFC 3659 section 7.2).
func (c *conn) mlsd(ctx context.Context, dir string) (*Listing, error) {
	return c.mlsdTo(ctx, dir, nil)
}

// mlsdTo is mlsd for ListFunc.
func (c *conn) mlsdTo(ctx context.Context, dir string, out *outflow) (*Listing, error) {
	l, r, err := c.readListing(ctx, command{"MLSD", dir}, out.start(c, dir), out)
	switch {
	case err != nil:
		return nil, err
	case l != nil:
		return l, nil
	case !emptyText(r):
		return nil, c.refusal(ctx, "MLSD", dir, r)
	}
	if r, err = c.cmd("CWD", dir); err != nil {
		return nil, err
	}
	if !r.completed() {
		return nil, c.refusal(ctx, "CWD", dir, r)
	}
	return &Listing{}, nil
}

// listRows reads a directory by LIST. The directory is entered first: that
// tells whether it is there, which LIST does not on vsftpd and Pure-FTPd, and
// spares LIST an argument, which would be taken for options and patterns
// (quirkListMissing, quirkListArgument).
func (c *conn) listRows(ctx context.Context, dir string, out *outflow) (*Listing, error) {
	r, err := c.cmd("CWD", dir)
	if err != nil {
		return nil, err
	}
	if !r.completed() {
		return nil, c.refusal(ctx, "CWD", dir, r)
	}
	switch c.srv.support(factListAll) {
	case Yes:
		l, err := c.listCwd(ctx, dir, "-a", out)
		if err != nil || out.flowed() || !onlyDashA(l) {
			return l, err
		}
		return c.listCwd(ctx, dir, "", out) // the option was taken for the file's name
	case No:
		return c.listCwd(ctx, dir, "", out)
	}
	return c.listBoth(ctx, dir, out)
}

// listCwd lists the directory that was entered.
func (c *conn) listCwd(ctx context.Context, dir, option string, out *outflow) (*Listing, error) {
	l, r, err := c.readListing(ctx, command{"LIST", option}, out.start(c, dir), out)
	switch {
	case err != nil:
		return nil, err
	case l != nil:
		return l, nil
	case emptyText(r) || r.code == 450 && nothingText(r): // quirkEmptyRefused
		return &Listing{}, nil
	}
	return nil, c.refusal(ctx, "LIST", dir, r)
}

// onlyDashA recognises the answer of a server that takes -a for a file that
// is there (quirkDashAFile).
func onlyDashA(l *Listing) bool { return len(l.Entries) == 1 && l.Entries[0].Name == "-a" }

// emptyText recognises a refusal that means an empty directory.
func emptyText(r reply) bool {
	text := strings.ToLower(r.text())
	return strings.HasPrefix(text, "no files found") || strings.HasPrefix(text, "no members found") ||
		strings.HasPrefix(text, "no data sets found")
}

// nothingText recognises a 450 that says that there is nothing. Another may be
// about a directory that is busy (RFC 959 section 4.2.2), and full.
func nothingText(r reply) bool {
	text := strings.ToLower(r.text())
	return strings.Contains(text, "no such file") || strings.Contains(text, "not found") || strings.Contains(text, "no files")
}

// readListing runs a listing command and reads its lines; at may be nil. A refusal leaves the
// listing nil and is in the reply. What out has taken is not in the listing.
func (c *conn) readListing(ctx context.Context, cmd command, at *restart, out *outflow) (*Listing, reply, error) {
	t, r, err := c.begin(ctx, cmd, at)
	if t == nil {
		return nil, r, err
	}
	lr := listReader{out: out, localNames: c.localNames}
	if cmd.verb == "LIST" {
		lr.rows = &rowReader{now: time.Now()}
	}
	if err = readLines(newListingBound(t, out), lr.line); err != nil {
		err = c.ioError(cmd.verb, err)
		t.abandon(err)
		return nil, r, t.inWords(err)
	}
	if r, err = t.finish(io.EOF); err != nil {
		return nil, r, err
	}
	l := lr.result()
	c.localNames(l)
	switch {
	case r.completed() && !strings.Contains(strings.ToLower(r.text()), "failed to open directory"):
		l.Truncated = strings.Contains(strings.ToLower(r.text()), "output truncated")
		return l, r, nil
	case !out.flowed() && (r.code != 426 && len(l.Entries)+len(l.Skipped) == 0 || r.completed()):
		return nil, r, nil // quirkListDenied
	}
	if r.outOfTurn() {
		c.broken = errOutOfStep
	}
	return nil, r, &Error{Op: cmd.verb, Kind: KindTruncated, Code: r.code, Text: r.text()}
}
