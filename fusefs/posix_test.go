package fusefs

import (
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// deviations are the conformance tests that a server over FTP cannot pass, or
// that skip themselves on it. Tests named after a paragraph of SEMANTICS.md say
// what happens instead.
var deviations = map[string]string{
	"Link":                "FTP has no hard links",
	"LinkUnlinkRename":    "FTP has no hard links",
	"Fallocate":           "no space can be reserved on a server",
	"FallocateKeepSize":   "no space can be reserved on a server",
	"OpenSymlinkRace":     "a name that is replaced without pause can be ESTALE; TestOPEN2 holds the race itself",
	"SetattrSymlink":      "FTP cannot set a link's own time, only that of its target",
	"Tmpfile":             "a file on a server has a name (OPEN-1)",
	"XAttr":               "FTP has no extended attributes that could be set (XATTR-1)",
	"XAttrLarge":          "FTP has no extended attributes that could be set (XATTR-1)",
	"FcntlFlockLocksFile": "two descriptors of one process do not conflict (fcntl(2)); only a passthrough to a local disk makes them",
}

// TestPosix runs go-fuse's conformance tests.
func TestPosix(t *testing.T) {
	for name := range deviations {
		if posixtest.All[name] == nil {
			t.Errorf("there is no test %s to deviate from", name)
		}
	}
	for name, test := range posixtest.All {
		if deviations[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			// Below a root other than "/", an absolute link leads out of the
			// volume and is not made relative.
			tree := fakeremote.New()
			tree.PutDir("/srv")
			test(t, mount(t, tree, func(c *cache.Options, _ *Options) { c.Root = "/srv" }).dir)
		})
	}
}
