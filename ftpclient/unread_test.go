package ftpclient

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// bufferConn notes what its receive buffer is to be.
type bufferConn struct {
	net.Conn
	set func(octets int)
}

func (c bufferConn) SetReadBuffer(octets int) error {
	c.set(octets)
	return nil
}

// TestUnread: a download that is to end soon has a bound on what comes ahead of its
// reader, the others none; on data connections opened ahead, too.
func TestUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		var mu sync.Mutex
		var got []int
		c := f.client(func(o *Options) {
			o.Connections = 1
			o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := f.dial(ctx, network, addr)
				return bufferConn{nc, func(octets int) {
					mu.Lock()
					got = append(got, octets)
					mu.Unlock()
				}}, err
			}
		})
		for _, unread := range []int64{0, 300_000, 300_000, 0, 1} {
			d, err := c.Retrieve(t.Context(), "/f", RetrieveOptions{Unread: unread})
			noError(t, "Retrieve", err)
			all, err := io.ReadAll(d)
			if noError(t, "Read", err); string(all) != "abc" {
				t.Errorf("%q came", all)
			}
		}
		if want := []int{300_000, 300_000, unreadLeast}; !slices.Equal(got, want) {
			t.Errorf("receive buffers are %d, not %d", got, want)
		}
	})
}
