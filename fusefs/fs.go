package fusefs

import (
	"log/slog"
	"sync"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
)

// filesystem is what all nodes of a mount share.
type filesystem struct {
	volume   *cache.Volume
	options  Options
	log      *slog.Logger
	warnings limiter
	known    *known
	inos     *inos
	ops      [opKinds]opTally
	failed   failures

	chown sync.Once // the line about owners was logged
}

func newFilesystem(v *cache.Volume, o Options) *filesystem {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &filesystem{volume: v, options: o, log: o.Log, known: newKnown(o.known), inos: newInos()}
}

// newRoot returns the node that a mount begins with.
func (f *filesystem) newRoot() *node { return &node{fsys: f} }

// Size of the file system as statfs(2) tells it where the server does not:
// programs refuse to write to one without space.
const (
	statfsBlock  = 4096
	statfsBlocks = 1 << 40 / statfsBlock
	statfsFiles  = 1 << 32
)

func fillStatfs(out *fuse.StatfsOut) {
	out.Bsize, out.Frsize = statfsBlock, statfsBlock
	out.Blocks, out.Bfree, out.Bavail = statfsBlocks, statfsBlocks, statfsBlocks
	out.Files, out.Ffree = statfsFiles, statfsFiles
	out.NameLen = nameMax
}

// find returns the inode the kernel knows for a path of the volume; nil if it
// knows none.
func find(root *fs.Inode, path string) *fs.Inode {
	n := root
	for _, name := range splitPath(path) {
		if n = n.GetChild(name); n == nil {
			return nil
		}
	}
	return n
}
