package mountpoints

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// FSType is the type of our mounts in the mount table.
const FSType = "fuse.ftpfs"

// Entry is a line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
type Entry struct {
	Mountpoint string
	Type       string
	Source     string
}

// Read returns the mount table of this process's namespace.
func Read() ([]Entry, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Parse(f)
}

// Parse reads mountinfo. A line that breaks its rules is an error:
// the kernel writes none.
func Parse(r io.Reader) ([]Entry, error) {
	var table []Entry
	s := bufio.NewScanner(r)
	for s.Scan() {
		before, after, ok := strings.Cut(s.Text(), " - ")
		left, right := strings.Split(before, " "), strings.Split(after, " ")
		if !ok || len(left) < 6 || len(right) < 2 {
			return nil, fmt.Errorf("mountinfo: cannot read line %q", s.Text())
		}
		table = append(table, Entry{
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

// Ours are the mount points of our mounts, each once.
func Ours(table []Entry) (dirs []string) {
	for _, m := range table {
		if m.Type == FSType && !slices.Contains(dirs, m.Mountpoint) {
			dirs = append(dirs, m.Mountpoint)
		}
	}
	return dirs
}

// At returns what is mounted on path: the last entry, which covers those
// before it.
func At(table []Entry, path string) (Entry, bool) {
	for i := len(table) - 1; i >= 0; i-- {
		if table[i].Mountpoint == path {
			return table[i], true
		}
	}
	return Entry{}, false
}
