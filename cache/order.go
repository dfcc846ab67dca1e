package cache

import (
	"slices"
	"strings"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"ftpfs/ftpclient"
)

// An order is one in which programs go through the files of a tree.
type order int

const (
	byName    order = iota // as find | sort and most patterns of a shell: by octets of the whole path
	asListed               // as readdir has them: grep -r, tar, cp -r
	anyInside              // no order, within one directory
)

// orderMost is how many entries a directory may have of which the order is known.
const orderMost = 20_000

// ordersKept is of how many directories it is.
const ordersKept = 64

// ordered is the content of a directory, as its listing was.
type ordered struct {
	l      *listing // of which it was made
	rows   int
	names  [2][]string // of each order; those of directories end in "/"
	places [2]map[string]int
}

// orders finds what comes after a path. It is for one goroutine at a time.
type orders struct {
	m    *meta
	dirs *simplelru.LRU[string, *ordered]
}

func newOrders(m *meta) *orders {
	o := &orders{m: m}
	o.dirs, _ = simplelru.NewLRU[string, *ordered](ordersKept, nil)
	return o
}

// of returns what is in a directory, as far as its listing is at hand. What is in
// a hidden one (".git") nobody reads in order who has not opened it: he knows what
// he looks for.
func (o *orders) of(dir string) *ordered {
	o.m.mu.Lock()
	l, ok := o.m.dirs.Peek(dir)
	if !ok || l.live > orderMost || o.m.fresh(l) <= 0 || !l.opened && hidden(dir) {
		o.m.mu.Unlock()
		return nil
	}
	if d, ok := o.dirs.Get(dir); ok && d.l == l && d.rows == l.rows {
		o.m.mu.Unlock()
		return d
	}
	d := &ordered{l: l, rows: l.rows}
	for i := range l.rows {
		if name := l.name(i); name != "" {
			if l.at(i).kind() == ftpclient.TypeDir {
				name += "/"
			}
			d.names[asListed] = append(d.names[asListed], name)
		}
	}
	o.m.mu.Unlock()
	d.names[byName] = slices.Sorted(slices.Values(d.names[asListed]))
	for i, names := range d.names {
		d.places[i] = make(map[string]int, len(names))
		for at, name := range names {
			d.places[i][strings.TrimSuffix(name, "/")] = at
		}
	}
	o.dirs.Add(dir, d)
	return d
}

// hidden tells whether a path is, or is in, what programs leave out by default.
func hidden(p string) bool { return strings.HasPrefix(p, ".") || strings.Contains(p, "/.") }

// after returns the file that follows p in a tree, by the listings at hand. It is
// empty at the end. Directories of which there is no listing are passed over; with
// sure, there it ends, too. A directory with a slash behind it stands for what is
// before its first entry.
func (o *orders) after(p string, by order, sure bool) string {
	for steps := 0; steps < orderMost; steps++ {
		dir, name := split(p)
		d := o.of(dir)
		if d == nil && sure {
			return ""
		}
		if d != nil {
			names := d.names[min(by, asListed)]
			at, ok := d.places[min(by, asListed)][name]
			switch {
			case name == "":
				at = -1
			case !ok:
				return ""
			}
			if file, ok := o.firstOf(dir, names[at+1:], by, sure); file != "" || !ok {
				return file
			}
		}
		if dir == "" || by == anyInside {
			return ""
		}
		p = dir
	}
	return ""
}

// firstOf returns the first file of what is in dir, or in what is below it. It is
// not ok if that cannot be told for sure, and is to be.
func (o *orders) firstOf(dir string, names []string, by order, sure bool) (file string, ok bool) {
	for _, name := range names {
		p := name
		if dir != "" {
			p = dir + "/" + name
		}
		below, isDir := strings.CutSuffix(p, "/")
		switch {
		case !isDir:
			return p, true
		case by == anyInside:
			continue
		}
		d := o.of(below)
		if d == nil && sure {
			return "", false
		}
		if d != nil {
			if file, ok := o.firstOf(below, d.names[by], by, sure); file != "" || !ok {
				return file, ok
			}
		}
	}
	return "", true
}

// comesAfter reports whether p is one of the next few files after last.
func (o *orders) comesAfter(last, p string, by order, steps int, sure bool) bool {
	for ; steps > 0 && last != ""; steps-- {
		if last = o.after(last, by, sure); last == p {
			return true
		}
	}
	return false
}
