package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ftpfs/ftpclient"
)

// seen is what the server said of the version of a file that is here, for the
// comparison with what it says before that is replaced.
type seen struct {
	size      int64
	time      time.Time
	set       time.Time // the time that was set from here, if any; a server may take it and tell another
	precision time.Duration
}

func seenOf(e *ftpclient.Entry) seen {
	return seen{size: e.Size, time: e.ModTime, precision: e.Precision}
}

// zoneStep divides the difference of any two time zones.
const zoneStep = 15 * time.Minute

// contradicted tells what of e cannot be of the version seen; nil if all can.
// Another version of the same size and second is not noticed.
func (s *seen) contradicted(e *ftpclient.Entry) error {
	switch {
	case e.Size >= 0 && s.size >= 0 && e.Size != s.size:
		return fmt.Errorf("it had %d octets and has %d", s.size, e.Size)
	case s.sameTime(s.time, e) || !s.set.IsZero() && s.sameTime(s.set, e):
		return nil
	}
	return fmt.Errorf("it was of %s and is of %s", s.time.UTC().Format(time.DateTime), e.ModTime.UTC().Format(time.DateTime))
}

// sameTime compares times as exactly as both are known. Those of listings may
// be of another zone.
func (s *seen) sameTime(t time.Time, e *ftpclient.Entry) bool {
	p := max(s.precision, e.Precision)
	if s.precision == 0 || e.Precision == 0 || p > time.Minute {
		return true
	}
	off := e.ModTime.Truncate(p).Sub(t.Truncate(p))
	return off == 0 || p > time.Second && off%zoneStep == 0
}

// contested looks whether the server still has the version that was opened, and
// returns an error of KindChanged if not. It is nil where the server cannot tell,
// and where the file is gone: nothing is overwritten then.
func (f *File) contested(ctx context.Context, p string) error {
	if f.v.opts.Overwrite {
		return nil
	}
	e, err := f.v.verify(ctx, p)
	switch ftpclient.KindOf(err) {
	case ftpclient.KindNotExist, ftpclient.KindUnsupported:
		if err != nil {
			return nil
		}
	}
	if err != nil {
		return err
	}
	return f.contradicted(p, &e)
}

// contradicted is the error of a file of which the server has another version.
func (f *File) contradicted(p string, e *ftpclient.Entry) error {
	f.mu.Lock()
	s, was := f.seen, f.onServer
	f.mu.Unlock()
	why := errors.New("it was made meanwhile")
	if was {
		why = s.contradicted(e)
	}
	if why == nil {
		return nil
	}
	return errChanged(f.v.abs(p), fmt.Errorf("not overwritten, for it has changed since it was opened: %w", why))
}

// parallelMost is the size of an upload that takes about as long as a look.
const parallelMost = 256 << 10

// watched runs the upload of what is to replace the file at p, and looks before it
// and after it whether the server still has the version that is to be replaced;
// once, beside it, if it is short.
func (f *File) watched(ctx context.Context, p string, send func() (ftpclient.Entry, error)) (ftpclient.Entry, error) {
	f.mu.Lock()
	long := f.attr.Size > parallelMost
	f.mu.Unlock()
	if long {
		if err := f.contested(ctx, p); err != nil {
			return ftpclient.Entry{}, err
		}
		e, err := send()
		if err == nil {
			err = f.contested(ctx, p)
		}
		return e, err
	}
	looked := make(chan error, 1)
	f.v.work.Go(func() { looked <- f.contested(ctx, p) })
	e, err := send()
	if other := <-looked; err == nil {
		err = other
	}
	return e, err
}
