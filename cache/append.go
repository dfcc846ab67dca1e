package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"ftpfs/ftpclient"
)

// errNotAppended tells that a file is to be sent whole instead.
var errNotAppended = errors.New("not by appending")

// tail is the part of the content that is only here, if the rest is as the server
// has it.
func (f *File) tail() (span, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ok := f.onServer && f.kept > 0 && f.kept == f.base.size && f.attr.Size > f.kept
	return span{f.kept, f.attr.Size}, ok
}

// append sends what was added at the end of the file at p, and nothing else:
// errNotAppended if that cannot be done, with the file as it was. Who reads the
// file meanwhile sees it grow. What others add at the same time stays, before or
// behind; then foreign tells that the file is not what is here.
func (f *File) append(ctx context.Context, p string, t span) (e ftpclient.Entry, foreign bool, err error) {
	if can, err := f.v.canAppend(ctx, p); err != nil || !can {
		return e, false, errNotAppended
	}
	at, foreign, err := f.serverEnd(ctx, p)
	if err != nil {
		return e, false, err
	}
	f.mu.Lock()
	f.adding = !foreign // until it is published, or has failed
	f.mu.Unlock()
	a := &addition{f: f, p: p, t: t, at: at}
	if e, err = a.run(ctx); err != nil {
		if !foreign {
			a.partly(ctx)
		}
		return e, false, err
	}
	f.dress(ctx, p, &e, false)
	return e, foreign || e.Size != t.hi, nil
}

// serverEnd is the server's size of the file at p before something is added. It must be
// the version that was opened, unless all that was written was to go to the end,
// wherever that is; foreign tells that it is another version.
func (f *File) serverEnd(ctx context.Context, p string) (size int64, foreign bool, err error) {
	e, err := f.v.verify(ctx, p)
	switch k := ftpclient.KindOf(err); {
	case err != nil && (k == ftpclient.KindUnsupported || k == ftpclient.KindNotExist):
		return 0, false, errNotAppended
	case err != nil:
		return 0, false, err
	case e.Size < 0:
		return 0, false, errNotAppended
	}
	f.mu.Lock()
	anywhere := f.onlyAdded
	f.mu.Unlock()
	other := f.contradicted(p, &e)
	switch {
	case other == nil || anywhere:
		return e.Size, other != nil, nil
	case f.v.opts.Overwrite:
		return 0, false, errNotAppended
	}
	return 0, false, other
}

// addition is the sending of the octets t of a file to the end of the server's,
// which is at.
type addition struct {
	f  *File
	p  string
	t  span
	at int64
}

// partly takes over what a failed addition has left, if that is a part of what is
// here. If it is not, as with a server that has changed the ends of lines, the file is
// not what it was, and nothing more is added to that.
func (a *addition) partly(ctx context.Context) {
	e, err := a.f.v.verify(ctx, a.p)
	if err != nil || e.Size <= a.at {
		return
	}
	same := e.Size <= a.t.hi
	if same {
		if same, err = a.f.v.begins(ctx, a.p, a.content(), a.at, e.Size); err != nil {
			return
		}
	}
	a.f.mu.Lock()
	defer a.f.mu.Unlock()
	if !same {
		a.f.onlyAdded = false
		return
	}
	a.f.base, a.f.seen, a.f.kept = versionOf(&row{Entry: e}), seenOf(&e), e.Size
	a.f.epoch++
}

// content is where the octets are that are added.
func (a *addition) content() *os.File {
	a.f.mu.Lock()
	defer a.f.mu.Unlock()
	return a.f.spool.file
}

func (a *addition) run(ctx context.Context) (ftpclient.Entry, error) {
	v, sent := a.f.v, int64(0)
	for try := 1; ; try++ {
		e, err := a.once(ctx, sent)
		if err == nil {
			return e, nil
		}
		if !cutOff(err) || !v.again(err, try) {
			return e, err
		}
		v.log.Info("an upload is tried again", "file", v.abs(a.p), "error", err)
		e, err = v.verify(ctx, a.p)
		switch now := e.Size - a.at; {
		case err != nil && cutOff(err):
			return e, err // nothing can be said of the file
		case err != nil:
			return e, err
		case now == a.t.hi-a.t.lo:
			return told(&e, e.Size), nil // only the last word was lost
		case now < 0 || now > a.t.hi-a.t.lo:
			return e, errChanged(v.abs(a.p), fmt.Errorf("it had %d octets, %d were to be added, and it has %d", a.at, a.t.hi-a.t.lo, e.Size))
		case now > sent:
			if now-sent >= getsOn {
				try = 0
			}
			sent = now
		}
	}
}

// once sends what is left after the first octets that were sent.
func (a *addition) once(ctx context.Context, sent int64) (ftpclient.Entry, error) {
	v, from := a.f.v, a.t.lo+sent
	s, err := v.remote.Store(ctx, v.abs(a.p), stepping(io.NewSectionReader(a.content(), from, a.t.hi-from), a.t.hi-from), ftpclient.StoreOptions{Append: true, Verify: true})
	step("stored")
	switch {
	case err != nil:
		return ftpclient.Entry{}, err
	case s.VerifyErr != nil:
		return s.Entry, s.VerifyErr
	}
	want := a.at + a.t.hi - a.t.lo
	if s.Sent != a.t.hi-from || s.Entry.Size < want {
		v.appends.learn(ftpclient.No)
		return s.Entry, &ftpclient.Error{Op: "APPE", Path: v.abs(a.p), Kind: ftpclient.KindTruncated,
			Err: fmt.Errorf("%d octets were added to %d, the server has %d", s.Sent, a.at+sent, s.Entry.Size)}
	}
	if s.Entry.Size > want {
		v.log.Info("others have added to a file at the same time", "file", v.abs(a.p))
	}
	return told(&s.Entry, s.Entry.Size), nil
}

// canAppend reports whether APPE adds to files, which is found out with a
// temporary file beside p: an answer that is wrong must not cost a file.
func (v *Volume) canAppend(ctx context.Context, p string) (bool, error) {
	if s := v.appends.of(v.remote.Features().Append); s != ftpclient.Untried {
		return s == ftpclient.Yes, nil
	}
	temp := tempName(p)
	const first, second = "abc", "d" // of which the sum is neither
	noted := v.noteName(temp)
	var err error
	defer func() { v.after.Go(func() { v.clearAway(temp, noted, err) }) }()
	var s ftpclient.Stored
	s, err = v.remote.Store(ctx, v.abs(temp), strings.NewReader(first), ftpclient.StoreOptions{Verify: true})
	if err != nil || s.VerifyErr != nil || s.Entry.Size != int64(len(first)) {
		return false, errors.Join(err, s.VerifyErr) // nothing was learned
	}
	s, err = v.remote.Store(ctx, v.abs(temp), strings.NewReader(second), ftpclient.StoreOptions{Append: true, Verify: true})
	switch {
	case err != nil && ftpclient.Lost(err):
		return false, err
	case err == nil && s.VerifyErr != nil:
		return false, s.VerifyErr
	}
	can := err == nil && s.Entry.Size == int64(len(first)+len(second))
	if !can {
		v.log.Info("the server does not add to files; they are sent whole", "size", s.Entry.Size, "error", err)
	}
	v.appends.learn(map[bool]ftpclient.Support{true: ftpclient.Yes, false: ftpclient.No}[can])
	return can, nil
}
