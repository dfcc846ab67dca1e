package cache

import (
	"crypto/rand"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameFree gives a file the name prefix + id + suffix, with another id if there is a file
// of that name, and returns it. The names of os.CreateTemp are free when it makes them,
// but another file may have had the same number, and may be all that there is of what
// somebody wrote.
func renameFree(from, prefix, id, suffix string) (name string, err error) {
	for {
		name = prefix + id + suffix
		err = unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, name, unix.RENAME_NOREPLACE)
		switch {
		case errors.Is(err, unix.EEXIST):
			id = rand.Text()
			continue
		case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS): // the file system cannot
			return name, os.Rename(from, name)
		case err != nil:
			err = &os.LinkError{Op: "rename", Old: from, New: name, Err: err}
		}
		return name, err
	}
}
