package cache

import "sync/atomic"

// Counters for Stats. Their zero values are ready; any goroutine may use them.

// readTally counts what readers got of blocks, in octets.
type readTally struct{ hits, waits atomic.Int64 }

// read counts octets that a reader was given, and whether it had to wait for some
// of them.
func (t *readTally) read(n int, waited bool) {
	if waited {
		t.waits.Add(int64(n))
	} else {
		t.hits.Add(int64(n))
	}
}

// listTally counts questions about names and directories.
type listTally struct{ hits, misses atomic.Int64 }

// hit counts one that was answered by what was there; what was not was counted
// when it was asked for.
func (t *listTally) hit(atOnce bool) {
	if atOnce {
		t.hits.Add(1)
	}
}

// diskTally counts octets that the disk had.
type diskTally struct{ hits atomic.Int64 }

// uploadTally counts contents of files that are on the server, and those that could
// not be brought there.
type uploadTally struct{ uploads, failures atomic.Int64 }

func (t *uploadTally) done(err error) {
	if err == nil {
		t.uploads.Add(1)
	} else {
		t.failures.Add(1)
	}
}
