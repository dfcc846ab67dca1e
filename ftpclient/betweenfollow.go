package ftpclient

import (
	"context"
	"errors"
	"time"
)

// mostBlind is how long a transfer between servers goes on while nobody can ask how
// far it is.
const mostBlind = time.Hour

var errNothingArrives = errors.New("nothing arrives at the other server")

// follow asks the receiving server now and then how much it has, as long as a
// connection to it is to spare, and ends a transfer that makes no progress. stop
// returns when nothing more will be done.
func (b *between) follow(ctx context.Context, to *Client, o SendOptions) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(o.Every)
		defer tick.Stop()
		last, grown, blind := int64(-1), time.Now(), time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			size, told := to.sizeAside(ctx, b.path)
			switch now := time.Now(); {
			case ctx.Err() != nil:
				return
			case told && size != last:
				last, grown, blind = size, now, now
				if o.Progress != nil {
					o.Progress(size)
				}
			case told:
				blind = now
			default:
				grown = now // as far as one knows
			}
			if time.Since(grown) > o.Patience || time.Since(blind) > mostBlind {
				stalled := &Error{Op: "STOR", Path: b.path, Kind: KindTimeout, Err: errNothingArrives}
				b.sends.interrupt(stalled)
				b.takes.interrupt(stalled)
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// sizeAside asks for the size of a file if a connection is to spare.
func (c *Client) sizeAside(ctx context.Context, path string) (size int64, told bool) {
	err := c.lendSpare(ctx, "SIZE", path, idempotent, func(ctx context.Context, cn *conn, _ func()) (bool, error) {
		e, err := cn.verify(ctx, path)
		size = e.Size
		return false, err
	})
	return size, err == nil && size >= 0
}
