package fusefs

import (
	"bytes"

	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
)

// viewed is the answer to a READ that is written to the kernel from where the
// cache has it: a fuse.ReadResult with Slices, which go-fuse looks for.
type viewed struct{ views cache.Views }

var _ interface {
	fuse.ReadResult
	Slices() ([][]byte, fuse.Status)
} = (*viewed)(nil)

// Size returns the number of octets.
func (v *viewed) Size() (n int) {
	for _, part := range v.views.Parts {
		n += len(part)
	}
	return n
}

// Slices returns the octets in parts.
func (v *viewed) Slices() ([][]byte, fuse.Status) { return v.views.Parts, fuse.OK }

// Bytes returns them in one.
func (v *viewed) Bytes([]byte) ([]byte, fuse.Status) {
	return bytes.Join(v.views.Parts, nil), fuse.OK
}

// Done is called when they are with the kernel.
func (v *viewed) Done() { v.views.Done() }
