package cache

import (
	"context"
	"errors"

	"ftpfs/ftpclient"
)

// errNotPlaced tells that a file is still to be sent.
var errNotPlaced = errors.New("not in its place")

// placed finds a file of which a part has left the spool under its own name: a rename of
// the temporary file was made, and nobody has been told. The temporary file is not there
// any more, and what is at p is not what was, has the size of what is here, and ends as
// that does. It is errNotPlaced if not. The caller holds turn.
func (f *File) placed(ctx context.Context, p string) (e ftpclient.Entry, err error) {
	f.mu.Lock()
	held, s, size := f.held.name, f.spool, f.attr.Size
	comparable := held != "" && s != nil && len(s.have.missing(s.base, size)) == 0
	f.mu.Unlock()
	if !comparable {
		return e, errNotPlaced
	}
	switch _, err = f.v.verify(ctx, held); {
	case err == nil:
		return e, errNotPlaced
	case ftpclient.KindOf(err) != ftpclient.KindNotExist:
		return e, orNotPlaced(err)
	}
	if e, err = f.v.verify(ctx, p); err != nil {
		return e, orNotPlaced(err)
	}
	if e.Size != size || f.contradicted(p, &e) == nil {
		return e, errNotPlaced
	}
	if s.base < size {
		same, err := f.v.begins(ctx, p, s.file, s.base, size)
		if err != nil {
			return e, orNotPlaced(err)
		}
		if !same {
			return e, errNotPlaced
		}
	}
	f.dress(ctx, p, &e, false)
	return told(&e, size), nil
}

// orNotPlaced is err if the server could not be asked, which another try may mend.
func orNotPlaced(err error) error {
	if ftpclient.Lost(err) {
		return err
	}
	return errNotPlaced
}
