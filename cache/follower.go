package cache

import (
	"context"

	"ftpfs/ftpclient"
)

// follower is what was asked for by a name that a move took away meanwhile. It is
// looked for under its new name; should a further move bring something else
// there, that is not what was asked for, and never had the name that was.
type follower struct {
	v     *Volume
	path  string // where it was when no move concerned it any more
	moved bool   // that is not where it was at first
	now   string // guarded by v.mu, as is gone
	gone  bool   // something else was moved to where it was
}

// follow waits until no move concerns p and returns what has become of it, to be
// ended by the caller, who must not hold a turn.
func (v *Volume) follow(ctx context.Context, p string) (*follower, error) {
	f := &follower{v: v, now: p}
	v.mu.Lock()
	defer v.mu.Unlock()
	for m := v.moveOf(f.now, 0); m != nil; m = v.moveOf(f.now, 0) {
		v.followers[f] = struct{}{} // before mu is given up: m ends with it held
		v.mu.Unlock()
		err := m.await(ctx, p)
		v.mu.Lock()
		if err != nil {
			delete(v.followers, f)
			return nil, err
		}
	}
	f.path, f.moved = f.now, f.now != p
	return f, nil
}

// note records that m was made. The caller holds mu.
func (f *follower) note(m *move) {
	p := m.moved(f.now)
	f.gone = f.gone || p == f.now && within(p, m.to)
	f.now = p
}

// lost is KindChanged if what is at path may not be what was asked for. What was
// asked for by a name that it still had when no move concerned it is what has
// that name, whatever that is by now.
func (f *follower) lost() error {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if f.moved && (f.gone || f.now != f.path) {
		return refuse("rename", f.v.abs(f.path), ftpclient.KindChanged)
	}
	return nil
}

// end ends the following.
func (f *follower) end() {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	delete(f.v.followers, f)
}
