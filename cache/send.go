package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"ftpfs/ftpclient"
)

// ability is something that a server was seen to do right, or wrong: an
// ftpclient.Support.
type ability struct{ is atomic.Uint32 }

// of is what is known, from here or from what the client has learned.
func (a *ability) of(client ftpclient.Support) ftpclient.Support {
	if s := ftpclient.Support(a.is.Load()); s != ftpclient.Untried {
		return s
	}
	return client
}

func (a *ability) learn(s ftpclient.Support) { a.is.Store(uint32(s)) }

// upload brings octets into a file on the server. It goes on from where it was
// cut off, or begins again; both only as long as the server takes some octets
// now and then.
type upload struct {
	v       *Volume
	to      string // path
	content io.ReaderAt
	size    int64
	filling *filling // what fetches the content meanwhile; else nil
	tail    *tail    // what the content is read by if it is still growing; else nil
	// fresh: nobody but this upload writes to the file, so that what the server
	// has of it is a beginning of the content.
	fresh bool
	begun bool     // the server has taken some of it
	took  bool     // in the last Store
	sent  int64    // by that
	how   *ability // by which it went on
}

// send stores the content under p and has its size confirmed. If that fails it
// deletes a file that is fresh: not there before; left tells that it could not. Under
// the file's own name that is done at once only where the server has just told that it
// took the file, and later (File.tried) where it was lost: it may be somebody else's by
// now.
func (f *File) send(ctx context.Context, p string, fresh bool) (e ftpclient.Entry, left bool, err error) {
	from := time.Now()
	f.mu.Lock()
	u := &upload{v: f.v, to: p, content: f.spool.file, size: f.attr.Size, fresh: fresh, filling: f.filling}
	f.mu.Unlock()
	e, err = u.run(ctx, 0, false)
	_, name := split(p)
	ours := isTemp(name) || u.took && answered(err)
	if err != nil && fresh && ours {
		left = !f.v.discard(p)
	}
	if err != nil && !isTemp(name) && (u.begun || ftpclient.Lost(err)) {
		f.mu.Lock()
		f.brokeOff = true
		f.mu.Unlock()
	}
	if err != nil && fresh && !isTemp(name) {
		f.mu.Lock()
		switch {
		case left || !ours && u.begun || f.tried == nil && ftpclient.Lost(err): // lost: the server may have got to it
			f.tried = &attempt{from, time.Now()}
		case ours:
			f.tried = nil
		}
		f.mu.Unlock()
	}
	if err != nil && u.begun {
		err = &broken{err}
	}
	return e, left, err
}

// getsOn is what a try has to bring for the next to count as the first: less would have
// an upload go on for hours.
const getsOn = 64 << 10

// broken is the error of an upload that had begun: whatever the server has said,
// it has not refused the name.
type broken struct{ error }

func (b *broken) Unwrap() error { return b.error }

// run is the upload, of which the server has the octets before at. look tells
// that this is to be found out.
func (u *upload) run(ctx context.Context, at int64, look bool) (ftpclient.Entry, error) {
	for try := 1; ; try++ {
		var e ftpclient.Entry
		var err error
		if was := at; look {
			var all bool
			if at, all, e, err = u.reached(ctx); all {
				return told(&e, at), nil // only the last word was lost
			}
			switch {
			case err != nil:
			case at < u.punched():
				return e, &ftpclient.Error{Op: "STOR", Path: u.v.abs(u.to), Kind: ftpclient.KindTruncated,
					Err: fmt.Errorf("the server has confirmed %d octets, and has %d", u.punched(), at)}
			case at > was:
				if at-was >= getsOn {
					try = 1
				}
			case was > 0 && u.sent > 0:
				u.how.learn(ftpclient.No) // it went elsewhere
				at, try = 0, 1
			}
		}
		if err == nil {
			e, err = u.once(ctx, at)
		}
		switch {
		case err == nil:
			return e, nil
		case at > 0 && !cutOff(err) && ftpclient.KindOf(err) != ftpclient.KindNoSpace:
			// It is not gone on with that way, as was learned.
		case !u.v.again(err, try):
			return e, err
		}
		u.v.log.Info("an upload is tried again", "file", u.v.abs(u.to), "from", at, "error", err)
		if look = u.fresh && (cutOff(err) || u.punched() > 0); !look {
			at = 0
		}
	}
}

// cutOff reports whether the connection failed, so that what has arrived is a
// beginning. Where the server confirmed an upload but has not all of it, it is
// not known which octets it has.
func cutOff(err error) bool {
	return ftpclient.Lost(err) && ftpclient.KindOf(err) != ftpclient.KindTruncated
}

// answered reports whether the server has told of the failure, or of what led to it.
func answered(err error) bool {
	var e *ftpclient.Error
	return !cutOff(err) || errors.As(err, &e) && e.Code != 0
}

// once sends what follows at.
func (u *upload) once(ctx context.Context, at int64) (ftpclient.Entry, error) {
	o := ftpclient.StoreOptions{Offset: at, Verify: true, Size: u.size - at}
	u.how = &u.v.restarts
	if at > 0 && !u.v.byRestart(u.v.remote.Features()) {
		o.Offset, o.Append, u.how = 0, true, &u.v.appends
	}
	s, err := u.v.remote.Store(ctx, u.v.abs(u.to), stepping(u.reader(at), u.size), o)
	u.begun, u.took, u.sent = u.begun || s.Begun, s.Begun, s.Sent
	step("stored")
	if err != nil {
		if at > 0 && !ftpclient.Lost(err) && ftpclient.KindOf(err) != ftpclient.KindNoSpace {
			u.how.learn(ftpclient.No)
		}
		return ftpclient.Entry{}, err
	}
	e, err := u.confirmed(s, at)
	switch {
	case at == 0:
	case err == nil:
		u.how.learn(ftpclient.Yes)
	case ftpclient.KindOf(err) == ftpclient.KindTruncated:
		u.how.learn(ftpclient.No)
	}
	return e, err
}

// confirmed compares what the server has with what it was sent. A server that
// tells no sizes is believed.
func (u *upload) confirmed(s ftpclient.Stored, at int64) (ftpclient.Entry, error) {
	e, err := s.Entry, s.VerifyErr
	switch {
	case err != nil && ftpclient.KindOf(err) == ftpclient.KindUnsupported:
		e = ftpclient.Entry{Size: -1}
	case ftpclient.KindOf(err) == ftpclient.KindNotExist:
		return e, &ftpclient.Error{Op: "STOR", Path: u.v.abs(u.to), Kind: ftpclient.KindInvalidName,
			Err: errors.New("the server took the data but has no file of this name")}
	case err != nil:
		return e, err
	}
	if e.Size < 0 {
		e.Size = at + s.Sent
	}
	size, _ := u.extent()
	if at+s.Sent != size || e.Size != size {
		return e, &ftpclient.Error{Op: "STOR", Path: u.v.abs(u.to), Kind: ftpclient.KindTruncated,
			Err: fmt.Errorf("%d octets sent of %d, the server has %d", at+s.Sent, size, e.Size)}
	}
	return told(&e, size), nil
}

// told completes what a server says of a file of a known size.
func told(e *ftpclient.Entry, size int64) ftpclient.Entry {
	if e.Size = size; e.ModTime.IsZero() {
		e.ModTime, e.Precision = time.Now().UTC(), time.Minute
	}
	e.Type = ftpclient.TypeFile
	return *e
}

// reached is how much of the content the server has, as far as it can be gone on
// with, and whether that is all.
func (u *upload) reached(ctx context.Context) (at int64, all bool, e ftpclient.Entry, err error) {
	e, err = u.v.remote.Verify(ctx, u.v.abs(u.to))
	size, final := u.extent()
	switch {
	case err != nil && ftpclient.Lost(err):
		return 0, false, e, err
	case err != nil || e.Size < 0 || e.Size > size:
		return 0, false, e, nil
	case e.Size == size && final && size > 0:
		return e.Size, true, e, nil
	case !u.v.goesOn():
		return 0, false, e, nil
	}
	return e.Size, false, e, nil
}

// reader reads the content from at.
func (u *upload) reader(at int64) io.Reader {
	switch {
	case u.tail != nil:
		return u.tail.reader(at)
	case u.filling != nil:
		return u.filling.reader(at)
	}
	return io.NewSectionReader(u.content, at, u.size-at)
}

// extent is the size of the content, or what was read of one that grows, and
// whether that is all.
func (u *upload) extent() (size int64, final bool) {
	if u.tail != nil {
		return u.tail.extent()
	}
	return u.size, true
}

// verify is the remote's Verify, tried again where the connection fails.
func (v *Volume) verify(ctx context.Context, p string) (ftpclient.Entry, error) {
	for try := 1; ; try++ {
		e, err := v.remote.Verify(ctx, v.abs(p))
		if err == nil || !v.again(err, try) {
			return e, err
		}
	}
}

// goesOn reports whether the server may be able to go on with a file.
func (v *Volume) goesOn() bool {
	f := v.remote.Features()
	return v.restartable(f) || v.appends.of(f.Append) != ftpclient.No
}

// byRestart reports whether REST is the way to go on, rather than APPE: one that
// was seen to work is.
func (v *Volume) byRestart(f ftpclient.Features) bool {
	return v.restartable(f) && (v.restarts.of(f.RestStore) == ftpclient.Yes || v.appends.of(f.Append) != ftpclient.Yes)
}

// punched is how much of the content only the server has.
func (u *upload) punched() int64 {
	if u.tail == nil {
		return 0
	}
	u.tail.f.mu.Lock()
	defer u.tail.f.mu.Unlock()
	return u.tail.fw.punched
}

// restartable reports whether STOR may go on after REST.
func (v *Volume) restartable(f ftpclient.Features) bool {
	return f.Rest != ftpclient.No && v.restarts.of(f.RestStore) != ftpclient.No
}

// discard deletes what a failed upload may have left, and reports whether nothing
// is left.
func (v *Volume) discard(p string) bool {
	err := v.remote.Delete(v.ctx, v.abs(p))
	if err != nil && ftpclient.KindOf(err) != ftpclient.KindNotExist {
		v.log.Warn("a failed upload left a file on the server", "file", v.abs(p), "error", err)
		return false
	}
	return true
}
