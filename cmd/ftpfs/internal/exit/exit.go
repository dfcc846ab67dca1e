// Package exit has the codes with which ftpfs ends, and errors that carry one.
package exit

import (
	"errors"
	"fmt"
	"strings"
)

// Code is what the program answers to the shell. The numbers are part of
// its interface: scripts rely on them.
type Code int

const (
	OK         Code = 0  // done
	Failure    Code = 1  // anything that has no code of its own
	Usage      Code = 2  // flags, arguments or the URL cannot be used
	Mountpoint Code = 3  // the mount point cannot be used
	FUSE       Code = 4  // FUSE is missing or refuses
	Host       Code = 5  // the host name has no address
	Connect    Code = 6  // nothing listens there, or the network fails
	Timeout    Code = 7  // the server does not answer in time
	NotFTP     Code = 8  // what answers is not an FTP server
	Login      Code = 9  // user or password refused, or no password to be had
	TooMany    Code = 10 // the server's limit of connections is reached
	RemoteDir  Code = 11 // the remote directory is missing, no directory, or closed to us
	Busy       Code = 12 // umount: the mount is in use
	Uploads    Code = 13 // umount: not everything could be uploaded
	NotMounted Code = 14 // umount: no ftpfs mount is there
	Serve      Code = 15 // serve: the directory or the address cannot be used
	TLS        Code = 16 // no TLS where it is wanted, or a certificate that is not trusted
	Partly     Code = 17 // get, put, copy, ...: not everything was done

	Interrupt Code = 130 // SIGINT, as shells number it (128 and the signal)
)

// All lists every code with the text for `ftpfs help exit-codes`.
var All = []struct {
	Code Code
	Text string
}{
	{OK, "done"},
	{Failure, "anything that has no code of its own"},
	{Usage, "flags, arguments or the URL cannot be used"},
	{Mountpoint, "the mount point cannot be used"},
	{FUSE, "FUSE is missing or refuses"},
	{Host, "the host name has no address"},
	{Connect, "nothing listens at the address, or the network fails"},
	{Timeout, "the server does not answer in time"},
	{NotFTP, "what answers is not an FTP server"},
	{Login, "user or password refused, or no password to be had"},
	{TooMany, "the server's limit of connections is reached"},
	{RemoteDir, "the remote directory is missing, not a directory, or may not be read"},
	{Busy, "umount: the mount is in use"},
	{Uploads, "umount: not everything could be uploaded; the data is kept and its place is named"},
	{NotMounted, "umount: there is no ftpfs mount at the path"},
	{Serve, "serve: the directory or the address cannot be used"},
	{TLS, "no TLS where it is wanted, or a certificate that is not trusted"},
	{Partly, "ls, get, put, copy, cat, rm, mv, mkdir, stat: not everything was done; what was not is named"},
	{Interrupt, "get, put, copy, ...: interrupted; parts to go on with may be left"},
}

// Help is the text of `ftpfs help exit-codes`.
func Help() string {
	var b strings.Builder
	b.WriteString("ftpfs exits with one of these codes:\n\n")
	for _, c := range All {
		fmt.Fprintf(&b, "  %3d  %s\n", c.Code, c.Text)
	}
	b.WriteString("\nmount in the background exits when the mount answers or has failed.\n")
	return b.String()
}

// Error is an error with its exit code. Its text is one line that names the
// thing, the reason and what to do.
type Error struct {
	Code Code
	Text string
	err  error // the cause; may be nil
}

func (f *Error) Error() string { return f.Text }
func (f *Error) Unwrap() error { return f.err }

// Errorf returns an Error; what %w wraps becomes its cause.
func Errorf(code Code, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Text: err.Error(), err: errors.Unwrap(err)}
}

// CodeOf returns the exit code of err: OK for nil, Failure for one that carries
// none.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	var f *Error
	if errors.As(err, &f) {
		return f.Code
	}
	return Failure
}
