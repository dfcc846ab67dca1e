package fakeremote

import (
	"context"
	"errors"
	"io"
	"path"
	"slices"

	"ftpfs/cache"
	"ftpfs/ftpclient"
)

// Retrieve implements cache.Remote.
func (t *Tree) Retrieve(ctx context.Context, p string, o ftpclient.RetrieveOptions) (cache.Stream, error) {
	offset := o.Offset
	if o.Spare && !t.spare() {
		return nil, ftpclient.ErrNotAhead
	}
	if err := t.enter(ctx, "Retrieve", p); err != nil {
		return nil, err
	}
	if err := t.take(ctx, "Retrieve", p); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n, k := t.find(p, true)
	switch {
	case n == nil:
	case n.kind != ftpclient.TypeFile:
		k = ftpclient.KindIsDir
	case offset > 0 && t.behave.Features.Rest == ftpclient.No:
		k = ftpclient.KindUnsupported
	default:
		s := &stream{tree: t, ctx: ctx, path: p, rest: n.data[min(offset, int64(len(n.data))):], verified: o.Verify}
		if o.Verify {
			s.entry = t.entry(path.Base(p), n)
		}
		return s, nil
	}
	t.give()
	return nil, refusal("RETR", p, k)
}

// Store implements cache.Remote. What has arrived is in the file even if the
// rest never comes, as on a real server.
func (t *Tree) Store(ctx context.Context, p string, r io.Reader, o ftpclient.StoreOptions) (s ftpclient.Stored, err error) {
	s.Sent, err = t.store(ctx, p, r, o)
	s.Begun = err == nil || s.Sent > 0
	if err == nil && o.Verify {
		s.Entry, s.VerifyErr = t.Verify(ctx, p)
	}
	return s, err
}

func (t *Tree) store(ctx context.Context, p string, r io.Reader, o ftpclient.StoreOptions) (int64, error) {
	if err := t.enter(ctx, "Store", p); err != nil {
		return 0, err
	}
	if err := t.take(ctx, "Store", p); err != nil {
		return 0, err
	}
	defer t.release()
	n, at, k := t.openForStore(p, o)
	if k != fine {
		return 0, refusal("STOR", p, k)
	}
	sent, err := t.receive(ctx, p, n, at, r)
	if err != nil {
		return sent, err
	}
	return sent, t.pass(ctx, "Reply", p)
}

// receive writes what r gives into n from at.
func (t *Tree) receive(ctx context.Context, p string, n *node, at int64, r io.Reader) (sent int64, err error) {
	buf := make([]byte, 32<<10)
	for {
		m, rerr := r.Read(buf)
		if m > 0 {
			if err := t.pass(ctx, "Write", p); err != nil {
				return sent, err
			}
			t.write(n, at+sent, buf[:m])
			sent += int64(m)
		}
		switch {
		case errors.Is(rerr, io.EOF):
			return sent, nil
		case rerr != nil:
			return sent, rerr
		case ctx.Err() != nil:
			return sent, canceled(ctx, "STOR", p)
		}
	}
}

func (t *Tree) write(n *node, at int64, data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at < int64(len(n.data)) {
		n.data = slices.Clone(n.data)
	}
	over := copy(n.data[at:], data)
	n.data, n.modTime = append(n.data, data[over:]...), t.now()
}

// openForStore returns the file that a Store writes to and where it begins.
func (t *Tree) openForStore(p string, o ftpclient.StoreOptions) (*node, int64, ftpclient.Kind) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, k := t.find(p, true)
	if n == nil && k == ftpclient.KindNotExist {
		n = t.newNode(ftpclient.TypeFile, 0o644)
		if k := t.addAtLink(p, n); k != fine {
			return nil, 0, k
		}
	}
	switch {
	case n == nil:
		return nil, 0, k
	case n.kind != ftpclient.TypeFile:
		return nil, 0, ftpclient.KindIsDir
	case o.Offset > 0 && t.behave.Features.Rest == ftpclient.No:
		return nil, 0, ftpclient.KindUnsupported
	case o.Append && t.behave.Features.Append == ftpclient.No:
		return nil, 0, ftpclient.KindUnsupported
	}
	n.modTime = t.now()
	if t.behave.RestIgnored {
		o.Offset = 0
	}
	if o.Append && !t.behave.AppendReplaces {
		return n, int64(len(n.data)), fine
	}
	if grow := o.Offset - int64(len(n.data)); grow > 0 {
		n.data = append(n.data, make([]byte, grow)...)
	}
	if o.Offset == 0 || t.behave.RestCuts {
		n.data = slices.Clone(n.data[:o.Offset])
	}
	return n, o.Offset, fine
}

// addAtLink adds a file, where a dangling link points to if there is one at p.
func (t *Tree) addAtLink(p string, n *node) ftpclient.Kind {
	if link, _ := t.find(p, false); link != nil && link.kind == ftpclient.TypeSymlink {
		p = path.Join(path.Dir(p), link.target)
		if path.IsAbs(link.target) {
			p = path.Clean(link.target)
		}
	}
	return t.add(p, n)
}

// RetrieveAhead implements cache.Remote.
func (t *Tree) RetrieveAhead(ctx context.Context, most int64, next func() (string, bool), got func(string, ftpclient.Ahead)) error {
	if !t.ahead() || !t.spare() {
		return ftpclient.ErrNotAhead
	}
	for p, ok := next(); ok; p, ok = next() {
		got(p, t.whole(ctx, p, most))
	}
	return ctx.Err()
}

func (t *Tree) whole(ctx context.Context, p string, most int64) (a ftpclient.Ahead) {
	s, err := t.Retrieve(ctx, p, ftpclient.RetrieveOptions{Verify: true})
	if err != nil {
		return ftpclient.Ahead{Err: err}
	}
	defer s.Close()
	a.Entry, a.Verified = s.Verified()
	a.Data, a.Err = io.ReadAll(io.LimitReader(s, most+1))
	if int64(len(a.Data)) > most {
		a.Err = errors.New("too long")
	}
	return a
}
