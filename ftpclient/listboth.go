package ftpclient

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
)

// listBoth lists with and without -a, and learns whether -a shows more, as it
// does where LIST leaves out names that begin with a dot (quirkHidesDotFiles).
// Of a large directory, if out is there to take it, no more than a hash of each
// name is kept.
func (c *conn) listBoth(ctx context.Context, dir string, out *outflow) (*Listing, error) {
	var had nameHashes
	plain, err := c.listCwd(ctx, dir, "", had.taker(out))
	if err != nil {
		return nil, err
	}
	if len(had.of) > 0 {
		had.add(plain.Entries)
		return c.listBothLarge(ctx, dir, &had, out)
	}
	all, r, err := c.readListing(ctx, command{"LIST", "-a"}, nil, nil)
	if err != nil {
		return nil, err
	}
	if all == nil && r.permanent() {
		c.srv.learn(factListAll, No, r.evidence())
		return plain, nil
	}
	if all == nil {
		return plain, nil
	}
	switch missing := lacks(all, plain); {
	case missing && !onlyDashA(all):
		c.srv.misses()
	case missing:
	case all.dots || len(all.Entries) > len(plain.Entries):
		c.srv.learn(factListAll, Yes, "LIST -a lists what LIST leaves out")
		return all, nil
	}
	return plain, nil
}

// listBothLarge goes on where LIST without -a has shown many names. What was handed
// over to out cannot be taken back: if that turns out to lack more than others may have
// removed in between, it is an error, and the next listing is without -a.
func (c *conn) listBothLarge(ctx context.Context, dir string, had *nameHashes, out *outflow) (*Listing, error) {
	var have nameHashes
	o := *out
	o.Take = func(entries []Entry) {
		have.add(entries)
		out.Take(entries)
	}
	all, r, err := c.readListing(ctx, command{"LIST", "-a"}, o.start(c, dir), &o)
	out.taken, out.kept, out.toldFirst = o.taken, o.kept, o.toldFirst
	if err != nil {
		return nil, err
	}
	evidence := r.evidence()
	if all != nil {
		have.add(all.Entries)
		missing := had.missing(&have)
		if missing <= len(had.of)/100 {
			if all.dots {
				c.srv.learn(factListAll, Yes, "LIST -a lists what LIST leaves out")
			}
			return all, nil
		}
		evidence = "LIST -a lists less than LIST"
	}
	c.srv.learn(factListAll, No, evidence)
	if out.flowed() {
		return nil, &Error{Op: "LIST", Path: dir, Kind: KindProtocol, Err: errListsLess}
	}
	return c.listCwd(ctx, dir, "", out)
}

var errListsLess = errors.New("with -a the server lists less than without, which is known from now on")

// nameHashes are hashes of names, of which there may be millions.
type nameHashes struct{ of []uint64 }

var nameSeed = maphash.MakeSeed()

// taker takes a listing for its names alone; nil if out is.
func (n *nameHashes) taker(out *outflow) *outflow {
	if out == nil {
		return nil
	}
	return &outflow{Arriving: Arriving{Take: n.add}, see: func([]Entry) {}, patience: out.patience}
}

func (n *nameHashes) add(entries []Entry) {
	for i := range entries {
		n.of = append(n.of, maphash.String(nameSeed, entries[i].Name))
	}
}

// missing is how many of n others does not have. Both are sorted then.
func (n *nameHashes) missing(others *nameHashes) (missing int) {
	slices.Sort(n.of)
	slices.Sort(others.of)
	i := 0
	for _, h := range n.of {
		for i < len(others.of) && others.of[i] < h {
			i++
		}
		if i == len(others.of) || others.of[i] != h {
			missing++
		}
	}
	return missing
}

// misses counts listings that LIST -a made smaller. One may be the work of
// somebody who removed a file in between; the second teaches that it has
// another meaning.
func (s *server) misses() {
	s.mu.Lock()
	s.listAllBad++
	n := s.listAllBad
	s.mu.Unlock()
	if n > 1 {
		s.learn(factListAll, No, "LIST -a lists less than LIST")
	}
}

// lacks tells whether a name of b is not in a.
func lacks(a, b *Listing) bool {
	have := make(map[string]bool, len(a.Entries))
	for _, e := range a.Entries {
		have[e.Name] = true
	}
	for _, e := range b.Entries {
		if !have[e.Name] {
			return true
		}
	}
	return false
}
