package fusefs

import (
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// The kernel's requests are counted where they come in, and timed until they are
// answered. What it answers itself from its caches never comes here.

// opName is a kind of request.
type opName uint8

const (
	opLookup opName = iota
	opGetattr
	opSetattr
	opReadlink
	opMknod
	opMkdir
	opUnlink
	opRmdir
	opSymlink
	opRename
	opOpen
	opCreate
	opRead
	opWrite
	opFlush
	opFsync
	opRelease
	opOpendir
	opReaddir
	opOther
	opKinds
)

var opNames = [opKinds]string{"lookup", "getattr", "setattr", "readlink", "mknod", "mkdir", "unlink", "rmdir", "symlink",
	"rename", "open", "create", "read", "write", "flush", "fsync", "release", "opendir", "readdir", "other"}

const (
	opShift = 14 // the first bucket is of up to 2^14 ns,
	buckets = 22 // each of twice as much; the last but one ends at 17 s, the last has no end
)

// opTally counts the requests of one kind. Its zero value is ready.
type opTally struct {
	begun, failed atomic.Int64
	sum           atomic.Int64 // ns
	took          [buckets]atomic.Int64
}

// begin counts a request and returns when it came.
func (t *opTally) begin() time.Time {
	t.begun.Add(1)
	return time.Now()
}

// end counts its answer.
func (t *opTally) end(since time.Time, status fuse.Status) {
	took := max(0, time.Since(since))
	t.sum.Add(int64(took))
	t.took[bucketOf(took)].Add(1)
	if status != fuse.OK && status != fuse.ENOENT && status != fuse.ENOSYS {
		t.failed.Add(1)
	}
}

// bucketOf is the bucket of a duration: its bound is the first that is not less.
func bucketOf(took time.Duration) int {
	if took <= 0 {
		return 0
	}
	return min(bits.Len64(uint64(took-1)>>opShift), buckets-1)
}
