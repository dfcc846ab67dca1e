// Package tftpd serves a tree by TFTP (RFC 1350) in modes octet and netascii,
// with the options blksize (RFC 2348), tsize and timeout (RFC 2349).
//
// It is our own because devices judge by what github.com/pin/tftp, of which it
// takes netascii, leaves no way to: the last ACK is repeated as long as the
// client asks (RFC 1350 section 6), for one that is lost would make a failure
// of an upload that arrived; a request that is sent twice is one; and errors
// have their own codes.
package tftpd

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"ftpfs/ftpserver"
)

// Options say what is served. FS must be set.
type Options struct {
	// FS is the tree; what it refuses is refused. A file that is written must
	// not exist, whatever FS says.
	FS ftpserver.FS
	// MaxSize bounds the bytes of an uploaded file. Default: 64 MiB.
	MaxSize int64
	// MaxTransfers bounds the transfers at a time. Default: 100.
	MaxTransfers int
	// Timeout is the wait before something is sent again, unless the client
	// asks for another, and Retries how often it is. Default: 2 seconds, 5.
	Timeout time.Duration
	Retries int
	// Log gets a line for each transfer. Default: none.
	Log *slog.Logger
}

// Server serves TFTP. It is safe for concurrent use.
type Server struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu   sync.Mutex // never held across the network
	busy map[netip.AddrPort]*transfer
}

// New returns a server with the defaults of o filled in.
func New(o Options) *Server {
	if o.MaxSize == 0 {
		o.MaxSize = 64 << 20
	}
	if o.MaxTransfers == 0 {
		o.MaxTransfers = 100
	}
	if o.Timeout == 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Retries == 0 {
		o.Retries = 5
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, busy: make(map[netip.AddrPort]*transfer)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// maxDatagram is more than a UDP datagram can have, in bytes.
const maxDatagram = 64 << 10

// Serve takes requests from conn until Close, when it returns nil, or until
// conn fails; it closes conn.
func (s *Server) Serve(conn *net.UDPConn) error {
	defer conn.Close()
	defer context.AfterFunc(s.ctx, func() { conn.Close() })()
	receive := receiver(conn)
	buf := make([]byte, maxDatagram)
	for {
		n, local, peer, err := receive(buf)
		if err != nil {
			if s.ctx.Err() != nil {
				return nil
			}
			return err
		}
		s.begin(bytes.Clone(buf[:n]), local, peer)
	}
}

// Close ends all transfers, of which uploads are removed, and waits for that.
func (s *Server) Close() {
	s.cancel()
	s.wg.Wait()
}

// begin starts the transfer of a request. One that is sent again while it is
// served is left out; another one from the same port takes its place.
func (s *Server) begin(packet []byte, local net.IP, peer netip.AddrPort) {
	req, ok := parseRequest(packet)
	if !ok {
		return
	}
	t := &transfer{s: s, request: req, packet: packet, local: local, peer: peer}
	t.ctx, t.cancel = context.WithCancel(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.busy[peer]
	switch {
	case s.ctx.Err() != nil, old != nil && !old.ended && bytes.Equal(old.packet, packet):
		t.cancel()
		return
	case old != nil:
		old.cancel()
	case len(s.busy) >= s.o.MaxTransfers:
		t.refusal = &tftpError{codeUndefined, "Too many transfers; try again later"}
	}
	s.busy[peer] = t
	s.wg.Go(t.run)
}

// over marks a transfer whose file is complete: the next request counts.
func (s *Server) over(t *transfer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.ended = true
}

func (s *Server) forget(t *transfer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[t.peer] == t {
		delete(s.busy, t.peer)
	}
}

// run is a transfer, on a port of its own.
func (t *transfer) run() {
	defer t.cancel()
	defer t.s.forget(t)
	log := t.s.o.Log.With("peer", t.peer.String(), "file", t.name)
	err := t.serve()
	var refused *tftpError
	switch {
	case err == nil:
		log.Info("tftp "+t.verb(), "bytes", t.moved)
	case errors.As(err, &refused):
		log.Warn("tftp "+t.verb()+" refused", "why", refused.text, "err", err)
	default:
		log.Warn("tftp "+t.verb()+" failed", "bytes", t.moved, "err", err)
	}
}
