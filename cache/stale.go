package cache

import "errors"

// reading is what a handle has read of a file. It is guarded by File.mu.
type reading struct {
	epoch uint64 // the content that it has read of; 0: of none
	size  int64  // of that
}

// admits refuses a read of a handle that has read another content, if it was
// somebody else who changed the file: it must not get octets of both without
// knowing. Who begins anew at the file's beginning, or goes on behind the end of
// what it knows, as tail -f does, gets what is there now.
func (h *Handle) admits(off int64) error {
	f := h.f
	f.mu.Lock()
	if h.read.epoch == 0 || f.foreign <= h.read.epoch || off == 0 || off >= h.read.size {
		h.read = reading{f.epoch, f.attr.Size}
		f.mu.Unlock()
		return nil
	}
	f.mu.Unlock()
	return errChanged(f.v.abs(f.where()), errors.New("the file was changed on the server since this descriptor read it"))
}

// overtaken reports whether somebody else has changed the file since a read was
// admitted: what was read may be of the new content.
func (h *Handle) overtaken() bool {
	h.f.mu.Lock()
	defer h.f.mu.Unlock()
	return h.f.foreign > h.read.epoch
}
