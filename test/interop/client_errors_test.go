package interop

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// TestClientErrors: what went wrong has the same kind whatever the server
// calls it.
func TestClientErrors(t *testing.T) {
	type op func(ctx context.Context, c *ftpclient.Client, s *ftptest.Server) error
	on := func(rel string, f func(*ftpclient.Client, context.Context, string) error) op {
		return func(ctx context.Context, c *ftpclient.Client, s *ftptest.Server) error { return f(c, ctx, s.Path(rel)) }
	}
	list := func(c *ftpclient.Client, ctx context.Context, p string) error { _, err := c.List(ctx, p); return err }
	stat := func(c *ftpclient.Client, ctx context.Context, p string) error { _, err := c.Stat(ctx, p); return err }
	read := func(c *ftpclient.Client, ctx context.Context, p string) error {
		_, err := retrieve(ctx, c, p, 0, -1)
		return err
	}
	store := func(c *ftpclient.Client, ctx context.Context, p string) error {
		_, err := c.Store(ctx, p, strings.NewReader("x"), ftpclient.StoreOptions{})
		return err
	}
	rename := func(to string) op {
		return func(ctx context.Context, c *ftpclient.Client, s *ftptest.Server) error {
			return c.Rename(ctx, s.Path("missing"), s.Path(to))
		}
	}
	cases := []struct {
		name string
		op   op
		want ftpclient.Kind
	}{
		{"list a missing directory", on("missing", list), ftpclient.KindNotExist},
		{"list below a missing directory", on("missing/d", list), ftpclient.KindNotExist},
		{"list a file", on("file", list), ftpclient.KindNotDir},
		{"stat a missing file", on("missing", stat), ftpclient.KindNotExist},
		{"stat below a missing directory", on("missing/f", stat), ftpclient.KindNotExist},
		{"read a missing file", on("missing", read), ftpclient.KindNotExist},
		{"read a directory", on("full", read), ftpclient.KindIsDir},
		{"store over a directory", on("full", store), ftpclient.KindIsDir},
		{"store into a missing directory", on("missing/f", store), ftpclient.KindNotExist},
		{"store below a file", on("file/f", store), ftpclient.KindNotDir},
		{"store without permission", on("closed/f", store), ftpclient.KindPermission},
		{"delete a missing file", on("missing", (*ftpclient.Client).Delete), ftpclient.KindNotExist},
		{"delete a directory", on("full", (*ftpclient.Client).Delete), ftpclient.KindIsDir},
		{"make a directory that exists", on("full", (*ftpclient.Client).Mkdir), ftpclient.KindExist},
		{"make a directory over a file", on("file", (*ftpclient.Client).Mkdir), ftpclient.KindExist},
		{"make a directory in a missing one", on("missing/d", (*ftpclient.Client).Mkdir), ftpclient.KindNotExist},
		{"remove a missing directory", on("missing", (*ftpclient.Client).Rmdir), ftpclient.KindNotExist},
		{"remove a full directory", on("full", (*ftpclient.Client).Rmdir), ftpclient.KindNotEmpty},
		{"remove a file as a directory", on("file", (*ftpclient.Client).Rmdir), ftpclient.KindNotDir},
		{"rename a missing file", rename("x"), ftpclient.KindNotExist},
		{"a name with a line feed", on("a\nDELE b", store), ftpclient.KindInvalidName},
	}
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		s.WriteFile("file", []byte("x"))
		s.WriteFile("full/file", []byte("x"))
		s.Mkdir("closed")
		if err := os.Chmod(filepath.Join(s.Dir, "closed"), 0o555); err != nil {
			t.Fatal(err)
		}
		ctx, c := dialed(t, s)
		before := digest(t, s.Dir, 0)
		for _, tc := range cases {
			if tc.want == ftpclient.KindPermission && s.UID == 0 {
				continue // nothing is closed to root
			}
			if err := tc.op(ctx, c, s); ftpclient.KindOf(err) != tc.want {
				t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
			}
		}
		same(t, "after the failures", digest(t, s.Dir, 0), before)
	})
}

// TestClientReadOnly: a server that takes nothing says so.
func TestClientReadOnly(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		ctx, c := dialed(t, s)
		_, err := c.Store(ctx, s.Path("f"), strings.NewReader("x"), ftpclient.StoreOptions{})
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Store: %v", err)
		}
		if err := c.Mkdir(ctx, s.Path("d")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Mkdir: %v", err)
		}
	}, ftptest.ReadOnly())
}
