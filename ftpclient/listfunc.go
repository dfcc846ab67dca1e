package ftpclient

import (
	"context"
	"strings"
	"time"
)

// Arriving is what is done with a listing while it arrives.
type Arriving struct {
	// Take is called with some hundreds of entries at a time, where there are
	// many. It must not keep the slice.
	Take func(entries []Entry)
	// Sketch, if it is not nil, is shown the listing of a small directory as soon
	// as its lines are there, when the times of its entries, and with MLST all
	// facts but the type, are still asked for. Names and types are right in it,
	// and all of the entry Name if that has its time to the second. It must not
	// keep or change the listing. It is not called where nothing more is asked,
	// and again where a listing is begun anew.
	Sketch func(*Listing)
	// Name is the entry that is asked for first, if any. First, if it is not nil, is
	// called with it where it is told before a large directory is, by MLST.
	Name  string
	First func(Entry)
}

// ListFunc lists a directory as List does, but hands its entries over while they
// arrive, so that a directory of any size needs little memory. The functions of a
// are called on the goroutine of the caller, and must not call the Client.
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
func (c *Client) ListFunc(ctx context.Context, dir string, a Arriving) (*Listing, error) {
	if err := checkPath("LIST", dir); err != nil {
		return nil, err
	}
	var l *Listing
	var last error
	out := &outflow{Arriving: a}
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
	Arriving
	see  func([]Entry) // is shown the entries before they are taken
	kept []Entry       // of them, which something may be found out about

	taken     int           // how many entries
	toldFirst bool          // First was called
	patience  time.Duration // until the reply to the command, and from there to the first line
}

func (o *outflow) flowed() bool { return o != nil && o.taken > 0 }

// sketched shows a listing of which something is to be found out about.
func (o *outflow) sketched(l *Listing) {
	if o != nil && o.Sketch != nil && !o.flowed() {
		o.Sketch(l)
	}
}

// start is what the transfer of the listing of dir begins with.
func (o *outflow) start(c *conn, dir string) *restart {
	if o == nil {
		return nil
	}
	at := &restart{patience: o.patience}
	if path := joinPath(dir, o.Name); o.wantsFirst(c) && checkPath("MLST", path) == nil {
		at.before = []command{{"MLST", path}}
		at.heard = func(r reply) { o.first(c, path, r) }
	}
	return at
}

// wantsFirst tells whether the entry Name is still to be told first, and can be.
func (o *outflow) wantsFirst(c *conn) bool {
	return o != nil && o.Name != "" && o.First != nil && !o.toldFirst && c.srv.snapshot().MLST
}

// first takes the reply to MLST of the entry that is wanted first. What may be of
// the target of a link only the listing tells.
func (o *outflow) first(c *conn, path string, r reply) {
	if m := c.mlstReply(path, r); m.ok && !m.maybeLink && m.Type != TypeSymlink && o.wantsFirst(c) {
		o.toldFirst = true
		o.First(m.Entry)
	}
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
	o.Take(l.Entries)
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
	l, err := c.listRows(ctx, dir, &outflow{Arriving: Arriving{Take: only}, see: func([]Entry) {}, patience: wait})
	if err != nil {
		return nil, err
	}
	only(l.Entries)
	return &Listing{Entries: links}, nil
}
