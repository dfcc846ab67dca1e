package interop

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// TestChannels: data connections that were opened ahead serve on every server,
// in the clear and with TLS, whatever is done between; what is asked behind an
// upload is answered after its end; and one connection does it all, with one
// EPSV for each transfer and no more.
func TestChannels(t *testing.T) {
	for _, mode := range []ftptest.TLSMode{ftptest.NoTLS, ftptest.Explicit} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
				t.Parallel()
				channels(t, s)
			}, ftptest.TLS(mode))
		})
	}
}

// said counts the commands of a client.
type said struct {
	mu    sync.Mutex
	count map[string]int
	dials int
}

func (s *said) trace() *ftpclient.Trace {
	s.count = map[string]int{}
	return &ftpclient.Trace{
		Command: func(_ int, line string) {
			verb, _, _ := strings.Cut(line, " ")
			s.mu.Lock()
			defer s.mu.Unlock()
			s.count[verb]++
		},
		Connect: func(int, string, time.Duration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.dials++
		},
	}
}

func channels(t *testing.T, s *ftptest.Server) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	s.WriteFile("large", data)
	heard := &said{}
	trace := heard.trace()
	ctx, c := dialed(t, s, func(o *ftpclient.Options) { o.Connections, o.Trace = 1, trace })
	for round := range 4 {
		for i, size := range []int{0, 1, 5000, 64<<10 - 1, 64 << 10, 300_000} {
			path := s.Path(fmt.Sprint("f", i))
			want := data[round : round+size]
			got, err := c.Store(ctx, path, bytes.NewReader(want), ftpclient.StoreOptions{Verify: true})
			if err != nil || got.VerifyErr != nil || got.Sent != int64(size) || got.Entry.Size != int64(size) {
				t.Fatalf("Store of %d octets: %+v, %v", size, got, err)
			}
			if on, err := os.ReadFile(filepath.Join(s.Dir, fmt.Sprint("f", i))); err != nil || !bytes.Equal(on, want) {
				t.Fatalf("on the disk: %d octets of %d, %v", len(on), size, err)
			}
			d, err := c.Retrieve(ctx, path, ftpclient.RetrieveOptions{Verify: true, Offset: int64(size / 2)})
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(d)
			if e, ok := d.Verified(); err != nil || !bytes.Equal(b, want[size/2:]) || !ok || e.Size != int64(size) {
				t.Fatalf("read %d octets of %d: %+v, %v", len(b), size, e, err)
			}
			d.Close()
		}
		more, err := c.Store(ctx, s.Path("f1"), strings.NewReader("xyz"), ftpclient.StoreOptions{Append: true, Verify: true})
		if err != nil || more.Entry.Size != 4 {
			t.Fatalf("append: %+v, %v", more, err)
		}
		if head, err := retrieve(ctx, c, s.Path("large"), int64(round), 1000); err != nil || !bytes.Equal(head, data[round:round+1000]) {
			t.Fatalf("a head: %d octets, %v", len(head), err)
		}
		if _, err := c.Retrieve(ctx, s.Path("missing"), ftpclient.RetrieveOptions{Verify: true}); ftpclient.KindOf(err) != ftpclient.KindNotExist {
			t.Errorf("a missing file: %v", err)
		}
		if _, err := c.Store(ctx, s.Path("none/f"), strings.NewReader("x"), ftpclient.StoreOptions{Verify: true}); ftpclient.KindOf(err) != ftpclient.KindNotExist {
			t.Errorf("in a missing directory: %v", err)
		}
		if _, err := c.List(ctx, s.Root); err != nil {
			t.Error(err)
		}
		if err := c.Mkdir(ctx, s.Path(fmt.Sprint("d", round))); err != nil {
			t.Error(err)
		}
	}
	if f := c.Features(); f.DataAhead != ftpclient.Yes {
		t.Errorf("data connections ahead: %v, of %+v", f.DataAhead, f.Facts())
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	transfers := heard.count["RETR"] + heard.count["STOR"] + heard.count["APPE"] + heard.count["LIST"] + heard.count["MLSD"]
	if heard.dials != 1 || heard.count["EPSV"] > transfers+2 || heard.count["RETR"] != 4*8 || heard.count["STOR"] != 4*7 {
		t.Errorf("%d connections, %d transfers, %v", heard.dials, transfers, heard.count)
	}
}
