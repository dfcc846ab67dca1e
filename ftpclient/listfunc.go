package ftpclient

import (
	"context"
	"strings"
	"time"
)

// ListFunc lists a directory as List does, but hands its entries to take while
// they arrive, so that a directory of any size needs little memory. take is
// called with some hundreds of entries at a time, on the goroutine of the
// caller; it must not keep the slice, and must not call the Client.
//
// The Listing has what is left when the listing has ended: of a small directory
// all entries, of a large one the last, and those that something was found out
// about since. An entry whose name was handed over before replaces that one;
// Listing.Retime is for all others. What was handed over is of no use if
// ListFunc returns an error.
//
// Dialects whose names are only known at the end (VMS) are not handed over. Of a
// name that is listed twice the last counts, if they are not close together; in
// List the second is among the Skipped.
//
// A directory that is known to be large is waited for while the server sorts it,
// longer than Options.ReplyTimeout and Options.DataTimeout. Listings of more than
// four million lines or 256 MiB are an error, KindProtocol.
func (c *Client) ListFunc(ctx context.Context, dir string, take func(entries []Entry)) (*Listing, error) {
	if err := checkPath("LIST", dir); err != nil {
		return nil, err
	}
	var l *Listing
	var last error
	out := &outflow{take: take}
	list := func(ctx context.Context, cn *conn) error {
		if out.flowed() {
			return last // what was handed over cannot be taken back
		}
		if cn.srv.isBulky(dir) {
			out.patience = sortingWait * cn.opts.DataTimeout
		}
		out.see = func(entries []Entry) { cn.srv.sizesSeen(dir, entries) }
		l, last = cn.listWhole(ctx, dir, out)
		return last
	}
	err := c.do(ctx, "LIST", dir, idempotent, list)
	if lostData(err) && !out.flowed() && ctx.Err() == nil {
		err = c.do(ctx, "LIST", dir, idempotent, list)
	}
	if err != nil {
		return nil, err
	}
	c.opts.Trace.skipped(dir, l.Skipped)
	return l, nil
}

// sortingWait is how many times DataTimeout a large directory may take until the
// first line of its listing: vsftpd sorts it, and looks at every file, before it
// sends anything.
const sortingWait = 10

// flowBatch is how many entries are handed over at a time.
const flowBatch = 512

// outflow takes entries away from a listing that is being read. A nil one takes
// none.
type outflow struct {
	take func([]Entry)
	see  func([]Entry) // is shown them before
	kept []Entry       // of them, which something may be found out about

	taken    int           // how many entries
	patience time.Duration // until the reply to the command, and from there to the first line
}

func (o *outflow) flowed() bool { return o != nil && o.taken > 0 }

// start is what the transfer of the listing begins with.
func (o *outflow) start() *restart {
	if o == nil {
		return nil
	}
	return &restart{patience: o.patience}
}

// wants tells whether it is time to take what a reader has. The next entry is
// not among it yet: the line after it may show that it is none.
//
// As long as all names begin with a space they may be padded (quirkWideColumn).
func (o *outflow) wants(l *listReader) bool {
	if o == nil || len(l.Entries) < flowBatch || l.rows != nil && l.padded == l.named {
		return false
	}
	return l.rows == nil || l.rows.run != nil && l.rows.finish() == nil
}

// drain hands over the entries of a reader, under the names that they have here.
func (o *outflow) drain(l *listReader) {
	l.localNames(&l.Listing)
	o.taken += len(l.Entries)
	o.keep(l)
	o.see(l.Entries)
	o.take(l.Entries)
	l.Entries = l.Entries[:0]
}

// keep keeps the files of a LIST that dateFiles would date, and the links of an
// MLSD that addLinks would complete. Their strings are copied: they are parts of
// whole lines.
func (o *outflow) keep(l *listReader) {
	for _, e := range l.Entries {
		if len(o.kept) >= mdtmMost {
			return
		}
		if l.rows != nil && isCoarse(&e) || l.rows == nil && e.Type == TypeSymlink {
			for _, s := range []*string{&e.Name, &e.Owner, &e.Group, &e.Target, &e.Unique} {
				*s = strings.Clone(*s)
			}
			o.kept = append(o.kept, e)
		}
	}
}

// recall puts into a listing that has ended what is to be found out about.
func (o *outflow) recall(l *Listing) {
	if o.flowed() {
		l.Entries = append(o.kept, l.Entries...)
		o.kept = nil
	}
}

// listLinks reads what LIST shows of a directory; of one that may be large only
// the links.
func (c *conn) listLinks(ctx context.Context, dir string, large bool) (*Listing, error) {
	if !large {
		return c.listRows(ctx, dir, nil)
	}
	var links []Entry
	only := func(entries []Entry) {
		for _, e := range entries {
			if e.Type == TypeSymlink {
				e.Name, e.Target = strings.Clone(e.Name), strings.Clone(e.Target)
				links = append(links, e)
			}
		}
	}
	wait := sortingWait * c.opts.DataTimeout
	l, err := c.listRows(ctx, dir, &outflow{take: only, see: func([]Entry) {}, patience: wait})
	if err != nil {
		return nil, err
	}
	only(l.Entries)
	return &Listing{Entries: links}, nil
}
