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
	other := f.contradicted(p, &e)
	if other == nil {
		return nil
	}
	if ours, err := f.leftByUs(ctx, p, &e); ours || err != nil {
		return err
	}
	return other
}

// madeMeanwhile is contested for a new file: somebody else may have made one of its name
// since it was looked for. Where it was made here a moment ago, or in a directory that
// was, nobody is expected.
func (f *File) madeMeanwhile(ctx context.Context, p string) error {
	dir, _ := split(p)
	if f.absentFor() < doubtAfter || f.v.made.lately(dir) || f.v.opts.Overwrite || f.v.listedAbsent(ctx, p) {
		return nil
	}
	return f.contested(ctx, p)
}

// absentFor is for how long nobody has looked whether the server has a new file.
func (f *File) absentFor() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Since(f.absent)
}

// leftByUs reports whether the server's version e at p is what an upload of the file has
// left there that was cut off: a beginning of what is here or, of a new file that was
// written to since, one that was written when that was sent. An empty file may be somebody
// else's, if its time says so.
func (f *File) leftByUs(ctx context.Context, p string, e *ftpclient.Entry) (bool, error) {
	f.mu.Lock()
	s, tried := f.spool, f.tried
	comparable := f.brokeOff && s != nil && (e.Size > 0 || e.Size == 0 && (tried == nil || e.ModTime.IsZero())) && e.Size <= f.attr.Size && len(s.have.missing(0, e.Size)) == 0
	f.mu.Unlock()
	if comparable {
		if same, err := f.v.begins(ctx, p, s.file, 0, e.Size); same || err != nil {
			return same, err
		}
	}
	if tried == nil {
		return false, nil
	}
	slack := clockSlack + e.Precision
	return f.v.writtenThen(ctx, p, e, attempt{tried.from.Add(-slack), tried.until.Add(slack)})
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
