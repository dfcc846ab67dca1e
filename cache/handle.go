package cache

import "context"

// Handle is an open file. Its methods may be called from several goroutines;
// Release comes last.
type Handle struct{}

// ReadAt reads into p from off and returns how many octets it read; less than
// len(p) only at the end of the file.
func (h *Handle) ReadAt(ctx context.Context, p []byte, off int64) (int, error) { panic("unbuilt") }

// WriteAt writes to the spool; a handle opened with O_APPEND writes at the end
// of the file whatever off is. It does not wait for the network, unless the
// file is just being uploaded.
func (h *Handle) WriteAt(ctx context.Context, p []byte, off int64) (int, error) { panic("unbuilt") }

// Flush uploads what is unsent and returns what the server said (close(2)).
func (h *Handle) Flush(ctx context.Context) error { panic("unbuilt") }

// Sync is Flush for fsync(2).
func (h *Handle) Sync(ctx context.Context) error { panic("unbuilt") }

// Stat returns the attributes of the open file, also after it was unlinked.
func (h *Handle) Stat(ctx context.Context) (Attr, error) { panic("unbuilt") }

// SetAttr changes attributes of the open file, also after it was unlinked.
func (h *Handle) SetAttr(ctx context.Context, c Change) (Attr, error) { panic("unbuilt") }

// Release ends the handle. What is unsent (written through a mapping after
// the last Flush) is uploaded; a failure is logged and the data stays in the
// spool directory.
func (h *Handle) Release() { panic("unbuilt") }
