package fusefs

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// CAP_HANDLE_KILLPRIV_V2 leaves it to the file system to take the set-user-ID and
// set-group-ID bits from a file that somebody without CAP_FSETID writes to or
// truncates. In return the kernel does not ask for security.capability before each
// write(2).

// dropPrivileges takes the bits from a file. Where it cannot, it says why, and
// nothing is to be written.
func (b bridge) dropPrivileges(cancel <-chan struct{}, h *fuse.InHeader) fuse.Status {
	var out fuse.AttrOut
	if st := b.RawFileSystem.GetAttr(cancel, &fuse.GetAttrIn{InHeader: *h}, &out); st != fuse.OK {
		return st
	}
	mode, ok := unprivileged(out.Mode)
	if ok {
		return fuse.OK
	}
	in := fuse.SetAttrIn{SetAttrInCommon: fuse.SetAttrInCommon{InHeader: *h, Valid: fuse.FATTR_MODE, Mode: mode}}
	return b.RawFileSystem.SetAttr(cancel, &in, &out)
}

// unprivileged is a mode without the bits, and whether it has none of them;
// set-group-ID is none without execution by the group, as for the kernel.
func unprivileged(mode uint32) (without uint32, is bool) {
	without = mode &^ syscall.S_ISUID
	if mode&syscall.S_IXGRP != 0 {
		without &^= syscall.S_ISGID
	}
	return without, mode&syscall.S_IFMT != syscall.S_IFREG || without == mode
}

// Open drops privileges with O_TRUNC.
func (b bridge) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if in.Mode&fuse.OPEN_KILL_SUIDGID != 0 {
		if st := b.dropPrivileges(cancel, &in.InHeader); st != fuse.OK {
			return st
		}
	}
	return b.RawFileSystem.Open(cancel, in, out)
}

// SetAttr drops them with truncate(2), and with a change of the owner.
func (b bridge) SetAttr(cancel <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	kill := in.Valid&fuse.FATTR_KILL_SUIDGID != 0
	if in.Valid &^= fuse.FATTR_KILL_SUIDGID; kill && in.Valid&fuse.FATTR_MODE == 0 {
		if st := b.dropPrivileges(cancel, &in.InHeader); st != fuse.OK {
			return st
		}
	}
	return b.RawFileSystem.SetAttr(cancel, in, out)
}
