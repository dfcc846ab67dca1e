package transfer

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"ftpfs/ftpclient"
)

const (
	nameMax  = 255
	partMark = ".ftpfs-part-"
	partHex  = 16 // digits
)

// partName is where a version of the file p is gathered: a hidden name beside it,
// the same for the same size and time and for no others. What stands there is a
// beginning of that version, whatever ended its transfer. Where the version is not
// known the name is one that nobody finds again.
func partName(p string, version ftpclient.Entry) string {
	var sum [sha256.Size]byte
	if exact(version) {
		sum = sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%d", path.Base(p), version.Size, version.ModTime.Unix()))
	} else {
		rand.Read(sum[:]) // never fails
	}
	dir, name := path.Split(p)
	for len(name) > nameMax-1-len(partMark)-partHex {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return dir + "." + name + partMark + hex.EncodeToString(sum[:partHex/2])
}

// isPart reports whether a name is one that partName makes.
func isPart(name string) bool {
	i := len(name) - partHex - len(partMark)
	return i >= 1 && name[0] == '.' && name[i:i+len(partMark)] == partMark
}

// usable reports whether a name that a server tells is that of one entry of a
// directory here, and not of another place.
func usable(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00") && len(name) <= nameMax
}
