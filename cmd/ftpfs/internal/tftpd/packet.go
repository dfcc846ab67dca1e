package tftpd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The operations (RFC 1350 section 5, RFC 2347).
const (
	opRead  = 1
	opWrite = 2
	opData  = 3
	opAck   = 4
	opError = 5
	opOAck  = 6
)

// The codes of errors.
const (
	codeUndefined = 0
	codeNotFound  = 1
	codeAccess    = 2
	codeFull      = 3
	codeIllegal   = 4
	codeExists    = 6
)

// defaultBlock is the bytes of a block without blksize.
const defaultBlock = 512

// request is what a client asks for, with those options that we have.
type request struct {
	op       uint16
	name     string // as an FS calls it
	netascii bool
	block    int
	timeout  time.Duration // 0: ours
	size     int64         // tsize; -1: not given
	accepted []string      // options and values in the order of the request
}

// parseRequest reads a request; false if it is none. An option that makes no
// sense is as one that is not known: left out (RFC 2347).
func parseRequest(p []byte) (r request, ok bool) {
	if len(p) < 4 || p[len(p)-1] != 0 {
		return r, false
	}
	r.op = binary.BigEndian.Uint16(p)
	words := strings.Split(string(p[2:len(p)-1]), "\x00")
	if r.op != opRead && r.op != opWrite || len(words) < 2 {
		return r, false
	}
	r.name = strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(words[0], `\`, "/")), "/")
	r.netascii = strings.EqualFold(words[1], "netascii")
	r.block, r.size = defaultBlock, -1
	if r.name == "" || !r.netascii && !strings.EqualFold(words[1], "octet") {
		return r, false
	}
	for o := words[2:]; len(o) >= 2; o = o[2:] {
		r.option(strings.ToLower(o[0]), o[1])
	}
	return r, true
}

// option takes one option.
func (r *request) option(name, value string) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return
	}
	switch {
	case name == "blksize" && n >= 8:
		r.block = int(min(n, maxDatagram-512))
		r.accept(name, int64(r.block))
	case name == "timeout" && n >= 1 && n <= 255:
		r.timeout = time.Duration(n) * time.Second
		r.accept(name, n)
	case name == "tsize" && r.op == opWrite:
		r.size = n
		r.accept(name, n)
	case name == "tsize" && !r.netascii:
		r.size = 0 // asked for
	}
}

func (r *request) accept(name string, value int64) {
	r.accepted = append(r.accepted, name, strconv.FormatInt(value, 10))
}

// oack is the acknowledgement of options.
func (r *request) oack() []byte {
	return append([]byte{0, opOAck}, strings.Join(r.accepted, "\x00")+"\x00"...)
}

// numbered is DATA or ACK of a block.
func numbered(op, block uint16, data []byte) []byte {
	p := make([]byte, 4, 4+len(data))
	binary.BigEndian.PutUint16(p, op)
	binary.BigEndian.PutUint16(p[2:], block)
	return append(p, data...)
}

// tftpError is an error as clients are told.
type tftpError struct {
	code uint16
	text string
}

func (e *tftpError) Error() string { return fmt.Sprintf("error %d: %s", e.code, e.text) }

func (e *tftpError) packet() []byte {
	return append(numbered(opError, e.code, []byte(e.text)), 0)
}

// peerError is what a client told us.
func peerError(p []byte) error {
	text, _, _ := bytes.Cut(p[4:], []byte{0})
	return fmt.Errorf("the client ended it: error %d: %s", binary.BigEndian.Uint16(p[2:]), text)
}

var errTooLarge = &tftpError{codeFull, "The file is larger than is allowed"}

// told makes an error one for the client: no path of ours gets out.
func told(err error) *tftpError {
	var own *tftpError
	var errno syscall.Errno
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return &tftpError{codeFull, "No space for the file"}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return &tftpError{codeNotFound, "File not found"}
	case errors.Is(err, fs.ErrExist):
		return &tftpError{codeExists, "File already exists"}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EISDIR):
		return &tftpError{codeAccess, "Access violation"}
	case errors.As(err, &errno):
		return &tftpError{codeUndefined, errno.Error()}
	}
	return &tftpError{codeUndefined, "The transfer failed"}
}
