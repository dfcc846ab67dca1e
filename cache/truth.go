package cache

import (
	"errors"
	"fmt"
	"io"
	"time"

	"ftpfs/ftpclient"
)

// check compares what the server said of a file right before it began to send
// with the version that is read: octets of two versions must not come together.
// Where they are of another, the volume forgets what it believed of the file, so
// that who opens it next reads the new one.
func (f *File) check(s Stream, p string, base version) error {
	e, ok := s.Verified()
	if !ok {
		return nil
	}
	why := base.contradicted(&e)
	if why == nil || f.grows(base, &e) {
		return nil
	}
	f.v.log.Warn("a file that is being read was changed on the server", "file", f.v.abs(p), "change", why)
	dir, name := split(p)
	f.v.meta.drop(dir)
	f.v.mu.Lock()
	n := f.v.notifier
	f.v.mu.Unlock()
	if n != nil {
		n.ContentChanged(p)
		n.EntryChanged(dir, name)
	}
	return errChanged(f.v.abs(p), why)
}

// contradicted tells what of e cannot be of this version; nil if all can. Times
// are compared to the second: some servers tell no more.
func (b version) contradicted(e *ftpclient.Entry) error {
	if b.grows && e.Size >= b.size {
		return nil
	}
	if e.Size >= 0 && b.size >= 0 && e.Size != b.size {
		return fmt.Errorf("it had %d octets and has %d", b.size, e.Size)
	}
	if b.exact && e.Precision > 0 && e.Precision <= time.Second && e.ModTime.Unix() != time.Unix(0, b.stamp).Unix() {
		return fmt.Errorf("it was of %s and is of %s", time.Unix(0, b.stamp).UTC().Format(time.DateTime), e.ModTime.UTC().Format(time.DateTime))
	}
	return nil
}

// early is the error of a download that ended before the file's end. Where the
// server has just said that the file has more, it was cut off.
func (r *run) early(p string, err error) error {
	switch {
	case err != io.EOF && err != io.ErrUnexpectedEOF:
		return err
	case r.told:
		return &ftpclient.Error{Op: "RETR", Path: r.t.f.v.abs(p), Kind: ftpclient.KindTruncated,
			Err: errors.New("the server sent less than it says the file has")}
	}
	return r.t.short(p)
}
