package fusefs

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// raiseReadAhead has the kernel read ahead so many octets, in KiB. What is
// agreed upon when the mount begins only lowers what each file system has (128 KiB);
// raising it is for root, and is done by a file of sysfs.
func raiseReadAhead(dir string, octets int64) error {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	return os.WriteFile(readAheadFile(st.Dev), []byte(strconv.FormatInt(octets>>10, 10)), 0)
}

// readAheadFile is where the read-ahead of the file system with this device
// number stands, in KiB (sysfs-class-bdi in the kernel's Documentation/ABI).
func readAheadFile(dev uint64) string {
	return fmt.Sprintf("/sys/class/bdi/%d:%d/read_ahead_kb", unix.Major(dev), unix.Minor(dev))
}
