package cache

import (
	"context"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

// newModes are the modes that the server gives new files, by directory, where
// it was seen: what has the right mode anyway need not be given it.
type newModes struct {
	mu   sync.Mutex
	seen map[string]uint32
}

// maxNewModes bounds the directories that are remembered.
const maxNewModes = 1024

func (m *newModes) of(dir string) (uint32, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mode, ok := m.seen[dir]
	return mode, ok
}

func (m *newModes) learn(dir string, mode uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil || len(m.seen) >= maxNewModes {
		m.seen = map[string]uint32{}
	}
	m.seen[dir] = mode
}

// modeGiven fills in the mode of e, the file at p that was just made. What the
// server does not say by the way is asked for once in each directory.
func (v *Volume) modeGiven(ctx context.Context, p string, e *ftpclient.Entry) {
	dir, _ := split(p)
	if e.HasMode {
		v.given.learn(dir, e.Mode)
		return
	}
	if mode, ok := v.given.of(dir); ok {
		e.Mode, e.HasMode = mode, true
		return
	}
	// Without an answer the mode is set, whatever it is.
	if seen, err := v.remote.Stat(ctx, v.abs(p)); err == nil && seen.HasMode {
		v.given.learn(dir, seen.Mode)
		e.Mode, e.HasMode = seen.Mode, true
	}
}

// dress gives a file just sent the mode and the time it is to have; one that is
// new on the server, fresh, also the mode of the file it replaces. e is what the
// server says of it, and is kept true. Failures do not undo the upload.
func (f *File) dress(ctx context.Context, p string, e *ftpclient.Entry, fresh bool) {
	f.mu.Lock()
	mode, mtime := f.setMode, f.setTime
	base, known := f.baseMode, f.onServer && f.hasMode
	if mode == nil && fresh && known {
		mode = &base
	}
	f.mu.Unlock()
	switch {
	case e.HasMode:
	case !fresh && known:
		e.Mode, e.HasMode = base, true // writing to a file leaves it its mode
	case mode != nil && fresh:
		f.v.modeGiven(ctx, p, e)
	}
	if mode != nil && e.HasMode && e.Mode == *mode {
		mode = nil
	}
	set, err := f.v.setRemote(ctx, p, Change{Mode: mode, ModTime: mtime}, false)
	if err != nil {
		f.v.log.Warn("an uploaded file did not get its mode or time", "file", f.v.abs(p), "error", err)
	}
	if set.mode != nil {
		e.Mode, e.HasMode = *set.mode, true
	}
	if set.time != nil {
		e.ModTime, e.Precision = *set.time, time.Second
	}
}
