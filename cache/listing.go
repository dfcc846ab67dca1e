package cache

import (
	"hash/maphash"
	"math"
	"sync/atomic"
	"time"

	"ftpfs/ftpclient"
)

// listing is the content of one directory, in the order of its entries. It is
// guarded by meta.mu. An entry keeps its place; one that is removed leaves it
// empty, a new one comes at the end.
//
// An entry costs 32 octets, those of its name, target and unique fact, and 6 to
// 13 in the index: some 55 with a name of 12. Only what fits into no record
// (odd) and directories that are aged cost more.
type listing struct {
	chunks   [][]record // all but the last of recordChunk
	rows     int        // places in them
	text     arena
	index    []uint32 // open addressing: places + 1; 0 is free; its length is a power of two
	indexed  int      // slots that are not free
	live     int      // entries
	dirs     int      // of them
	lettered int      // octets of text that they use
	odd      map[int]ftpclient.Entry
	oddSize  int // octets
	owners   []ownership
	ownerOf  map[ownership]uint16
	aged     map[int]bool // directories whose content changed here, and so their times there
	complete bool
	opened   bool // a program has read the directory, this listing of it or one before
	fetched  time.Time
	read     time.Time // when a reader last took entries, while it was kept
	id       uint64    // of this listing, never of another
	edits    uint64    // how often an entry was put, replaced or removed
	bytes    int64     // what it occupies
}

// ownership is what few values of many entries share.
type ownership struct{ owner, group string }

const (
	recordChunk = 4096
	oddBytes    = 384 // of an odd entry, beside its strings
	agedBytes   = 32
	listBytes   = 400 // of a listing without entries
)

var nameSeed = maphash.MakeSeed()

// lastListing is the id of the listing that was made last.
var lastListing atomic.Uint64

// newListing makes a listing of what has arrived in one piece.
func newListing(got *ftpclient.Listing, at time.Time) *listing {
	l := &listing{complete: got.Complete(), fetched: at, bytes: listBytes, id: lastListing.Add(1)}
	text := 0
	for i := range got.Entries {
		e := &got.Entries[i]
		text += len(e.Name) + len(e.Unique) + len(e.Target)
	}
	if n := len(got.Entries); n > 0 {
		l.chunks = [][]record{make([]record, 0, min(n, recordChunk))}
		l.text.reserve(text)
		l.reindex(n)
	}
	for i := range got.Entries {
		l.set(got.Entries[i].Name, &got.Entries[i])
	}
	l.weigh()
	return l
}

func (l *listing) at(i int) *record { return &l.chunks[i/recordChunk][i%recordChunk] }

// name returns the name at a place, empty if it was removed.
func (l *listing) name(i int) string {
	r := l.at(i)
	if r.bits&gone != 0 {
		return ""
	}
	return string(l.text.at(r.place, int(r.name)))
}

// entry returns the entry at a place that has one.
func (l *listing) entry(i int) (e ftpclient.Entry) {
	r := l.at(i)
	if r.bits&odd != 0 {
		return l.odd[i]
	}
	r.unpack(&e)
	text := string(l.text.at(r.place, r.letters()))
	e.Name, text = text[:r.name], text[r.name:]
	e.Unique, e.Target = text[:r.uniq], text[r.uniq:]
	if r.owner > 0 {
		e.Owner, e.Group = l.owners[r.owner-1].owner, l.owners[r.owner-1].group
	}
	return e
}

// find returns the place of a name.
func (l *listing) find(name string) (int, bool) {
	if len(l.index) == 0 {
		return 0, false
	}
	mask := uint64(len(l.index) - 1)
	for h := maphash.String(nameSeed, name) & mask; l.index[h] != 0; h = (h + 1) & mask {
		i := int(l.index[h] - 1)
		if r := l.at(i); r.bits&gone == 0 && int(r.name) == len(name) && string(l.text.at(r.place, len(name))) == name {
			return i, true
		}
	}
	return 0, false
}

// had tells whether name was at one of the first places, and was removed.
func (l *listing) had(name string, places int) bool {
	for i := range min(places, l.rows) {
		if r := l.at(i); r.bits&gone != 0 && int(r.name) == len(name) && string(l.text.at(r.place, len(name))) == name {
			return true
		}
	}
	return false
}

// set puts, replaces or (e nil) removes the entry of name.
func (l *listing) set(name string, e *ftpclient.Entry) {
	l.edits++
	i, ok := l.find(name)
	switch {
	case e == nil && ok:
		l.remove(i)
	case e == nil:
	case ok:
		l.write(i, name, e)
	case len(name) > longest || l.rows >= math.MaxUint32-1:
		l.complete = false
	default:
		l.add(name, e)
	}
}

func (l *listing) remove(i int) {
	l.uncount(i)
	delete(l.aged, i)
	l.at(i).bits |= gone
}

// uncount takes an entry out of the counts, before it goes or changes.
func (l *listing) uncount(i int) {
	r := l.at(i)
	l.live--
	l.lettered -= r.letters()
	if r.kind() == ftpclient.TypeDir {
		l.dirs--
	}
	if e, ok := l.odd[i]; ok {
		l.oddSize -= oddCost(&e)
		delete(l.odd, i)
	}
}

func oddCost(e *ftpclient.Entry) int {
	return oddBytes + len(e.Name) + len(e.Target) + len(e.Owner) + len(e.Group) + len(e.Unique)
}

// add appends an entry.
func (l *listing) add(name string, e *ftpclient.Entry) {
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last]) == recordChunk {
		var chunk []record
		if last >= 0 {
			chunk = make([]record, 0, recordChunk)
		}
		l.chunks = append(l.chunks, chunk)
		last++
	}
	l.chunks[last] = append(l.chunks[last], record{bits: gone})
	i := l.rows
	l.rows++
	if !l.write(i, name, e) {
		return
	}
	if l.indexed >= len(l.index)/4*3 {
		l.reindex(l.live + l.live/8)
		return
	}
	l.enter(i, name)
}

// write puts an entry at a place. There may be no room for it; the place is
// then empty, and the listing not complete.
func (l *listing) write(i int, name string, e *ftpclient.Entry) bool {
	old := *l.at(i)
	if old.bits&gone == 0 {
		l.uncount(i)
	}
	named := *e
	named.Name = name
	r, fits := pack(&named)
	if fits {
		r.owner, fits = l.intern(ownership{e.Owner, e.Group})
	}
	if !fits {
		r = record{name: uint16(len(name)), bits: uint8(e.Type&typeMask) | odd}
	}
	if !l.store(&r, &old, &named) {
		l.complete = false
		l.at(i).bits |= gone
		return false
	}
	if !fits {
		if l.odd == nil {
			l.odd = map[int]ftpclient.Entry{}
		}
		l.odd[i] = named
		l.oddSize += oddCost(&named)
	}
	*l.at(i) = r
	l.live++
	l.lettered += r.letters()
	if r.kind() == ftpclient.TypeDir {
		l.dirs++
	}
	return true
}

// store gives a record the place of its strings, which are those of the record
// before it if they have not changed.
func (l *listing) store(r, old *record, e *ftpclient.Entry) bool {
	text := [...]string{e.Name, e.Unique, e.Target}
	if r.bits&odd != 0 {
		text[1], text[2] = "", "" // in l.odd
	}
	if old.bits&gone == 0 && old.name == r.name && old.uniq == r.uniq && old.tail == r.tail &&
		string(l.text.at(old.place, r.letters())) == text[0]+text[1]+text[2] {
		r.place = old.place
		return true
	}
	place, full := l.text.add(text[:]...)
	r.place = place
	return !full
}

// intern returns the number of an ownership; 0 is none.
func (l *listing) intern(o ownership) (uint16, bool) {
	if o == (ownership{}) {
		return 0, true
	}
	if n := len(l.owners); n > 0 && l.owners[n-1] == o {
		return uint16(n), true
	}
	if n, ok := l.ownerOf[o]; ok {
		return n, true
	}
	if len(l.owners) == math.MaxUint16 {
		return 0, false
	}
	if l.ownerOf == nil {
		l.ownerOf = map[ownership]uint16{}
	}
	l.owners = append(l.owners, o)
	l.ownerOf[o] = uint16(len(l.owners))
	return uint16(len(l.owners)), true
}

// enter puts a place into the index, which has room.
func (l *listing) enter(i int, name string) {
	mask := uint64(len(l.index) - 1)
	h := maphash.String(nameSeed, name) & mask
	for l.index[h] != 0 {
		h = (h + 1) & mask
	}
	l.index[h] = uint32(i + 1)
	l.indexed++
}

// reindex makes an index with room for n entries and those that are there.
func (l *listing) reindex(n int) {
	slots := 8
	for slots/4*3 <= n {
		slots *= 2
	}
	l.index, l.indexed = make([]uint32, slots), 0
	for i := range l.rows {
		if name := l.name(i); name != "" {
			l.enter(i, name)
		}
	}
}

// weigh counts what the listing occupies.
func (l *listing) weigh() {
	n := listBytes + l.text.size() + 4*len(l.index) + agedBytes*len(l.aged) + l.oddSize
	for _, c := range l.chunks {
		n += recordBytes * cap(c)
	}
	for _, o := range l.owners {
		n += 2*16 + 3*8 + 2*(len(o.owner)+len(o.group))
	}
	l.bytes = int64(n)
}

// wasteful tells that much of what the listing occupies is of entries that were
// removed or replaced.
func (l *listing) wasteful() bool {
	return l.rows-l.live > l.live+1024 || l.text.used > 2*l.lettered+64<<10
}

// compacted is the listing without waste. Its places are others.
func (l *listing) compacted() *listing {
	n := &listing{complete: l.complete, opened: l.opened, fetched: l.fetched, id: lastListing.Add(1)}
	n.reindex(l.live)
	for i := range l.rows {
		if l.at(i).bits&gone != 0 {
			continue
		}
		e := l.entry(i)
		n.set(e.Name, &e)
		if l.aged[i] {
			n.setAged(e.Name)
		}
	}
	n.weigh()
	return n
}

// setAged notes that the time of a directory is not known any more, if it is here.
func (l *listing) setAged(name string) {
	i, ok := l.find(name)
	if !ok {
		return
	}
	if l.aged == nil {
		l.aged = map[int]bool{}
	}
	l.aged[i] = true
}
