package interop

import (
	"os"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"

	"ftpfs/test/ftptest"
)

// posixDeviations are the conformance tests of go-fuse that a server over FTP
// cannot pass, or that skip themselves on it. Paragraphs are those of
// fusefs/SEMANTICS.md.
var posixDeviations = map[string]string{
	"Link":                "FTP has no hard links (LINK-1)",
	"LinkUnlinkRename":    "FTP has no hard links (LINK-1)",
	"Fallocate":           "no space can be reserved on a server (ALLOCATE-1)",
	"FallocateKeepSize":   "no space can be reserved on a server (ALLOCATE-1)",
	"OpenSymlinkRace":     "a name that is replaced without pause can be ESTALE (OPEN-2)",
	"SetattrSymlink":      "FTP cannot set a link's own time, only that of its target (SETATTR-3)",
	"Tmpfile":             "a file on a server has a name (OPEN-1)",
	"XAttr":               "FTP has no extended attributes that could be set (XATTR-1)",
	"XAttrLarge":          "FTP has no extended attributes that could be set (XATTR-1)",
	"FcntlFlockLocksFile": "two descriptors of one process do not conflict (fcntl(2)); only a passthrough to a local disk makes them",
}

// TestPosixServers runs go-fuse's conformance tests on each server.
func TestPosixServers(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		t.Parallel()
		// Below a root other than "/", an absolute link leads out of the volume and is
		// not made relative.
		s.Mkdir("sub")
		m := newMount(t, s.URL()+"sub")
		m.mount()
		links := s.Name == ftptest.Bundled // ProFTPD makes none that dangle, the others none at all
		for name, test := range posixtest.All {
			if posixDeviations[name] != "" || name == "SymlinkReadlink" && !links || name == "FdLeak" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				dir := m.path(name)
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				test(t, dir)
			})
		}
	})
}

// TestPosixFdLeak runs the conformance test that counts this process's descriptors:
// nothing runs beside it.
func TestPosixFdLeak(t *testing.T) {
	ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
		m := newMount(t, s.URL())
		m.mount()
		posixtest.FdLeak(t, m.dir)
	})
}
