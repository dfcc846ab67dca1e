package cache

import (
	"context"
	"slices"

	"ftpfs/ftpclient"
)

// Dir reads a directory: one listing of it, as it was at OpenDir or is arriving
// since. Entries have places, counted from 0, which stay as long as the Dir
// does. What is removed through the volume meanwhile loses its name; what is
// made is not seen, except while the listing is arriving.
//
// A Dir holds nothing that must be given back. It is for one goroutine at a
// time.
type Dir struct {
	v      *Volume
	path   string
	r      *reader
	told   bool     // the walker knows what is in it
	unsent []string // files that the server did not have when it was opened
	ended  bool     // extra is set
	extra  []string // files that the listing does not have, behind it
	behind int      // the place of the first of them
}

// OpenDir opens a directory. It waits for the first entries or the end of the
// listing, so that a directory that cannot be listed is an error here.
func (v *Volume) OpenDir(ctx context.Context, p string) (*Dir, error) {
	p, err := v.settle(ctx, p)
	if err != nil {
		return nil, err
	}
	v.walker.opened(p)
	unsent := v.unsent(p) // before the listing, which may not have what is sent from now on
	r, err := v.meta.open(ctx, p)
	if err != nil {
		return nil, err
	}
	d := &Dir{v: v, path: p, r: r, unsent: unsent}
	d.tell()
	return d, nil
}

// Rows fills rows with the entries from a place on and returns how many; one
// that was removed has no name. "." and ".." are not among them. It waits until
// there is one at least; 0 without an error is the end. An error that ends the
// listing comes after all entries that arrived before it.
func (d *Dir) Rows(ctx context.Context, from int, rows []Dirent) (int, error) {
	if !d.ended || from < d.behind {
		n, err := d.r.read(ctx, from, rows)
		d.tell()
		if n > 0 || err != nil {
			return n, err
		}
	}
	d.end()
	n := 0
	for ; n < len(rows) && from+n-d.behind < len(d.extra); n++ {
		rows[n] = Dirent{Name: d.extra[from+n-d.behind], Type: ftpclient.TypeFile}
	}
	return n, nil
}

// tell has the walker know the directories, once all are there.
func (d *Dir) tell() {
	if d.told {
		return
	}
	names, landed := d.r.subdirs()
	if !landed {
		return
	}
	d.told = true
	dirs := make([]Dirent, len(names))
	for i, name := range names {
		dirs[i] = Dirent{Name: name, Type: ftpclient.TypeDir}
	}
	d.v.walker.listed(d.path, dirs)
}

// end finds out, once, what is there beside the listing.
func (d *Dir) end() {
	if d.ended {
		return
	}
	d.ended, d.behind = true, d.r.rows
	unsent := d.v.unsent(d.path)
	for _, name := range d.unsent {
		if !slices.Contains(unsent, name) && !d.v.meta.lacks(d.path, name) {
			unsent = append(unsent, name)
		}
	}
	for _, name := range unsent {
		remade := !slices.Contains(d.unsent, name) && d.r.had(name) // it may have been read before that
		if !d.r.has(name) && !remade {
			d.extra = append(d.extra, name)
		}
	}
}

// List returns the entries of a directory, "." and ".." not among them.
func (v *Volume) List(ctx context.Context, p string) (all []Dirent, err error) {
	d, err := v.OpenDir(ctx, p)
	if err != nil {
		return nil, err
	}
	rows := make([]Dirent, 1000)
	for at := 0; ; {
		n, err := d.Rows(ctx, at, rows)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return all, nil
		}
		at += n
		for _, e := range rows[:n] {
			if e.Name != "" {
				all = append(all, e)
			}
		}
	}
}
