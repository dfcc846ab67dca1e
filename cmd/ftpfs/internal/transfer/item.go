package transfer

import (
	"context"
	"io"

	"golang.org/x/time/rate"

	"ftpfs/ftpclient"
)

// item is a file or directory that is to be moved.
type item struct {
	rel   string          // its place at the receiver, with slashes; never leads out of it
	from  string          // its path at the sender
	entry ftpclient.Entry // of the sender; Size may be -1
}

// source is where items come from.
type source interface {
	// name is how people call an item of it.
	name(it item) string
	// walk hands out what is below a directory, each directory before what is in
	// it, and what cannot be had. It returns when that is all, or ctx has ended.
	walk(ctx context.Context, top item, found func(item), failed func(path string, err error))
	// look asks for size and time of a file.
	look(ctx context.Context, it item) (ftpclient.Entry, error)
	// open begins to read a file at an octet.
	open(ctx context.Context, it item, at int64) (content, error)
}

// content is a file that is read.
type content interface {
	io.ReadCloser
	// version is what is read: size and time, as far as they are known.
	version() ftpclient.Entry
	// unchanged tells, at the end, that one version was read.
	unchanged() error
}

// sink is where items go.
type sink interface {
	// dir makes a directory, whose parent has been made, or finds that it is there.
	dir(ctx context.Context, rel string) error
	// file moves a file of src. Called again with the same attempt, it goes on where
	// it was.
	file(ctx context.Context, a *attempt, src source) (outcome, error)
}

// attempt is a file on its way.
type attempt struct {
	item
	again bool // not the first time
	// begun is the version of which a part stands at the receiver; zero: none.
	begun ftpclient.Entry
	part  string // where that is, for people
	moved int64  // octets, in all tries

	meter *lateMeter
	pace  *rate.Limiter // nil: as fast as it goes
}

// size tells, before the first octet moves, how many there are and where it begins.
func (a *attempt) size(size, at int64) { a.meter.size, a.meter.at = size, at }

// counted reads from r, no faster than it may, and tells the meter.
type counted struct {
	ctx context.Context
	r   io.Reader
	a   *attempt
}

func (c counted) Read(p []byte) (int, error) {
	if c.a.pace == nil {
		n, err := c.r.Read(p)
		c.a.add(n)
		return n, err
	}
	n, err := c.r.Read(p[:min(len(p), paced)])
	c.a.add(n)
	if c.a.pace.WaitN(c.ctx, n) != nil && err == nil {
		err = &ftpclient.Error{Op: "wait", Path: c.a.from, Kind: ftpclient.KindCanceled, Err: c.ctx.Err()}
	}
	return n, err
}

// paced is how much is read at a time where the rate is limited.
const paced = 16 << 10

// limiter keeps to a rate; nil where there is none.
func limiter(octets int64) *rate.Limiter {
	if octets <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(octets), paced)
}

func (a *attempt) add(n int) {
	a.moved += int64(n)
	a.meter.Add(n)
}

// outcome is what has become of a file that did not fail.
type outcome uint8

const (
	moved outcome = iota
	same          // it was there already
)
