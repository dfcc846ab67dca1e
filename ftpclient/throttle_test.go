package ftpclient

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// With Options.Rate what moves, in both directions and on all connections together,
// takes the time that it must, and little more.
func TestRate(t *testing.T) {
	const octets, limit = 400_000, 100_000
	for _, tc := range []struct {
		name string
		move func(t *testing.T, c *Client) error
	}{
		{"down", func(t *testing.T, c *Client) error { _, err := readAll(t.Context(), c, "/f", 0); return err }},
		{"up", func(t *testing.T, c *Client) error {
			_, err := c.Store(t.Context(), "/g", strings.NewReader(strings.Repeat("x", octets)), StoreOptions{})
			return err
		}},
		{"both at once", func(t *testing.T, c *Client) error {
			done := make(chan error, 1)
			go func() { _, err := readAll(t.Context(), c, "/half", 0); done <- err }()
			_, err := c.Store(t.Context(), "/g", strings.NewReader(strings.Repeat("x", octets/2)), StoreOptions{})
			if got := <-done; err == nil {
				err = got
			}
			return err
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": strings.Repeat("x", octets), "/half": strings.Repeat("x", octets/2)})
				c := f.client(func(o *Options) { o.Rate = limit })
				since := time.Now()
				noError(t, tc.name, tc.move(t, c))
				const must = octets / limit * time.Second
				if took := time.Since(since); took < must-must/10 || took > must+must/10 {
					t.Errorf("%d octets took %v, want about %v", octets, took, must)
				}
			})
		})
	}
}

// A transfer that waits for its turn ends with its connection.
func TestRateEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": strings.Repeat("x", 1<<20)})
		c := f.client(func(o *Options) { o.Rate = 1 << 10 })
		time.AfterFunc(2*time.Second, func() { c.Close() })
		since := time.Now()
		if _, err := readAll(t.Context(), c, "/f", 0); err == nil || time.Since(since) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(since))
		}
	})
}
