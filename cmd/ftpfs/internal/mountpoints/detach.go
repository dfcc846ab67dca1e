package mountpoints

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/say"
)

// detachTimeout bounds fusermount3, which asks only the kernel.
const detachTimeout = 10 * time.Second

// ErrBusy is what detach returns when the mount is in use.
var ErrBusy = errors.New("in use")

// Detach removes the mount at dir from the mount table: umount2(2) as root,
// else fusermount3. lazy detaches it even if it is in use.
func Detach(dir string, lazy bool) error {
	if os.Geteuid() == 0 {
		flags := unix.UMOUNT_NOFOLLOW
		if lazy {
			flags |= unix.MNT_DETACH
		}
		err := unix.Unmount(dir, flags)
		if errors.Is(err, unix.EBUSY) {
			return ErrBusy
		}
		return err
	}
	return fusermount(dir, lazy)
}

func fusermount(dir string, lazy bool) error {
	program, err := findFusermount()
	if err != nil {
		return err
	}
	args := []string{"-u", "--", dir}
	if lazy {
		args = []string{"-u", "-z", "--", dir}
	}
	ctx, cancel := context.WithTimeout(context.Background(), detachTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	text := strings.TrimSpace(string(bytes.ToValidUTF8(out, []byte("?"))))
	// fusermount has one exit status for all failures.
	if strings.Contains(text, "busy") {
		return ErrBusy
	}
	return fmt.Errorf("%s: %w: %s", program, err, say.Printable(text))
}

// findFusermount returns the set-uid helper that mounts for users.
func findFusermount() (string, error) {
	for _, name := range []string{"fusermount3", "fusermount"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", errors.New("fusermount3 is not installed")
}
