package interop

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// TestServersSayWhatTheySend: after TYPE I, no server calls the transfer of a
// file one in ASCII mode, also not after a listing, and none is told TYPE I
// twice. What vsftpd and ProFTPD say of sizes is right.
func TestServersSayWhatTheySend(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("f", []byte("one\ntwo\n"))
		var mu sync.Mutex
		var ascii []string
		types := 0
		trace := &ftpclient.Trace{
			Command: func(_ int, line string) {
				mu.Lock()
				defer mu.Unlock()
				if strings.HasPrefix(line, "TYPE") {
					types++
				}
			},
			Reply: func(_ int, code int, text string, _ time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				if code == 150 && strings.Contains(strings.ToLower(text), "ascii") && !strings.Contains(text, "file list") {
					ascii = append(ascii, text)
				}
			},
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := ftpclient.New(ftpclient.Options{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, Connections: 1, Trace: trace})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range 3 {
			if _, err := c.List(ctx, s.Root); err != nil {
				t.Fatal(err)
			}
			if got, err := retrieve(ctx, c, s.Path("f"), 0, -1); err != nil || string(got) != "one\ntwo\n" {
				t.Errorf("read %q, %v", got, err)
			}
			if _, err := c.Store(ctx, s.Path("new"), strings.NewReader("a\nb\n"), ftpclient.StoreOptions{}); err != nil {
				t.Error(err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(ascii) > 0 || types != 1 {
			t.Errorf("TYPE was sent %d times; said to be ASCII: %q", types, ascii)
		}
	})
}
