package interop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// security is what the client calls the servers' modes of TLS.
var security = map[ftptest.TLSMode]ftpclient.Security{
	ftptest.Explicit: ftpclient.SecurityExplicit,
	ftptest.Implicit: ftpclient.SecurityImplicit,
}

// dialed returns a client of the server, and a context for its operations.
func dialed(t *testing.T, s *ftptest.Server, change ...func(*ftpclient.Options)) (context.Context, *ftpclient.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	o := ftpclient.Options{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password,
		Security: security[s.TLSMode()], TLS: s.ClientTLS()}
	for _, f := range change {
		f(&o)
	}
	c, err := ftpclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	home, err := c.Connect(ctx)
	if err != nil || home != s.Root {
		t.Fatalf("Connect: %q, %v; the server's root is %q", home, err, s.Root)
	}
	return ctx, c
}

// TestClientList: names, types, sizes and times are those on the disk.
func TestClientList(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		sampleTree(t, filepath.Join(s.Dir, "tree"), treeSize{files: 60, dirs: 4})
		if err := os.WriteFile(filepath.Join(s.Dir, "tree/.hidden"), []byte("12345"), 0o644); err != nil {
			t.Fatal(err)
		}
		ctx, c := dialed(t, s)
		dirs := []string{"tree"}
		for len(dirs) > 0 {
			dir := dirs[0]
			dirs = dirs[1:]
			l, err := c.List(ctx, s.Path(dir))
			if err != nil || !l.Complete() {
				t.Fatalf("List %q: %+v, %v", dir, l, err)
			}
			var names []string
			for _, e := range l.Entries {
				names = append(names, e.Name)
				sameEntry(t, s, filepath.Join(dir, e.Name), e)
				if e.Type == ftpclient.TypeDir {
					dirs = append(dirs, filepath.Join(dir, e.Name))
				}
			}
			slices.Sort(names)
			if want := namesIn(t, filepath.Join(s.Dir, dir)); !slices.Equal(names, want) {
				t.Errorf("List %q: %q, want %q", dir, names, want)
			}
		}
	})
}

// sameEntry compares what the client says of a file with the disk.
func sameEntry(t *testing.T, s *ftptest.Server, rel string, e ftpclient.Entry) {
	t.Helper()
	info, err := os.Lstat(filepath.Join(s.Dir, rel))
	if err != nil {
		t.Fatal(err)
	}
	if want := ftpclient.TypeFile; !info.IsDir() && (e.Type != want || e.Size != info.Size()) ||
		info.IsDir() && e.Type != ftpclient.TypeDir {
		t.Errorf("%q: type %v, %d octets; on the disk %v", rel, e.Type, e.Size, info)
	}
	if !info.IsDir() && !e.ModTime.Equal(info.ModTime().Truncate(time.Second)) {
		t.Errorf("%q: modified %v, on the disk %v", rel, e.ModTime, info.ModTime().UTC())
	}
	if e.HasMode && e.Mode != uint32(info.Mode().Perm()) {
		t.Errorf("%q: mode %o, on the disk %v", rel, e.Mode, info.Mode())
	}
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names
}

// TestClientStat: each path alone says the same as the listing did.
func TestClientStat(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		sampleTree(t, filepath.Join(s.Dir, "tree"), treeSize{files: 20, dirs: 2})
		ctx, c := dialed(t, s)
		for rel := range digest(t, s.Dir, 0) {
			e, err := c.Stat(ctx, s.Path(rel))
			if err != nil || e.Name != filepath.Base(rel) {
				t.Errorf("Stat %q: %+v, %v", rel, e, err)
				continue
			}
			sameEntry(t, s, rel, e)
			if e.Type != ftpclient.TypeFile {
				continue
			}
			if v, err := c.Verify(ctx, s.Path(rel)); err != nil || v.Size != e.Size || !v.ModTime.Equal(e.ModTime) {
				t.Errorf("Verify %q: %+v, %v; Stat %+v", rel, v, err, e)
			}
		}
		if e, err := c.Stat(ctx, s.Root); err != nil || e.Type != ftpclient.TypeDir {
			t.Errorf("Stat of the root: %+v, %v", e, err)
		}
	})
}

// TestClientRetrieve reads from offsets, gives up early, and reads again.
func TestClientRetrieve(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		data := bytes.Repeat([]byte("0123456789abcde"), 300_000)
		s.WriteFile("data", data)
		s.WriteFile("empty", nil)
		ctx, c := dialed(t, s)
		for _, offset := range []int{0, 1, 4095, 1 << 20, len(data) - 1, len(data)} {
			if got, err := retrieve(ctx, c, s.Path("data"), int64(offset), -1); err != nil || !bytes.Equal(got, data[offset:]) {
				t.Errorf("from %d: %d octets, %v", offset, len(got), err)
			}
			if got, err := retrieve(ctx, c, s.Path("data"), int64(offset), 1000); err != nil || !bytes.HasPrefix(data[offset:], got) {
				t.Errorf("1000 octets from %d: %d octets, %v", offset, len(got), err)
			}
		}
		if got, err := retrieve(ctx, c, s.Path("empty"), 0, -1); err != nil || len(got) != 0 {
			t.Errorf("an empty file: %q, %v", got, err)
		}
	})
}

// retrieve reads n octets from offset, or to the end if n is negative.
func retrieve(ctx context.Context, c *ftpclient.Client, path string, offset, n int64) ([]byte, error) {
	d, err := c.Retrieve(ctx, path, ftpclient.RetrieveOptions{Offset: offset})
	if err != nil {
		return nil, err
	}
	var r io.Reader = d
	if n >= 0 {
		r = io.LimitReader(d, n)
	}
	got, err := io.ReadAll(r)
	return got, errors.Join(err, d.Close())
}

// TestClientChanges stores, appends, renames and removes, and looks at the
// disk each time.
func TestClientChanges(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		ctx, c := dialed(t, s)
		onDisk := func(what string, err error, want map[string]string) {
			t.Helper()
			got := map[string]string{}
			for rel := range digest(t, s.Dir, 0) {
				b, _ := os.ReadFile(filepath.Join(s.Dir, rel)) // a directory's content is empty
				got[rel] = string(b)
			}
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			same(t, "after "+what, got, want)
		}
		n, err := c.Store(ctx, s.Path("f"), strings.NewReader("content"), ftpclient.StoreOptions{})
		if n.Sent != 7 {
			t.Errorf("Store sent %d octets", n.Sent)
		}
		onDisk("Store", err, map[string]string{"f": "content"})
		_, err = c.Store(ctx, s.Path("f"), strings.NewReader("+more"), ftpclient.StoreOptions{Append: true})
		onDisk("Store with Append", err, map[string]string{"f": "content+more"})
		_, err = c.Store(ctx, s.Path("empty"), strings.NewReader(""), ftpclient.StoreOptions{})
		onDisk("Store of nothing", err, map[string]string{"f": "content+more", "empty": ""})
		onDisk("Mkdir", c.Mkdir(ctx, s.Path("d")), map[string]string{"f": "content+more", "empty": "", "d": ""})
		onDisk("Rename", c.Rename(ctx, s.Path("f"), s.Path("d/g h")), map[string]string{"empty": "", "d": "", "d/g h": "content+more"})
		onDisk("Delete", c.Delete(ctx, s.Path("d/g h")), map[string]string{"empty": "", "d": ""})
		onDisk("Rmdir", c.Rmdir(ctx, s.Path("d")), map[string]string{"empty": ""})

		when := time.Date(2003, 4, 5, 6, 7, 8, 0, time.UTC)
		if err := c.SetModTime(ctx, s.Path("empty"), when, false); err != nil {
			t.Errorf("SetModTime: %v", err)
		}
		err = c.Chmod(ctx, s.Path("empty"), 0o604)
		if s.User == "anonymous" && ftpclient.KindOf(err) != ftpclient.KindUnsupported || s.User != "anonymous" && err != nil {
			t.Errorf("Chmod: %v", err)
		}
		e, err := c.Stat(ctx, s.Path("empty"))
		if err != nil || !e.ModTime.Equal(when) {
			t.Errorf("Stat after SetModTime: %+v, %v", e, err)
		}
		sameEntry(t, s, "empty", e)
	})
}
