package transfer

import (
	"context"
	"errors"

	"ftpfs/ftpclient"
)

// direct has the servers move a file between them. done is false where they will
// not and it is to go through this machine.
func (k *serverSink) direct(ctx context.Context, a *attempt, src source, to string, replaces bool) (done bool, err error) {
	from, ok := src.(*serverSource)
	if !ok || k.apart.Load() {
		return false, nil
	}
	v, err := from.look(ctx, a.item)
	if err != nil {
		return true, from.orLink(ctx, a.item, err)
	}
	u := &upload{k: k, a: a, to: to, at: partName(to, v), replaces: replaces}
	a.size(v.Size, 0)
	s, err := from.c.SendTo(ctx, a.from, k.c, u.at, ftpclient.SendOptions{Progress: func(octets int64) { a.add(int(octets - a.moved)) }})
	if err == nil {
		err = s.VerifyErr
	}
	got := s.Entry.Size
	switch {
	case err == nil && v.Size >= 0 && got >= 0 && got != v.Size:
		err = sizeError(v.Size, got)
	case err == nil:
		a.add(int(max(got, 0) - a.moved))
		return true, u.publish(ctx, v)
	}
	u.discard()
	if errors.Is(err, ftpclient.ErrNotBetween) && k.o.Direct == DirectTry {
		a.add(int(-a.moved))
		if !k.apart.Swap(true) {
			k.o.Report.Note("not from server to server, but through this machine: " + err.Error())
		}
		return false, nil
	}
	return true, err
}
