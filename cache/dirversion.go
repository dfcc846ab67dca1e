package cache

import "time"

// DirVersion is one state of what a Dir reads: as long as it is the same, so are
// the entries, their order and their types, and until when they are believed. The
// zero value is that of nothing: not even of itself.
type DirVersion struct {
	listing, edits uint64
	fetched        time.Time
}

// Version returns the state of the directory, and for how long from now it will be
// believed; zero while it is still arriving, or where what is read is more than a
// listing, or is not believed at all. It asks nobody. It may be called beside what
// reads the Dir.
func (d *Dir) Version() (DirVersion, time.Duration) {
	if len(d.unsent) > 0 || len(d.v.unsent(d.path)) > 0 {
		return DirVersion{}, 0
	}
	r := d.r
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	edits := r.edits
	if r.fl != nil {
		if !r.fl.landed || r.fl.err != nil {
			return DirVersion{}, 0
		}
		edits = r.fl.edits
	}
	left := r.m.fresh(r.l)
	if left <= 0 {
		return DirVersion{}, 0
	}
	return DirVersion{r.l.id, edits, r.l.fetched}, left
}

// Len is how many places there are in what has arrived of the directory.
func (d *Dir) Len() int {
	d.r.m.mu.Lock()
	defer d.r.m.mu.Unlock()
	return d.r.l.rows
}
