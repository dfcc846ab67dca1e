package cache

import (
	"encoding/binary"
	"path"
	"strings"
)

// Stats is what a volume has in its caches and spools, and how much they have
// been of use. It is a copy; its parts are read one after the other.
type Stats struct {
	Content  ContentStats
	Listings ListingStats
	Disk     *DiskStats // nil: nothing is kept on the disk
	Spool    SpoolStats

	Downloads int // at work
	Following int // uploads of files that are still being written

	// Contents of files that were written here and that the server has confirmed,
	// whoever waited for that, and those of which that has failed. In the background
	// one file may fail several times.
	Uploaded, UploadsFailed int64
}

// ContentStats is the memory for file contents. What the kernel keeps of them
// never gets here.
type ContentStats struct {
	Hits  int64 // octets read that were there
	Waits int64 // octets of reads that had to wait for some of them
	Bytes int64 // octets in use
	Limit int64
	Files int // of which there is something
}

// ListingStats is what is known of directories. What the kernel believes of names
// and attributes it does not ask for.
type ListingStats struct {
	Hits        int64 // questions that were answered at once
	Misses      int64 // for which the server was asked, or an answer was on its way
	Bytes       int64 // octets in use, about
	Limit       int64
	Directories int // that are known
}

// DiskStats is the cache on the disk, shared by all mounts that use it.
type DiskStats struct {
	Dir   string
	Hits  int64 // octets that were read from it by this volume
	Bytes int64 // in use or reserved, of all servers; -1: not known
	Limit int64
}

// SpoolStats is what was written and is held here.
type SpoolStats struct {
	Bytes int64 // octets
	Limit int64 // 0: none
}

// Stats returns the counters. It asks nobody, and does not wait but for locks.
// Any goroutine may call it.
func (v *Volume) Stats() Stats {
	s := Stats{
		Content:   v.blocks.stats(),
		Listings:  v.meta.stats(),
		Downloads: int(v.downloads.Load()), Following: int(v.follows.Load()),
		Uploaded: v.tally.uploads.Load(), UploadsFailed: v.tally.failures.Load(),
	}
	v.spools.mu.Lock()
	s.Spool = SpoolStats{Bytes: v.spools.used, Limit: v.spools.limit}
	v.spools.mu.Unlock()
	if v.blocks.kept != nil {
		s.Disk = v.blocks.kept.disk.stats()
	}
	return s
}

func (b *blocks) stats() ContentStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return ContentStats{Hits: b.tally.hits.Load(), Waits: b.tally.waits.Load(), Bytes: b.bytes, Limit: b.budget, Files: len(b.paths)}
}

func (m *meta) stats() ListingStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return ListingStats{Hits: m.tally.hits.Load(), Misses: m.tally.misses.Load(), Bytes: m.bytes, Limit: m.budget, Directories: m.dirs.Len()}
}

// stats reads the account without its lock: a reading that is torn does not agree
// with its own check.
func (d *diskCache) stats() *DiskStats {
	s := &DiskStats{Dir: d.dir, Hits: d.tally.hits.Load(), Bytes: -1, Limit: d.budget}
	f, err := d.base.Open("usage")
	if err != nil {
		return s
	}
	defer f.Close()
	var b [16]byte
	if _, err := f.ReadAt(b[:], 0); err != nil {
		return s
	}
	used := binary.LittleEndian.Uint64(b[:])
	if binary.LittleEndian.Uint64(b[8:]) == ^used {
		s.Bytes = int64(used)
	}
	return s
}

// Meant is the path of the file that a server path is for: that beside which it
// is, if it is the name of a temporary file, as far as that is in its name.
func Meant(p string) string {
	dir, name := path.Split(p)
	if !isTemp(name) {
		return p
	}
	return dir + strings.TrimPrefix(name[:len(name)-tempTail], ".")
}
