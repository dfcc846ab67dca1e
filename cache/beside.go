package cache

import (
	"context"
	"errors"
	"io"

	"ftpfs/ftpclient"
)

// errNotBeside tells that what a file lacks is to be fetched before it is sent.
var errNotBeside = errors.New("the content is not complete")

// filling fetches what a file lacks while the file is being sent, so that a change in
// the middle of a large file costs the longer of both.
type filling struct {
	f    *File
	ctx  context.Context
	done chan struct{}

	// Guarded by File.mu.
	more chan struct{} // closed and replaced when something has come
	err  error
}

// replaceBeside is replace for a file that lacks a good deal; errNotBeside if that is
// to be fetched first. The download has to have a connection to spare: one that is
// waited for while the upload holds another may never come.
func (f *File) replaceBeside(ctx context.Context, p string) (ftpclient.Entry, error) {
	if f.lacks() <= parallelMost {
		return ftpclient.Entry{}, errNotBeside
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	fl := &filling{f: f, ctx: ctx, done: make(chan struct{}), more: make(chan struct{})}
	begun := make(chan struct{}, 1)
	f.v.work.Go(func() {
		defer close(fl.done)
		err := f.fillGaps(ctx, true, func() {
			select {
			case begun <- struct{}{}:
			default:
			}
			fl.stir(nil)
		})
		fl.stir(err)
	})
	select {
	case <-begun:
	case <-fl.done:
		return ftpclient.Entry{}, errNotBeside
	}
	f.filling = fl
	e, err := f.replace(ctx, p)
	f.filling = nil
	cancel()
	<-fl.done
	return e, err
}

// stir has the reader look again; err is the end of the fetching, if it failed.
func (fl *filling) stir(err error) {
	fl.f.mu.Lock()
	defer fl.f.mu.Unlock()
	fl.err = err
	close(fl.more)
	fl.more = make(chan struct{})
}

// reader reads the content from at, and waits for what is still being fetched.
func (fl *filling) reader(at int64) io.Reader { return &fillReader{fl, at} }

type fillReader struct {
	*filling
	pos int64
}

func (r *fillReader) Read(p []byte) (int, error) {
	for {
		n, more, err := r.ready(int64(len(p)))
		if err != nil {
			return 0, err
		}
		if n > 0 {
			file, err := r.f.v.spoolOf(r.f)
			if err != nil {
				return 0, err
			}
			got, err := file.ReadAt(p[:n], r.pos)
			r.pos += int64(got)
			return got, err
		}
		select {
		case <-more:
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
	}
}

// ready is how much of what comes next is there.
func (r *fillReader) ready(most int64) (n int64, more <-chan struct{}, err error) {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	end := min(r.pos+most, r.f.attr.Size)
	if r.pos >= end {
		return 0, nil, io.EOF
	}
	if gaps := r.f.spool.have.missing(r.pos, min(end, r.f.spool.base)); len(gaps) > 0 {
		end = gaps[0].lo
	}
	if end > r.pos {
		return end - r.pos, nil, nil
	}
	if r.err != nil {
		return 0, nil, errNotBeside
	}
	return 0, r.more, nil
}
