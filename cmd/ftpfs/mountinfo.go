package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// fsType is the type of our mounts in the mount table.
const fsType = "fuse.ftpfs"

// mountEntry is a line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
type mountEntry struct {
	Mountpoint string
	Type       string
	Source     string
}

// readMounts returns the mount table of this process's namespace.
func readMounts() ([]mountEntry, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseMountinfo(f)
}

// parseMountinfo reads mountinfo. A line that breaks its rules is an error:
// the kernel writes none.
func parseMountinfo(r io.Reader) ([]mountEntry, error) {
	var table []mountEntry
	s := bufio.NewScanner(r)
	for s.Scan() {
		before, after, ok := strings.Cut(s.Text(), " - ")
		left, right := strings.Split(before, " "), strings.Split(after, " ")
		if !ok || len(left) < 6 || len(right) < 2 {
			return nil, fmt.Errorf("mountinfo: cannot read line %q", s.Text())
		}
		table = append(table, mountEntry{
			Mountpoint: unescapeOctal(left[4]),
			Type:       unescapeOctal(right[0]),
			Source:     unescapeOctal(right[1]),
		})
	}
	return table, s.Err()
}

// unescapeOctal undoes the kernel's \ooo for space, tab, newline, backslash
// and #.
func unescapeOctal(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1]) && isOctal(s[i+2]) && isOctal(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }

// mountAt returns what is mounted on path: the last entry, which covers those
// before it.
func mountAt(table []mountEntry, path string) (mountEntry, bool) {
	for i := len(table) - 1; i >= 0; i-- {
		if table[i].Mountpoint == path {
			return table[i], true
		}
	}
	return mountEntry{}, false
}
