package mounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/status"
)

// A mount's process listens on a socket beside its state file, which only its
// user and root can open (mode 0600 in a folder of mode 0700). A connection
// carries one request and its answer, each a line of JSON.

// Request asks the process of a mount for something.
type Request struct {
	Do   string  `json:"do"`             // status, refresh, uploads, retry, discard, leave
	Path say.Raw `json:"path,omitempty"` // in the mount, without a leading slash; "" is its root
}

// Answer says what became of it.
type Answer struct {
	Error   string   `json:"error,omitempty"`
	Uploads []Upload `json:"uploads,omitempty"`

	Status *status.Snapshot `json:"status,omitempty"`
}

// Upload is what a mount's process says of one upload.
type Upload struct {
	Path  say.Raw   `json:"path"`
	Size  int64     `json:"size"`
	Since time.Time `json:"since"`
	State string    `json:"state"` // waiting, uploading, failed
	Error string    `json:"error,omitempty"`
	Data  say.Raw   `json:"data,omitempty"`
}

const (
	controlTime = 5 * time.Second // for one connection
	controlSize = 64 << 10        // of a request
)

// ControlPath is the socket that belongs to a state file.
func ControlPath(stateFile string) string { return strings.TrimSuffix(stateFile, ".json") + ".sock" }

// socketAddress is an address of the socket at path that has room in sun_path (unix(7)),
// however long the path is, as long as it is held.
func socketAddress(path string) (addr *net.UnixAddr, hold io.Closer, err error) {
	addr = &net.UnixAddr{Name: path, Net: "unix"}
	if len(path) < len(unix.RawSockaddrUnix{}.Path) {
		return addr, io.NopCloser(nil), nil
	}
	dir, err := os.OpenFile(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, nil, err
	}
	addr.Name = fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
	return addr, dir, nil
}

// Control is the listening end.
type Control struct {
	l    *net.UnixListener
	hold io.Closer // of its address
	do   func(Request) (Answer, error)
	work sync.WaitGroup
}

// Listen begins to answer requests with do, which may be called several
// times at once.
func Listen(path string, do func(Request) (Answer, error)) (*Control, error) {
	addr, hold, err := socketAddress(path)
	if err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", addr)
	if err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close(), hold.Close())
	}
	c := &Control{l: l, hold: hold, do: do}
	c.work.Go(c.accept)
	return c, nil
}

// Close ends the socket; requests under way are answered.
func (c *Control) Close() error {
	err := c.l.Close() // which removes it
	c.work.Wait()
	return errors.Join(err, c.hold.Close())
}

func (c *Control) accept() {
	for {
		nc, err := c.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // of this connection
		}
		c.work.Go(func() { c.answer(nc) })
	}
}

func (c *Control) answer(nc net.Conn) {
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(controlTime))
	var req Request
	var ans Answer
	err := json.NewDecoder(&limitedConn{nc, controlSize}).Decode(&req)
	if err == nil {
		ans, err = c.do(req)
	}
	if err != nil {
		ans.Error = err.Error()
	}
	// Who asked may have left; there is nobody else to tell.
	_ = json.NewEncoder(nc).Encode(ans)
}

// limitedConn reads no more than so many octets.
type limitedConn struct {
	net.Conn
	left int
}

func (l *limitedConn) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errors.New("the request is too long")
	}
	n, err := l.Conn.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// Ask asks the process of a mount, and waits for its answer.
func (m *Known) Ask(ctx context.Context, req Request) (ans Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, controlTime)
	defer cancel()
	addr, hold, err := socketAddress(ControlPath(m.Path))
	if err != nil {
		return ans, err
	}
	defer hold.Close()
	nc, err := new(net.Dialer).DialContext(ctx, "unix", addr.Name)
	if err != nil {
		return ans, fmt.Errorf("process %d does not listen: %w", m.PID, err)
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })()
	err = json.NewEncoder(nc).Encode(req)
	if err == nil {
		err = json.NewDecoder(nc).Decode(&ans)
	}
	switch {
	case err != nil:
		return ans, fmt.Errorf("process %d does not answer: %w", m.PID, err)
	case ans.Error != "":
		return ans, errors.New(say.Printable(ans.Error))
	}
	return ans, nil
}
