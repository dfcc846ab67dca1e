package fusefs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"ftpfs/ftpclient"
)

// kindErrno is what a program is told for each kind of failure. No other
// place names an errno for something that a server or the network did.
var kindErrno = [ftpclient.Kinds]syscall.Errno{
	ftpclient.KindUnknown:      syscall.EIO, // the server refused and a look did not tell why
	ftpclient.KindNotExist:     syscall.ENOENT,
	ftpclient.KindExist:        syscall.EEXIST,
	ftpclient.KindPermission:   syscall.EACCES,
	ftpclient.KindIsDir:        syscall.EISDIR,
	ftpclient.KindNotDir:       syscall.ENOTDIR,
	ftpclient.KindNotEmpty:     syscall.ENOTEMPTY,
	ftpclient.KindNoSpace:      syscall.ENOSPC,
	ftpclient.KindUnsupported:  syscall.EOPNOTSUPP, // not ENOSYS: the kernel would never ask again
	ftpclient.KindInvalidName:  syscall.EINVAL,
	ftpclient.KindBusy:         syscall.EBUSY,
	ftpclient.KindLogin:        syscall.EACCES,       // the password was changed under the mount
	ftpclient.KindTooMany:      syscall.EBUSY,        // not EAGAIN: programs would spin on it
	ftpclient.KindHost:         syscall.EHOSTUNREACH, // "No route to host" says where to look
	ftpclient.KindRefused:      syscall.ECONNREFUSED, // as if the program had connected itself
	ftpclient.KindNetwork:      syscall.EIO,          // what read(2), write(2) and close(2) document
	ftpclient.KindTimeout:      syscall.ETIMEDOUT,    // as NFS mounted softerr
	ftpclient.KindProtocol:     syscall.EIO,
	ftpclient.KindTruncated:    syscall.EIO,
	ftpclient.KindChanged:      syscall.ESTALE,
	ftpclient.KindReadOnly:     syscall.EROFS,
	ftpclient.KindTLS:          syscall.EACCES, // access was denied, by us
	ftpclient.KindClosed:       syscall.EIO,    // the volume is being closed
	ftpclient.KindCanceled:     syscall.EINTR,
	ftpclient.KindTooManyLinks: syscall.ELOOP,
}

// errnoOf returns the errno of an error: that of an *ftpclient.Error by its
// kind, whatever it wraps; that of the local spool (syscall.Errno) as it is.
func errnoOf(err error) syscall.Errno {
	var remote *ftpclient.Error
	var local syscall.Errno
	switch {
	case err == nil:
		return 0
	case errors.As(err, &remote):
		if int(remote.Kind) < len(kindErrno) {
			return kindErrno[remote.Kind]
		}
		return syscall.EIO
	case errors.As(err, &local):
		return localErrno(local)
	case errors.Is(err, context.Canceled):
		return syscall.EINTR
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return syscall.ETIMEDOUT
	}
	return sentinelErrno(err)
}

// localErrno lets an errno of the local disk pass, except those by which a
// file system tells the kernel something about itself.
func localErrno(e syscall.Errno) syscall.Errno {
	switch e {
	case 0:
		return syscall.EIO
	case syscall.ENOSYS:
		return syscall.EOPNOTSUPP
	}
	return e
}

// sentinelErrno is for io/fs's errors without an errno in them.
func sentinelErrno(err error) syscall.Errno {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return syscall.ENOENT
	case errors.Is(err, fs.ErrExist):
		return syscall.EEXIST
	case errors.Is(err, fs.ErrPermission):
		return syscall.EACCES
	case errors.Is(err, fs.ErrInvalid):
		return syscall.EINVAL
	case errors.Is(err, fs.ErrClosed):
		return syscall.EBADF
	}
	return syscall.EIO
}

// eintrOrEIO replaces EINTR where nobody interrupted the caller (the volume
// gave up on its own): a program would repeat the call for ever.
func eintrOrEIO(ctx context.Context, e syscall.Errno) syscall.Errno {
	if e == syscall.EINTR && ctx.Err() == nil {
		return syscall.EIO
	}
	return e
}

// orEPERM is errnoOf for what has EPERM where a file system cannot do it, as
// symlink(2).
func orEPERM(err error) syscall.Errno {
	if e := errnoOf(err); e != syscall.EOPNOTSUPP {
		return e
	}
	return syscall.EPERM
}

// alarming reports whether an errno tells of trouble with the server or the
// spool rather than of a request that could not be granted.
func alarming(e syscall.Errno) bool {
	switch e {
	case syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.ESTALE, syscall.EBUSY, syscall.EBADF,
		syscall.ETIMEDOUT, syscall.ECONNREFUSED, syscall.EHOSTUNREACH:
		return true
	}
	return false
}
