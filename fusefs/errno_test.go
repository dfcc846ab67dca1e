package fusefs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"

	"ftpfs/ftpclient"
)

// ERR-1: every kind of failure has an errno, and none that the kernel takes
// for something else.
func TestERR1_EveryKindHasAnErrno(t *testing.T) {
	for k := range ftpclient.Kind(ftpclient.Kinds) {
		got := errnoOf(fmt.Errorf("op: %w", &ftpclient.Error{Op: "STAT", Kind: k}))
		if got == 0 || got == syscall.ENOSYS || got >= 512 {
			t.Errorf("kind %d (%s) is errno %d", k, k, got)
		}
		if got != kindErrno[k] {
			t.Errorf("kind %d (%s) is %v, want %v", k, k, got, kindErrno[k])
		}
	}
	if got := errnoOf(&ftpclient.Error{Kind: ftpclient.Kind(ftpclient.Kinds)}); got != syscall.EIO {
		t.Errorf("a kind beyond the last is %v, want EIO", got)
	}
}

// ERR-1: what is not there, denied or full is told apart, and a lost network
// is never a missing file.
func TestERR1_Table(t *testing.T) {
	kind := func(k ftpclient.Kind, cause error) error { return &ftpclient.Error{Kind: k, Err: cause} }
	reset := &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for _, tt := range []struct {
		name string
		err  error
		want syscall.Errno
	}{
		{"nil", nil, 0},
		{"not exist", kind(ftpclient.KindNotExist, nil), syscall.ENOENT},
		{"permission", kind(ftpclient.KindPermission, nil), syscall.EACCES},
		{"not empty", kind(ftpclient.KindNotEmpty, nil), syscall.ENOTEMPTY},
		{"server full", kind(ftpclient.KindNoSpace, nil), syscall.ENOSPC},
		{"the kind counts, not the errno below it", kind(ftpclient.KindNetwork, reset), syscall.EIO},
		{"changed", kind(ftpclient.KindChanged, nil), syscall.ESTALE},
		{"joined", errors.Join(errors.New("x"), kind(ftpclient.KindExist, nil)), syscall.EEXIST},
		{"spool full", &os.PathError{Op: "write", Path: "spool", Err: syscall.ENOSPC}, syscall.ENOSPC},
		{"spool without a call", &os.PathError{Err: syscall.ENOSYS}, syscall.EOPNOTSUPP},
		{"no errno in it", syscall.Errno(0), syscall.EIO},
		{"cancelled", fmt.Errorf("wait: %w", context.Canceled), syscall.EINTR},
		{"deadline", context.DeadlineExceeded, syscall.ETIMEDOUT},
		{"connection deadline", os.ErrDeadlineExceeded, syscall.ETIMEDOUT},
		{"fs.ErrNotExist", fs.ErrNotExist, syscall.ENOENT},
		{"closed handle", fs.ErrClosed, syscall.EBADF},
		{"anything", errors.New("anything"), syscall.EIO},
	} {
		if got := errnoOf(tt.err); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// ERR-2: EINTR is only for a caller that was interrupted.
func TestERR2_EINTRNeedsAnInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if got := eintrOrEIO(ctx, syscall.EINTR); got != syscall.EIO {
		t.Errorf("not interrupted: %v, want EIO", got)
	}
	cancel()
	if got := eintrOrEIO(ctx, syscall.EINTR); got != syscall.EINTR {
		t.Errorf("interrupted: %v, want EINTR", got)
	}
}

// SYMLINK-1: symlink(2) has its own word for a server without links.
func TestSYMLINK1_EPERM(t *testing.T) {
	if got := orEPERM(&ftpclient.Error{Kind: ftpclient.KindUnsupported}); got != syscall.EPERM {
		t.Errorf("unsupported: %v, want EPERM", got)
	}
	if got := orEPERM(&ftpclient.Error{Kind: ftpclient.KindExist}); got != syscall.EEXIST {
		t.Errorf("exists: %v, want EEXIST", got)
	}
}
