package transfer

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"ftpfs/ftpclient"
)

// keepLeast is from how many octets on an interrupted download is worth keeping.
const keepLeast = 64 << 10

// localSink is a directory of this machine. Nothing is made outside it, whatever
// links are in it.
type localSink struct {
	root *os.Root
	o    Options
}

func (k *localSink) dir(_ context.Context, rel string) error {
	if rel == "." {
		return nil
	}
	err := k.root.Mkdir(rel, 0o777)
	if errors.Is(err, fs.ErrExist) {
		info, statErr := k.root.Stat(rel)
		if statErr == nil && info.IsDir() {
			return nil
		}
	}
	return reason(err)
}

// file fetches a file into a part beside its target, and renames that.
func (k *localSink) file(ctx context.Context, a *attempt, src source) (outcome, error) {
	if info, err := k.root.Lstat(a.rel); err == nil {
		switch {
		case info.IsDir():
			return moved, &fs.PathError{Op: "replace", Path: a.rel, Err: errors.New("a directory of that name is here")}
		case k.o.Continue && sameVersion(k.known(ctx, a, src), entryOf(info)):
			return same, nil
		}
	}
	at := k.begun(ctx, a, src)
	c, err := src.open(ctx, a.item, at)
	if err != nil {
		return moved, err
	}
	if at > 0 && !sameVersion(c.version(), a.begun) {
		c.Close() // its error is of the old version
		k.forget(a)
		if at, c, err = 0, nil, nil; ctx.Err() == nil {
			c, err = src.open(ctx, a.item, 0)
		}
		if c == nil {
			return moved, errors.Join(err, ctx.Err())
		}
	}
	defer c.Close()
	return moved, k.fetch(ctx, a, c, at)
}

// known is what is known of the sender's version before it is opened.
func (k *localSink) known(ctx context.Context, a *attempt, src source) ftpclient.Entry {
	if !exact(a.entry) {
		if e, err := src.look(ctx, a.item); err == nil {
			a.entry.Size, a.entry.ModTime, a.entry.Precision = e.Size, e.ModTime, e.Precision
		}
	}
	return a.entry
}

// begun returns how much of a file stands in a part already.
func (k *localSink) begun(ctx context.Context, a *attempt, src source) int64 {
	if k.o.ASCII {
		return 0 // offsets count the octets of the sender's form
	}
	if !a.again && k.o.Continue {
		a.begun = k.known(ctx, a, src)
	}
	if !exact(a.begun) {
		return 0
	}
	info, err := k.root.Lstat(partName(a.rel, a.begun))
	if err != nil || !info.Mode().IsRegular() || info.Size() > a.begun.Size {
		return 0
	}
	return info.Size()
}

// forget removes the part of a version that is no more.
func (k *localSink) forget(a *attempt) {
	k.root.Remove(partName(a.rel, a.begun)) // if it is not there, all the better
	a.begun, a.part = ftpclient.Entry{}, ""
}

// fetch reads c from the octet at to its end.
func (k *localSink) fetch(ctx context.Context, a *attempt, c content, at int64) error {
	v := c.version()
	part := partName(a.rel, v)
	how := os.O_WRONLY | os.O_CREATE
	if at == 0 {
		how |= os.O_TRUNC
	}
	f, err := k.root.OpenFile(part, how, 0o666)
	if err != nil {
		return reason(err)
	}
	a.size(v.Size, at)
	a.begun, a.part = v, path.Join(k.root.Name(), part)
	size, err := k.fill(ctx, f, a, c, at)
	err = errors.Join(err, reason(f.Close()))
	if err == nil && v.Size >= 0 && size != v.Size && !k.o.ASCII {
		err = sizeError(v.Size, size)
		size = 0 // of no use
	}
	if err == nil {
		if err = k.publish(part, a.rel, v); err == nil {
			a.part = ""
			return nil
		}
		size = 0
	}
	if size < keepLeast || !exact(v) || k.o.ASCII {
		k.root.Remove(part) // the reason is told already
		a.begun, a.part = ftpclient.Entry{}, ""
	}
	return err
}

// fill writes what c has to f from an octet on, and returns the size f has then.
func (k *localSink) fill(ctx context.Context, f *os.File, a *attempt, c content, at int64) (int64, error) {
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return at, reason(err)
	}
	var r io.Reader = counted{ctx, c, a}
	if k.o.ASCII {
		r = &fromNet{r: r}
	}
	n, err := copyAll(f, r)
	if err == nil {
		err = c.unchanged()
	}
	return at + n, err
}

// publish makes a part the file.
func (k *localSink) publish(part, rel string, v ftpclient.Entry) error {
	if !k.o.NoTimes && !v.ModTime.IsZero() {
		if err := k.root.Chtimes(part, time.Time{}, v.ModTime); err != nil {
			return reason(err)
		}
	}
	if err := k.root.Rename(part, rel); err != nil {
		var le *os.LinkError
		if errors.As(err, &le) {
			err = le.Err
		}
		return err
	}
	return nil
}
