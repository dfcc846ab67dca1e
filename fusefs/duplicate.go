package fusefs

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// A shell opens the file of `echo x >f`, duplicates the descriptor to 1, closes the
// first one, and only then writes. That close must not publish an empty file: another
// close of the same process follows and is told what came of it.

// duplicatesMost is how many descriptors of a caller are looked at.
const duplicatesMost = 256

// closesAgain reports whether the process that closes a descriptor has another one
// of the same inode that it can write to. Where that cannot be seen (the caller is in
// another PID namespace, or somebody else's) it is false.
func closesAgain(ctx context.Context, ino uint64) bool {
	caller, ok := fuse.FromContext(ctx)
	if !ok || caller.Pid == 0 {
		return false
	}
	name := "/proc/" + strconv.FormatUint(uint64(caller.Pid), 10) + "/fdinfo" // of a thread, too
	dir, err := os.Open(name)
	if err != nil {
		return false
	}
	defer dir.Close()
	fds, err := dir.Readdirnames(duplicatesMost)
	if err != nil {
		return false // none, at the end of a process
	}
	for _, fd := range fds {
		if info, err := os.ReadFile(name + "/" + fd); err == nil && writesTo(info, ino) {
			return true
		}
	}
	return false
}

// writesTo reports whether a descriptor, of which info is the fdinfo
// (proc_pid_fdinfo(5)), is of an inode and can write to it.
func writesTo(info []byte, ino uint64) bool {
	var flags, of uint64
	for line := range bytes.Lines(info) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		text := string(bytes.TrimSpace(value))
		switch string(name) {
		case "flags":
			flags, _ = strconv.ParseUint(text, 8, 64) // 0 where it is none
		case "ino":
			of, _ = strconv.ParseUint(text, 10, 64)
		}
	}
	return of == ino && flags&syscall.O_ACCMODE != syscall.O_RDONLY
}
