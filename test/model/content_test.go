package model

import (
	"bytes"
	"fmt"
)

// Files are told apart by what is in them and by their sizes: those of two that
// follow each other under one name differ, so that the mount can tell, too.
const sizes = 9973

func (v value) size() int { return 100 + v.id%sizes }

// content repeats the number of the version, in nine octets each time.
func content(id int) []byte {
	v := value{'f', id}
	return bytes.Repeat(fmt.Appendf(nil, "%08d\n", id), v.size()/9+1)[:v.size()]
}

// identify returns the version that a content is of, 0 if there is too little of
// it, and how much of it is; behind that may be zeros. Else it says why it is of
// none.
func identify(data []byte) (id, whole int, bad string) {
	if len(data) < 9 {
		return 0, len(data), "" // of no version
	}
	if _, err := fmt.Sscanf(string(data[:8]), "%d", &id); err != nil {
		return 0, 0, fmt.Sprintf("it begins with %q", data[:9])
	}
	want := bytes.Repeat(fmt.Appendf(nil, "%08d\n", id), len(data)/9+1)[:len(data)]
	for whole < len(data) && data[whole] == want[whole] {
		whole++
	}
	if rest := bytes.TrimLeft(data[whole:], "\x00"); len(rest) > 0 {
		return id, whole, fmt.Sprintf("it begins as version %d, and has %q at %d of %d octets", id, clip(data[whole:]), whole, len(data))
	}
	return id, whole, ""
}

func clip(b []byte) []byte { return b[:min(len(b), 12)] }
