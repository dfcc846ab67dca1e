package cache

import "time"

// version identifies a content of a file on the server, as well as the server
// tells: by size and time, or where the time is not exact to the second, by
// when it was listed.
type version struct {
	size, stamp int64
	exact       bool // stamp is the time, in ns, that the server tells
	grows       bool // the server may have more by now: it is being uploaded
}

func versionOf(r *row) version {
	age := r.fetched.Sub(r.ModTime)
	settled := age < 0 || age > 2*time.Second // else it may change again within its second
	if r.Precision > 0 && r.Precision <= time.Second && settled {
		return version{size: r.Size, stamp: r.ModTime.UnixNano(), exact: true}
	}
	return version{size: r.Size, stamp: r.fetched.UnixNano()}
}

// Version names a content of a file. Two that are equal are of the same content,
// as far as size and time on the server tell. The zero Version is of none.
type Version struct{ v version }

// Version returns what the file's content is, if that is a version of the server's
// that its size and time tell apart from others: it is not while there are unsent
// changes, nor where the time is not exact to the second, nor of a file that had
// been changed within two seconds when it was looked at.
func (h *Handle) Version() (Version, bool) {
	h.f.mu.Lock()
	defer h.f.mu.Unlock()
	v := h.f.version()
	return v, v != Version{}
}

// version is zero if there is no exact one. The caller holds mu.
func (f *File) version() Version {
	if f.dirty || f.gone || !f.onServer || !f.base.exact || f.base.grows {
		return Version{}
	}
	return Version{f.base}
}
