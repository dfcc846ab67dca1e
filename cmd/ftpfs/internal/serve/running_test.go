package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
)

// brokenListener fails when it is told to.
type brokenListener struct {
	net.Listener
	fail chan struct{}
}

func (l brokenListener) Accept() (net.Conn, error) {
	<-l.fail
	return nil, errors.New("broken")
}

// TestSocketFails: when a socket fails, the server ends as it does at a signal: an
// upload that runs comes to its end first.
func TestSocketFails(t *testing.T) {
	tree := ftpserver.NewMemFS(0)
	server, err := ftpserver.New(ftpserver.Options{FS: tree, Anonymous: true, AnonymousWrite: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var listeners []net.Listener
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, l)
	}
	broken := brokenListener{listeners[1], make(chan struct{})}
	run := (&sockets{plain: []net.Listener{listeners[0], broken}}).serve(server, nil, slog.New(slog.DiscardHandler))
	ended, stored := make(chan error, 1), make(chan error, 1)
	go func() { ended <- run.until(t.Context(), func() {}) }()

	addr := listeners[0].Addr().(*net.TCPAddr)
	client, err := ftpclient.New(ftpclient.Options{Host: addr.IP.String(), Port: addr.Port, Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	source, file := io.Pipe()
	go func() {
		_, err := client.Store(context.WithoutCancel(t.Context()), "/f", source, ftpclient.StoreOptions{})
		stored <- err
	}()
	if _, err := io.WriteString(file, strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the upload's beginning", func() bool { info, err := tree.Stat("f"); return err == nil && info.Size() > 0 })
	close(broken.fail)
	eventually(t, "the end of listening", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("the server has ended in an upload: %v", err)
		default:
		}
		c, err := net.Dial("tcp", addr.String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if err := errors.Join(file.Close(), <-stored); err != nil {
		t.Error(err)
	}
	if err := <-ended; exit.CodeOf(err) != exit.Serve || !strings.Contains(err.Error(), "broken") {
		t.Error(err)
	}
}
