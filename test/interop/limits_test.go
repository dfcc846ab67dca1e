package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// readers is how many read at once, each its own file.
const readers = 32

// limits are ways to limit a server, and to how many sessions.
func limits() map[string]ftptest.Option {
	all := map[string]ftptest.Option{}
	for _, n := range []int{1, 2, 5} {
		all[fmt.Sprintf("%d in all", n)] = ftptest.MaxClients(n)
		all[fmt.Sprintf("%d per host", n)] = ftptest.MaxPerHost(n)
	}
	return all
}

// ownFiles writes a file for each reader and returns what they hold.
func ownFiles(s *ftptest.Server) (contents [][]byte) {
	for i := range readers {
		content := bytes.Repeat([]byte(fmt.Sprintf("reader %02d\n", i)), 20000)
		s.WriteFile(ownFile(i), content)
		contents = append(contents, content)
	}
	return contents
}

func ownFile(i int) string { return fmt.Sprintf("r%02d", i) }

// wanted returns a client that would like to have eight connections and waits
// for them. It does not connect: the first session is the readers' too.
func wanted(t *testing.T, s *ftptest.Server) *ftpclient.Client {
	t.Helper()
	c, err := ftpclient.New(ftpclient.Options{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, Connections: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// allRead lets all readers read their files at once, rounds times, and checks
// what they get: whole, right, and no error.
func allRead(ctx context.Context, t *testing.T, s *ftptest.Server, c *ftpclient.Client, rounds int, contents [][]byte) {
	t.Helper()
	var all sync.WaitGroup
	for i, want := range contents {
		all.Go(func() {
			for range rounds {
				got, err := retrieve(ctx, c, s.Path(ownFile(i)), 0, int64(len(want)))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("reader %d: %d octets, %v", i, len(got), err)
				}
			}
		})
	}
	all.Wait()
}

// TestLimitedClient: thirty-two readers at once finish on servers that allow
// one, two or five sessions, in all or from one host, each in its own words;
// nobody sees a refusal.
func TestLimitedClient(t *testing.T) {
	for name, limit := range limits() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				contents := ownFiles(s)
				c := wanted(t, s)
				allRead(ctx, t, s, c, 3, contents)
				var allowed int
				if _, err := fmt.Sscan(name, &allowed); err != nil {
					t.Fatal(err)
				}
				if got := c.Features().Connections; got < 1 || got > allowed {
					t.Errorf("learned a limit of %d, it is %d", got, allowed)
				}
			}, limit)
		})
	}
}

// TestLimitedMount: the same through a mount, by programs.
func TestLimitedMount(t *testing.T) {
	t.Parallel()
	program(t) // built once for all
	for name, limit := range limits() {
		if testing.Short() && !strings.HasPrefix(name, "2") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
				contents := ownFiles(s)
				m := mounted(t, s, "--connections", "8")
				var all sync.WaitGroup
				for i, want := range contents {
					all.Go(func() {
						ctx, cancel := context.WithTimeout(context.Background(), patience)
						defer cancel()
						got, err := exec.CommandContext(ctx, "cat", m.path(ownFile(i))).Output()
						if err != nil || !bytes.Equal(got, want) {
							t.Errorf("cat %s: %d octets, %v", ownFile(i), len(got), err)
						}
					})
				}
				all.Wait()
				if log, err := os.ReadFile(m.log); err != nil || bytes.Contains(log, []byte("ERROR")) {
					t.Errorf("the log has errors, %v:\n%s", err, log)
				}
			}, limit)
		})
	}
}

// TestLimitChanges: a limit that rises and falls while readers read reaches none
// of them, and what it allows is used.
func TestLimitChanges(t *testing.T) {
	const file = "content"
	server, addr := bundledWith(t, file)
	const idle = 20 * time.Millisecond
	c, err := ftpclient.New(ftpclient.Options{Host: "127.0.0.1", Port: addr.Port, IdleTimeout: idle})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, limit := range []int{1, 5, 2, 0, 1} {
		server.SetLimits(limit, -1)
		<-time.After(4 * idle) // sessions that there are stay, while they are in use
		var all sync.WaitGroup
		for range readers {
			all.Go(func() {
				for range 20 {
					if got, err := retrieve(ctx, c, "/"+file, 0, int64(len(file))); err != nil || string(got) != file {
						t.Errorf("with a limit of %d: %q, %v", limit, got, err)
					}
				}
			})
		}
		all.Wait()
	}
}

// bundledWith serves one file, named as what it holds.
func bundledWith(t *testing.T, file string) (*ftpserver.Server, *net.TCPAddr) {
	t.Helper()
	fsys := ftpserver.NewMemFS(0)
	f, err := fsys.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		_, err = io.WriteString(f, file)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	server, err := ftpserver.New(ftpserver.Options{FS: fsys, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	return server, ftptest.Serve(t, server)
}

// TestStrangersTakeTheRest: of the sessions that a server allows in all,
// strangers have some, and come and go; readers make do with what is left.
func TestStrangersTakeTheRest(t *testing.T) {
	t.Parallel()
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		contents := ownFiles(s)
		c := wanted(t, s)
		if _, err := c.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var strangers sync.WaitGroup
		for range 4 {
			strangers.Go(func() { comeAndGo(ctx, t, s, stop) })
		}
		allRead(ctx, t, s, c, 4, contents)
		close(stop)
		strangers.Wait()
	}, ftptest.MaxClients(5))
}

// comeAndGo logs in and out until stop. That it is refused is its lot.
func comeAndGo(ctx context.Context, t *testing.T, s *ftptest.Server, stop <-chan struct{}) {
	for {
		c, err := ftpclient.New(ftpclient.Options{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, Connections: 1})
		if err != nil {
			t.Error(err)
			return
		}
		_, err = c.Connect(ctx)
		if err != nil && ftpclient.KindOf(err) != ftpclient.KindTooMany {
			t.Errorf("a stranger: %v", err)
		}
		select {
		case <-stop:
		case <-time.After(20 * time.Millisecond):
		}
		c.Close()
		select {
		case <-stop:
			return
		default:
		}
	}
}
