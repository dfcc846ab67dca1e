package cache

// tempFile is a temporary file on the server that has content of an open file: the part
// that the spool has given up, or all of one that was unlinked. The zero value is none.
type tempFile struct {
	name  string
	noted func() // ends the record of it
}

// dropHeld deletes the temporary file that has what the spool has given up. The
// caller holds mu.
func (f *File) dropHeld() {
	if held := f.held; held.name != "" {
		f.held = tempFile{}
		f.v.after.Go(func() { f.v.clearAway(held.name, held.noted, nil) })
	}
}

// dropHidden deletes the temporary file that is all that is left of an unlinked one, now
// or when the server can be reached; under its new name, if its directory is being moved.
func (v *Volume) dropHidden(hidden tempFile) {
	if hidden.name == "" {
		return
	}
	v.after.Go(func() {
		name, err := v.settle(v.ctx, hidden.name)
		if err != nil {
			name = hidden.name
		}
		if err = v.remote.Delete(v.ctx, v.abs(name)); err != nil {
			v.log.Warn("an unlinked file could not be deleted", "file", v.abs(name), "error", err)
		}
		if aboutFile(err) {
			hidden.noted()
			return
		}
		v.clearLater(name, hidden.noted)
	})
}

// holds reports whether a part of the content has left the spool.
func (f *File) holds() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.held.name != ""
}

// hold has the first size octets of a file that is found read from a temporary file.
func (f *File) hold(temp string, size int64, noted func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = tempFile{temp, noted}
	f.base = version{size: size, grows: true}
}
