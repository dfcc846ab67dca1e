package main

import (
	"errors"
	"fmt"
	"strings"
)

// exitCode is what the program answers to the shell. The numbers are part of
// its interface: scripts rely on them.
type exitCode int

const (
	exitOK         exitCode = 0  // done
	exitFailure    exitCode = 1  // anything that has no code of its own
	exitUsage      exitCode = 2  // flags, arguments or the URL cannot be used
	exitMountpoint exitCode = 3  // the mount point cannot be used
	exitFUSE       exitCode = 4  // FUSE is missing or refuses
	exitHost       exitCode = 5  // the host name has no address
	exitConnect    exitCode = 6  // nothing listens there, or the network fails
	exitTimeout    exitCode = 7  // the server does not answer in time
	exitNotFTP     exitCode = 8  // what answers is not an FTP server
	exitLogin      exitCode = 9  // user or password refused, or no password to be had
	exitTooMany    exitCode = 10 // the server's limit of connections is reached
	exitRemoteDir  exitCode = 11 // the remote directory is missing, no directory, or closed to us
	exitBusy       exitCode = 12 // umount: the mount is in use
	exitUploads    exitCode = 13 // umount: not everything could be uploaded
	exitNotMounted exitCode = 14 // umount: no ftpfs mount is there
	exitServe      exitCode = 15 // serve: the directory or the address cannot be used
	exitTLS        exitCode = 16 // no TLS where it is wanted, or a certificate that is not trusted
	exitPartly     exitCode = 17 // get, put, copy, ...: not everything was done

	exitInterrupt exitCode = 130 // SIGINT, as shells number it (128 and the signal)
)

// exitCodes lists every code with the text for `ftpfs help exit-codes`.
var exitCodes = []struct {
	code exitCode
	text string
}{
	{exitOK, "done"},
	{exitFailure, "anything that has no code of its own"},
	{exitUsage, "flags, arguments or the URL cannot be used"},
	{exitMountpoint, "the mount point cannot be used"},
	{exitFUSE, "FUSE is missing or refuses"},
	{exitHost, "the host name has no address"},
	{exitConnect, "nothing listens at the address, or the network fails"},
	{exitTimeout, "the server does not answer in time"},
	{exitNotFTP, "what answers is not an FTP server"},
	{exitLogin, "user or password refused, or no password to be had"},
	{exitTooMany, "the server's limit of connections is reached"},
	{exitRemoteDir, "the remote directory is missing, not a directory, or may not be read"},
	{exitBusy, "umount: the mount is in use"},
	{exitUploads, "umount: not everything could be uploaded; the data is kept and its place is named"},
	{exitNotMounted, "umount: there is no ftpfs mount at the path"},
	{exitServe, "serve: the directory or the address cannot be used"},
	{exitTLS, "no TLS where it is wanted, or a certificate that is not trusted"},
	{exitPartly, "ls, get, put, copy, cat, rm, mv, mkdir, stat: not everything was done; what was not is named"},
	{exitInterrupt, "get, put, copy, ...: interrupted; parts to go on with may be left"},
}

// exitCodeHelp is the text of `ftpfs help exit-codes`.
func exitCodeHelp() string {
	var b strings.Builder
	b.WriteString("ftpfs exits with one of these codes:\n\n")
	for _, c := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %s\n", c.code, c.text)
	}
	b.WriteString("\nmount in the background exits when the mount answers or has failed.\n")
	return b.String()
}

// failure is an error with its exit code. Its text is one line that names the
// thing, the reason and what to do.
type failure struct {
	code exitCode
	text string
	err  error // the cause; may be nil
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.err }

// failf returns a failure; what %w wraps becomes its cause.
func failf(code exitCode, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &failure{code: code, text: err.Error(), err: errors.Unwrap(err)}
}

// codeOf returns the exit code of err: exitOK for nil, exitFailure for an
// error that is no failure.
func codeOf(err error) exitCode {
	if err == nil {
		return exitOK
	}
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	return exitFailure
}
