package cache

import "context"

// Views are octets of a file as they are in the cache. They must not be changed.
type Views struct {
	Parts   [][]byte
	Version Version // of the content, as Handle.Version; zero if it has none
	done    []func()
}

// Done gives the octets back, which are not valid any more then. It must be called
// once.
func (v *Views) Done() {
	for _, done := range v.done {
		done()
	}
}

// Views returns the n octets from off, fewer only at the end of the file, all of
// one version, without copying them; it waits for them like ReadAt. Where it
// returns an error or not ok there is nothing to give back. It is not ok for a file
// that has local changes: ReadAt has to be used.
func (h *Handle) Views(ctx context.Context, off, n int64) (v Views, ok bool, err error) {
	f := h.f
	defer f.fetch.reading(off)()
	for {
		size, epoch, local := f.viewable()
		if local {
			return Views{}, false, nil
		}
		if err := h.admits(off); err != nil {
			return Views{}, true, err
		}
		v, err = f.views(ctx, off, min(off+n, size))
		version, current := f.versionAt(epoch)
		switch {
		case current && !h.overtaken():
			v.Version = version
			return v, true, err
		case err == nil:
			v.Done() // by an upload or a new version: these may be octets of another
		}
	}
}

// views returns the octets from off to end.
func (f *File) views(ctx context.Context, off, end int64) (v Views, err error) {
	for off < end {
		data, done, err := f.fetch.view(ctx, off, end-off)
		if err != nil {
			v.Done()
			return Views{}, err
		}
		v.Parts, v.done = append(v.Parts, data), append(v.done, done)
		off += int64(len(data))
	}
	return v, nil
}

// versionAt returns the version if it is still that of epoch.
func (f *File) versionAt(epoch uint64) (v Version, current bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.version(), f.epoch == epoch
}

// viewable returns the size of the server's version and the number of its
// content, unless the file has a local copy.
func (f *File) viewable() (size int64, epoch uint64, local bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.attr.Size, f.epoch, f.spool != nil
}
