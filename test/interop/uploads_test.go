package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// TestUploadsArriveWhole: with TLS 1.3 an upload whose sender closes too early
// is cut without anybody noticing, now and then; so there are many. What comes
// back must be whole too. Who has opened the data connection makes no difference
// to its end, so that fewer will do in active mode.
func TestUploadsArriveWhole(t *testing.T) {
	t.Parallel()
	data := make([]byte, 4<<20)
	rand.NewChaCha8([32]byte{4}).Read(data) // returns no error
	for _, tc := range []struct {
		name           string
		mode           ftptest.TLSMode
		active         bool
		uploads, short int
	}{
		{"explicit", ftptest.Explicit, false, 24, 12},
		{"implicit", ftptest.Implicit, false, 24, 12},
		{"explicit, active", ftptest.Explicit, true, 8, 8},
		{"implicit, active", ftptest.Implicit, true, 8, 8},
	} {
		uploads := tc.uploads
		if testing.Short() {
			uploads = tc.short
		}
		t.Run(tc.name, func(t *testing.T) {
			ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
				t.Parallel()
				_, c := dialed(t, s, func(o *ftpclient.Options) { o.Active = tc.active })
				for i := range uploads {
					upAndDown(t, s, c, data[:[]int{0, 1, 65537, len(data)}[i%4]])
				}
			}, ftptest.TLS(tc.mode), ftptest.TLSVersion(tls.VersionTLS13))
		})
	}
}

// upAndDown stores a file, compares it with the server's disk, gets it again
// and deletes it.
func upAndDown(t *testing.T, s *ftptest.Server, c *ftpclient.Client, want []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	n, err := c.Store(ctx, s.Path("up"), bytes.NewReader(want), ftpclient.StoreOptions{})
	if err != nil || n.Sent != int64(len(want)) {
		t.Fatalf("Store of %d octets sent %d: %v", len(want), n.Sent, err)
	}
	if got, err := os.ReadFile(filepath.Join(s.Dir, "up")); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("the server has %d of %d octets, %v", len(got), len(want), err)
	}
	if got, err := retrieve(ctx, c, s.Path("up"), 0, -1); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("Retrieve: %d of %d octets, %v", len(got), len(want), err)
	}
	if err := c.Delete(ctx, s.Path("up")); err != nil {
		t.Fatal(err)
	}
}
