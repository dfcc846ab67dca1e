package ftpserver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPace: data takes the time that its rates ask for, the slower one.
func TestPace(t *testing.T) {
	for _, tt := range []struct {
		p     pace
		bytes int
		least time.Duration
	}{
		{nil, 1 << 20, 0},
		{newPace(1000), 10_000, 9 * time.Second},
		{newPace(3), 30, 9 * time.Second},
		{newPace(10 << 20), 100 << 20, 9 * time.Second},
		{append(newPace(1<<20), newPace(2000)...), 20_000, 9 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			for left := tt.bytes; left > 0; {
				n := tt.p.most(left)
				if err := tt.p.wait(t.Context(), n); err != nil {
					t.Fatal(err)
				}
				left -= n
			}
			if took := time.Since(began); took < tt.least || took > tt.least*10/8 {
				t.Errorf("%d bytes took %v, want at least %v", tt.bytes, took, tt.least)
			}
		})
	}
}

// TestPaceEnds: an aborted transfer does not wait.
func TestPaceEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := newPace(1)
	if err := errors.Join(p.wait(ctx, 1), p.wait(ctx, 1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
