package cache

import (
	"context"
	"slices"
	"strings"
)

// move is a rename on its way. Until done is closed the server may have made it
// already while the paths here are still the old ones, so who comes with a path
// that it concerns waits, and goes on with the path that it has then.
type move struct {
	from, to string
	lastID   uint64 // files with a higher id were opened after it began
	done     chan struct{}
	made     bool // it succeeded; set before done is closed
}

func (m *move) concerns(p string) bool { return within(p, m.from) || within(p, m.to) }

// overlaps reports whether m and a move of p, or to p, are in each other's way.
func (m *move) overlaps(p string) bool {
	return m.concerns(p) || within(m.from, p) || within(m.to, p)
}

// await waits for the end of m, for the sake of p.
func (m *move) await(ctx context.Context, p string) error {
	select {
	case <-m.done:
		return nil
	case <-ctx.Done():
		return canceled("wait", p, ctx)
	}
}

// moved returns what has become of p once m is done.
func (m *move) moved(p string) string {
	if m.made && within(p, m.from) {
		return m.to + strings.TrimPrefix(p, m.from)
	}
	return p
}

// moving tells whether a move is on its way.
func (v *Volume) moving() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.moves) > 0
}

// beginMove waits until no other move is in the way, and returns this one with
// the open files that it concerns, each with one more reference.
func (v *Volume) beginMove(ctx context.Context, from, to string) (*move, []*File, error) {
	for {
		v.mu.Lock()
		i := slices.IndexFunc(v.moves, func(m *move) bool { return m.overlaps(from) || m.overlaps(to) })
		if i < 0 {
			m := &move{from: from, to: to, lastID: v.lastID, done: make(chan struct{})}
			v.moves = append(v.moves, m)
			files := v.grabTree(from, to)
			v.mu.Unlock()
			return m, files, nil
		}
		other := v.moves[i]
		v.mu.Unlock()
		if err := other.await(ctx, from); err != nil {
			return nil, nil, err
		}
		from, to = other.moved(from), other.moved(to)
	}
}

// endMove lets go on who waits for m.
func (v *Volume) endMove(m *move, made bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.moves = slices.DeleteFunc(v.moves, func(o *move) bool { return o == m })
	m.made = made
	close(m.done)
	for f := range v.followers {
		if made {
			f.note(m)
		}
	}
}

// moveOf returns a move that concerns p and began before the file id was
// opened; id 0 means any. The caller holds mu.
func (v *Volume) moveOf(p string, id uint64) *move {
	for _, m := range v.moves {
		if m.concerns(p) && (id == 0 || id > m.lastID) {
			return m
		}
	}
	return nil
}

// settle waits until no move concerns p and returns what has become of p. The
// caller must not hold a turn.
func (v *Volume) settle(ctx context.Context, p string) (string, error) {
	f, err := v.follow(ctx, p)
	if err != nil {
		return "", err
	}
	defer f.end()
	return f.path, f.lost()
}

// settle waits until no move concerns the file that has not waited for its
// turn, and returns its path.
func (f *File) settle(ctx context.Context) (string, error) {
	for {
		f.v.mu.Lock()
		p, m := f.path, f.v.moveOf(f.path, f.id)
		f.v.mu.Unlock()
		if m == nil {
			return p, nil
		}
		if err := m.await(ctx, p); err != nil {
			return "", err
		}
	}
}
