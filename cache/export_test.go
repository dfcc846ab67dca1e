package cache

import "time"

// BlockBytes is what the block cache holds, as it accounts it.
func (v *Volume) BlockBytes() int64 {
	v.blocks.mu.Lock()
	defer v.blocks.mu.Unlock()
	return v.blocks.bytes
}

// SetLarge makes directories of n entries large, before the volume is used.
func (v *Volume) SetLarge(n int) { v.meta.large = n }

// SetClock sets the clock that listings are dated by.
func (v *Volume) SetClock(now func() time.Time) { v.meta.now = now }

// SetFollow has files uploaded while they are written from n octets on.
func (v *Volume) SetFollow(n int64) { v.followFrom = n }

// FollowIdle is how long an upload waits for who writes.
const FollowIdle = followIdle

// Crash ends the volume as a killed process would: nothing is cleared up.
func (v *Volume) Crash() {
	v.later.leave()
	v.remnants.leave()
	v.cancel()
	v.work.Wait()
	v.after.Wait()
}

// Pending is how many files wait for their upload.
func (v *Volume) Pending() int { return v.later.count() }

// LeaveToClose has a lane be done with path without having uploaded it, as it is with
// what was written to since it was accepted; it reports whether path waits no more.
func (v *Volume) LeaveToClose(path string) (done bool) {
	f := v.queued(path)
	v.later.mu.Lock()
	defer v.later.mu.Unlock()
	for _, p := range v.later.files {
		if p.f == f {
			return v.later.settle(p, path, nil)
		}
	}
	return true
}

// OpenFiles is how many files are open, or waited for.
func (v *Volume) OpenFiles() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.files)
}

// SpoolDir is where written data waits.
func (v *Volume) SpoolDir() string { return v.opts.SpoolDir }
