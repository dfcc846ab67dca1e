package ftpclient

import (
	"context"

	"golang.org/x/time/rate"
)

// throttle keeps what all data connections of a Client move together to a rate. A nil
// one lets everything pass.
type throttle struct {
	limiter *rate.Limiter
	part    int // octets that are moved at a time: each turn is short then
}

// newThrottle returns nil for 0.
func newThrottle(octets int64) *throttle {
	if octets <= 0 {
		return nil
	}
	part := int(min(max(octets/16, 512), 64<<10))
	return &throttle{rate.NewLimiter(rate.Limit(octets), part), part}
}

// some is as much of p as is to be moved at a time.
func (t *throttle) some(p []byte) []byte {
	if t == nil {
		return p
	}
	return p[:min(len(p), t.part)]
}

// moved waits until n octets more were allowed, or ctx ends.
func (t *throttle) moved(ctx context.Context, n int) {
	if t == nil {
		return
	}
	for ; n > 0; n -= t.part {
		if t.limiter.WaitN(ctx, min(n, t.part)) != nil {
			return // who reads or writes next is told why
		}
	}
}
