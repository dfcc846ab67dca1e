package tftpd

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/pin/tftp/v3/netascii"

	"ftpfs/ftpserver"
)

// transfer is one file on its way. It belongs to its goroutine, but ended,
// which Server.mu guards.
type transfer struct {
	request
	s       *Server
	packet  []byte // the request
	local   net.IP // where it arrived; nil: unknown
	peer    netip.AddrPort
	refusal *tftpError // nil: none
	ended   bool       // all is done but to say so again

	ctx    context.Context
	cancel context.CancelFunc
	conn   *net.UDPConn
	buf    []byte // of the packet that was read last
	moved  int64  // bytes of the file
	last   []byte // what was sent last
}

func (t *transfer) verb() string {
	if t.op == opRead {
		return "read"
	}
	return "write"
}

// serve sends or receives the file. The client is told of what goes wrong.
func (t *transfer) serve() (err error) {
	peer := net.UDPAddrFromAddrPort(t.peer)
	if t.conn, err = net.DialUDP("udp", &net.UDPAddr{IP: t.local}, peer); errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.conn, err = net.DialUDP("udp", nil, peer) // it came to all of a network
	}
	if err != nil {
		return err
	}
	t.buf = make([]byte, t.block+512)
	defer t.conn.Close()
	stop := context.AfterFunc(t.ctx, func() { t.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	switch {
	case t.refusal != nil:
		err = t.refusal
	case t.op == opRead:
		err = t.read()
	default:
		err = t.write()
	}
	var gone *silence
	if err != nil && !errors.As(err, &gone) {
		_, sent := t.conn.Write(told(err).packet())
		err = errors.Join(err, sent)
	}
	return err
}

// silence is that nothing more came of the client, or that it was not to be
// waited for any longer.
type silence struct{ error }

// await reads packets until wanted takes one. What was sent last is sent again
// each time that nothing came for a while.
func (t *transfer) await(wanted func(op, block uint16, data []byte) bool) error {
	wait := t.s.o.Timeout
	if t.timeout > 0 {
		wait = t.timeout
	}
	buf := t.buf
	for next, tries := time.Now().Add(wait), 0; ; {
		t.conn.SetReadDeadline(next)
		if t.ctx.Err() != nil {
			return &silence{t.ctx.Err()}
		}
		n, err := t.conn.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && tries < t.s.o.Retries && t.ctx.Err() == nil:
			tries++
			next = time.Now().Add(wait)
			if err := t.send(t.last); err != nil {
				return err
			}
		case err != nil:
			return &silence{err}
		case n < 4:
		case binary.BigEndian.Uint16(buf) == opError:
			return &silence{peerError(buf[:n])}
		case wanted(binary.BigEndian.Uint16(buf), binary.BigEndian.Uint16(buf[2:]), buf[4:n]):
			return nil
		}
	}
}

// send sends p, which is sent again until something else is.
func (t *transfer) send(p []byte) error {
	t.last = p
	if _, err := t.conn.Write(p); err != nil && !errors.Is(err, syscall.ENOBUFS) {
		return &silence{err}
	}
	return nil
}

// acknowledged sends p and waits for the ACK of a block. Another ACK, such as
// one that comes twice, is left alone: who answers it doubles all that follows.
func (t *transfer) acknowledged(p []byte, block uint16) error {
	if err := t.send(p); err != nil {
		return err
	}
	return t.await(func(op, n uint16, _ []byte) bool { return op == opAck && n == block })
}

// read sends the file.
func (t *transfer) read() error {
	f, err := t.s.o.FS.OpenFile(t.name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() {
		return syscall.EISDIR
	}
	if t.size >= 0 {
		t.accept("tsize", fi.Size())
	}
	if len(t.accepted) > 0 {
		if err := t.acknowledged(t.oack(), 0); err != nil {
			return err
		}
	}
	var r io.Reader = f
	if t.netascii {
		r = netascii.ToReader(f)
	}
	return t.sendBlocks(r)
}

func (t *transfer) sendBlocks(r io.Reader) error {
	buf := make([]byte, t.block)
	for block := uint16(1); ; block++ { // which begins anew after 65535
		n, err := io.ReadFull(r, buf)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if err := t.acknowledged(numbered(opData, block, buf[:n]), block); err != nil {
			return err
		}
		if t.moved += int64(n); n < t.block {
			return nil
		}
	}
}

// write receives the file. It is complete and closed before the last block is
// acknowledged; an incomplete one is removed.
func (t *transfer) write() error {
	if t.size > t.s.o.MaxSize {
		return errTooLarge
	}
	f, err := t.s.o.FS.OpenFile(t.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	last, err := t.receiveBlocks(f)
	if err != nil {
		return errors.Join(err, t.discard(f), f.Close())
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, t.discard(f))
	}
	if err := t.send(numbered(opAck, last, nil)); err != nil {
		return err
	}
	t.s.over(t)
	return t.dally(last)
}

// discard removes what an upload that failed has left.
func (t *transfer) discard(f ftpserver.File) error {
	if d, ok := f.(interface{ Discard() error }); ok {
		return d.Discard()
	}
	return t.s.o.FS.Remove(t.name)
}

// receiveBlocks writes the file to w and returns the number of the last block,
// which is not acknowledged yet.
func (t *transfer) receiveBlocks(w io.Writer) (uint16, error) {
	if t.netascii {
		w = netascii.FromWriter(w)
	}
	first := numbered(opAck, 0, nil)
	if len(t.accepted) > 0 {
		first = t.oack()
	}
	if err := t.send(first); err != nil {
		return 0, err
	}
	for block := uint16(1); ; block++ {
		data, err := t.data(block)
		if err != nil {
			return 0, err
		}
		if t.moved += int64(len(data)); t.moved > t.s.o.MaxSize {
			return 0, errTooLarge
		}
		if _, err := w.Write(data); err != nil {
			return 0, err
		}
		if len(data) < t.block {
			return block, nil
		}
		if err := t.send(numbered(opAck, block, nil)); err != nil {
			return 0, err
		}
	}
}

// data waits for a block. If the one before comes again, its ACK was lost.
func (t *transfer) data(block uint16) (data []byte, err error) {
	var again error
	err = t.await(func(op, n uint16, d []byte) bool {
		if op == opData && n == block-1 {
			again = t.send(t.last)
			return again != nil
		}
		data = d
		return op == opData && n == block && len(d) <= t.block
	})
	return data, errors.Join(err, again)
}

// dally says again that the last block was received, as long as the client may
// not have heard it.
func (t *transfer) dally(last uint16) error {
	t.conn.SetReadDeadline(time.Now().Add(time.Duration(t.s.o.Retries) * max(t.s.o.Timeout, t.timeout)))
	for buf := t.buf; t.ctx.Err() == nil; {
		n, err := t.conn.Read(buf)
		if err != nil {
			return nil // all is well, with us
		}
		if n >= 4 && binary.BigEndian.Uint16(buf) == opData && binary.BigEndian.Uint16(buf[2:]) == last {
			if err := t.send(t.last); err != nil {
				return nil
			}
		}
	}
	return nil
}
