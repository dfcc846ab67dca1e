package ftpserver

import (
	"context"

	"golang.org/x/time/rate"
)

// pace holds data back to each of its rates; nil does not.
type pace []*rate.Limiter

// paceParts is how many portions a second's data is let through in, as far as
// they are not larger than maxPortion.
const (
	paceParts  = 8
	maxPortion = 64 << 10
)

// newPace returns the pace of one rate in bytes per second, 0 for none.
func newPace(perSecond int64) pace {
	if perSecond <= 0 {
		return nil
	}
	portion := min(max(perSecond/paceParts, 1), maxPortion)
	return pace{rate.NewLimiter(rate.Limit(perSecond), int(portion))}
}

// most is how many of n bytes can be waited for at once.
func (p pace) most(n int) int {
	for _, limit := range p {
		n = min(n, limit.Burst())
	}
	return n
}

// wait blocks until n bytes may pass, n being at most what most says, or ctx
// ends.
func (p pace) wait(ctx context.Context, n int) error {
	for _, limit := range p {
		if err := limit.WaitN(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
