package cache

import (
	"context"
	"path"
	"strings"
)

// The hidden are the files that were unlinked while they are open, and have a temporary
// name on the server until their last release. They go along when a directory is renamed,
// and do not keep one from being removed.

// hide notes that a file is hidden. The caller holds mu of the file.
func (v *Volume) hide(f *File, as tempFile) {
	f.hidden = as
	v.hiding.Lock()
	defer v.hiding.Unlock()
	v.hidden[f] = as.name
}

// unhide forgets it.
func (v *Volume) unhide(f *File) {
	v.hiding.Lock()
	defer v.hiding.Unlock()
	delete(v.hidden, f)
}

// hiddenIn returns the hidden files in a directory and below it, by their names.
func (v *Volume) hiddenIn(dir string) map[string]*File {
	v.hiding.Lock()
	defer v.hiding.Unlock()
	found := map[string]*File{}
	for f, name := range v.hidden {
		if within(name, dir) {
			found[name] = f
		}
	}
	return found
}

// moveHidden notes that the directory from is to now.
func (v *Volume) moveHidden(from, to string) {
	for name, f := range v.hiddenIn(from) {
		f.rehide(name, to+strings.TrimPrefix(name, from))
	}
}

// rehide notes that a hidden file has another name.
func (f *File) rehide(from, to string) {
	noted := f.v.noteName(to)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hidden.name != from {
		noted() // it has been deleted
		return
	}
	f.hidden.noted()
	f.v.hide(f, tempFile{to, noted})
}

// moveUp moves a hidden file out of a directory that is to be removed, and reports whether
// it is out.
func (f *File) moveUp(ctx context.Context, name string) bool {
	f.v.mu.Lock()
	open := f.refs > 0
	if open {
		f.refs++
	}
	f.v.mu.Unlock()
	if !open {
		return false // it is just being deleted
	}
	defer f.drop()
	dir, base := split(name)
	up, _ := split(dir)
	to := path.Join(up, base)
	if err := f.v.remote.Rename(ctx, f.v.abs(name), f.v.abs(to)); err != nil {
		return false
	}
	f.rehide(name, to)
	return true
}

// noteTail notes that an upload follows its file, until the function it returns is called.
func (v *Volume) noteTail(t *tail) (ended func()) {
	v.hiding.Lock()
	defer v.hiding.Unlock()
	v.tails[t] = t.fw.temp
	return func() {
		v.hiding.Lock()
		defer v.hiding.Unlock()
		delete(v.tails, t)
	}
}

// awaitGivenUp waits for the ends of uploads in a directory that were given up, for they
// delete what they have sent.
func (v *Volume) awaitGivenUp(ctx context.Context, dir string) {
	for _, t := range v.tailsIn(dir) {
		t.f.mu.Lock()
		givenUp := t.fw.stop != nil
		t.f.mu.Unlock()
		if !givenUp {
			continue
		}
		select {
		case <-t.fw.done:
		case <-ctx.Done():
			return
		}
	}
}

func (v *Volume) tailsIn(dir string) (tails []*tail) {
	v.hiding.Lock()
	defer v.hiding.Unlock()
	for t, temp := range v.tails {
		if within(temp, dir) {
			tails = append(tails, t)
		}
	}
	return tails
}
