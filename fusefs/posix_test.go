package fusefs

import (
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// deviations are the conformance tests that a server over FTP cannot pass.
var deviations = map[string]string{
	"Link":                "FTP has no hard links",
	"LinkUnlinkRename":    "FTP has no hard links",
	"Fallocate":           "no space can be reserved on a server",
	"FallocateKeepSize":   "no space can be reserved on a server",
	"OpenSymlinkRace":     "a name that is replaced without pause can be ESTALE; TestOPEN2 holds the race itself",
	"SetattrSymlink":      "FTP cannot set a link's own time, only that of its target",
	"FcntlFlockLocksFile": "two descriptors of one process do not conflict (fcntl(2)); only a passthrough to a local disk makes them",
}

// TestPosix runs go-fuse's conformance tests.
func TestPosix(t *testing.T) {
	for name, test := range posixtest.All {
		t.Run(name, func(t *testing.T) {
			if why := deviations[name]; why != "" {
				t.Skip(why)
			}
			// Below a root other than "/", an absolute link leads out of the
			// volume and is not made relative.
			tree := fakeremote.New()
			tree.PutDir("/srv")
			test(t, mount(t, tree, func(c *cache.Options, _ *Options) { c.Root = "/srv" }).dir)
		})
	}
}
