package fakeremote

import (
	"context"
	"path"
	"slices"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
)

var _ cache.Remote = (*Tree)(nil)

// do counts a call, takes a connection, and runs f with mu held.
func (t *Tree) do(ctx context.Context, op, verb, p string, f func() ftpclient.Kind) error {
	if err := t.enter(ctx, op, p); err != nil {
		return err
	}
	if err := t.take(ctx, op, p); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.give()
	if k := f(); k != fine {
		return refusal(verb, p, k)
	}
	return nil
}

// fine is no refusal; a kind that an operation can be refused for without a
// better word is KindUnknown, so it cannot be the zero Kind.
const fine = ftpclient.Kind(ftpclient.Kinds)

// refusal is a reply of the 500s, as most servers word them.
func refusal(verb, p string, k ftpclient.Kind) error {
	e := &ftpclient.Error{Op: verb, Path: p, Kind: k, Code: 550, Text: p + ": refused"}
	switch k {
	case ftpclient.KindUnsupported:
		e.Code, e.Text = 502, "Command not implemented."
	case ftpclient.KindInvalidName:
		e.Code, e.Text = 553, "File name not allowed."
	}
	return e
}

// List implements cache.Remote.
func (t *Tree) List(ctx context.Context, dir string) (*ftpclient.Listing, error) {
	l := &ftpclient.Listing{}
	err := t.do(ctx, "List", "MLSD", dir, func() ftpclient.Kind {
		n, k := t.find(dir, true)
		if n == nil {
			return k
		}
		if n.kind != ftpclient.TypeDir {
			return ftpclient.KindNotDir
		}
		for _, name := range n.names() {
			l.Entries = append(l.Entries, t.entry(name, n.children[name]))
		}
		l.Skipped = append(l.Skipped, t.behave.Skipped...)
		return fine
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ListFunc implements cache.Remote. Rules and counts name it by what it does,
// List; "Sketch" is the wait for the times of a small directory, "First" that for
// what comes after the entry that is told first.
func (t *Tree) ListFunc(ctx context.Context, dir string, a ftpclient.Arriving) (*ftpclient.Listing, error) {
	l, err := t.List(ctx, dir)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(l.Entries, func(e ftpclient.Entry) bool { return e.Name == a.Name }); i >= 0 && t.tellsFirst() {
		a.First(l.Entries[i])
		if err := t.pass(ctx, "First", dir); err != nil {
			return nil, err
		}
	}
	if t.sketches() {
		a.Sketch(sketchOf(l, a.Name))
		if err := t.pass(ctx, "Sketch", dir); err != nil {
			return nil, err
		}
	}
	for n := t.batch(); n > 0 && len(l.Entries) > n; {
		a.Take(l.Entries[:n:n])
		l.Entries = l.Entries[n:]
		if err := t.pass(ctx, "Batch", dir); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// sketchOf is a listing as it is known before its times, but that of one entry.
func sketchOf(l *ftpclient.Listing, named string) *ftpclient.Listing {
	s := *l
	s.Entries = slices.Clone(l.Entries)
	for i := range s.Entries {
		if s.Entries[i].Name == named {
			continue
		}
		s.Entries[i].ModTime, s.Entries[i].Precision = time.Unix(0, 0), time.Minute
	}
	return &s
}

func (t *Tree) tellsFirst() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.behave.First
}

func (t *Tree) sketches() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.behave.Sketch
}

func (t *Tree) batch() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.behave.Batch
}

// ListAhead implements cache.Remote, one directory after the other. Without
// Behaviour.Ahead there is never a connection to spare. Rules and counts name
// it by what it does, List.
func (t *Tree) ListAhead(ctx context.Context, next func() (string, bool), got func(string, *ftpclient.Listing, error)) error {
	if !t.ahead() {
		return ftpclient.ErrNotAhead
	}
	for dir, ok := next(); ok; dir, ok = next() {
		l, err := t.List(ctx, dir)
		got(dir, l, err)
	}
	return ctx.Err()
}

func (t *Tree) ahead() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.behave.Ahead
}

// Stat implements cache.Remote. It does not follow a link at the end.
func (t *Tree) Stat(ctx context.Context, p string) (ftpclient.Entry, error) {
	return t.look(ctx, "Stat", p, false)
}

// Verify implements cache.Remote. It follows a link at the end.
func (t *Tree) Verify(ctx context.Context, p string) (ftpclient.Entry, error) {
	return t.look(ctx, "Verify", p, true)
}

func (t *Tree) look(ctx context.Context, op, p string, follow bool) (e ftpclient.Entry, err error) {
	err = t.do(ctx, op, "MLST", p, func() ftpclient.Kind {
		n, k := t.find(p, follow)
		if n == nil {
			return k
		}
		e = t.entry(path.Base(p), n)
		return fine
	})
	return e, err
}

// Readlink implements cache.Remote.
func (t *Tree) Readlink(ctx context.Context, p string) (target string, err error) {
	err = t.do(ctx, "Readlink", "LIST", p, func() ftpclient.Kind {
		n, k := t.find(p, false)
		if n == nil {
			return k
		}
		if n.kind != ftpclient.TypeSymlink {
			return ftpclient.KindUnknown
		}
		target = n.target
		return fine
	})
	return target, err
}

// Chmod implements cache.Remote.
func (t *Tree) Chmod(ctx context.Context, p string, mode uint32) error {
	return t.do(ctx, "Chmod", "SITE CHMOD", p, func() ftpclient.Kind {
		if t.behave.Features.SiteChmod == ftpclient.No {
			return ftpclient.KindUnsupported
		}
		n, k := t.find(p, true)
		if n == nil {
			return k
		}
		n.mode = mode & 0o7777
		return fine
	})
}

// SetModTime implements cache.Remote.
func (t *Tree) SetModTime(ctx context.Context, p string, mtime time.Time, dir bool) error {
	return t.do(ctx, "SetModTime", "MFMT", p, func() ftpclient.Kind {
		f := t.behave.Features
		none := f.MFMT == ftpclient.No && f.MDTMSet == ftpclient.No && f.SiteUtime == ftpclient.No
		if none || dir && t.behave.NoDirTimes {
			return ftpclient.KindUnsupported
		}
		n, k := t.find(p, true)
		if n == nil {
			return k
		}
		n.modTime = mtime.UTC().Truncate(max(t.precision(), time.Second))
		return fine
	})
}

// Available implements cache.Remote.
func (t *Tree) Available(ctx context.Context, dir string) (n int64, err error) {
	err = t.do(ctx, "Available", "AVBL", dir, func() ftpclient.Kind {
		if n = t.behave.Available; n == 0 {
			return ftpclient.KindUnsupported
		}
		return fine
	})
	return n, err
}

// CheckName implements cache.Remote: every name will do. It is not counted.
func (t *Tree) CheckName(string) error { return nil }

// Features implements cache.Remote. It is not counted.
func (t *Tree) Features() ftpclient.Features {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.behave.Features
}
