package mountpoints

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
)

// Where the kernel's FUSE is, and what fusermount reads.
const (
	FUSEDevice = "/dev/fuse"
	FUSEConf   = "/etc/fuse.conf"
)

// CheckFUSE looks for what a mount needs before any time is spent on the
// network. Its errors are of exit.FUSE.
func CheckFUSE(device, conf string, root, allowOther bool) error {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	switch {
	case err == nil:
		f.Close()
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return exit.Errorf(exit.FUSE, "%s is missing: load the module (modprobe fuse), or start the container with --device /dev/fuse --cap-add SYS_ADMIN", device)
	case errors.Is(err, fs.ErrPermission):
		return exit.Errorf(exit.FUSE, "%s may not be opened: ask for access to it (group fuse, chmod 666), or start the container with --device /dev/fuse --cap-add SYS_ADMIN", device)
	default:
		return exit.Errorf(exit.FUSE, "%s: %w", device, say.Reason(err))
	}
	if root {
		return nil
	}
	if _, err := findFusermount(); err != nil {
		return exit.Errorf(exit.FUSE, "%w: install fuse3 (apt install fuse3, dnf install fuse3), or mount as root", err)
	}
	if allowOther && !confAllowsOther(conf) {
		return exit.Errorf(exit.FUSE, "--allow-other is only for root here: add the line user_allow_other to %s, or leave it out", conf)
	}
	return nil
}

// confAllowsOther reports whether fuse.conf(5) has user_allow_other.
func confAllowsOther(conf string) bool {
	f, err := os.Open(conf)
	if err != nil {
		return false
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		line, _, _ := strings.Cut(s.Text(), "#")
		if strings.TrimSpace(line) == "user_allow_other" {
			return true
		}
	}
	return false
}

// FUSEFailure tells why the kernel refused the mount.
func FUSEFailure(dir string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return exit.Errorf(exit.FUSE, "mounting on %s is not permitted (%w): in a container add --cap-add SYS_ADMIN --device /dev/fuse", dir, err)
	}
	return exit.Errorf(exit.FUSE, "FUSE cannot mount on %s: %s", dir, say.Printable(strings.TrimSpace(err.Error())))
}
