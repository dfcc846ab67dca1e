package cache

import (
	"math"
	"time"

	"ftpfs/ftpclient"
)

// record is an entry of a listing without its strings: 32 octets and no
// pointer, so that the garbage collector has nothing to look at.
//
// In the arena there are, end to end, its name, its unique fact and, if tail
// is not 0, the target of a link.
type record struct {
	size  int64
	sec   int64 // ModTime
	place uint32
	name  uint16 // its length, as that of the next two
	tail  uint16
	uniq  uint8
	bits  uint8
	mode  uint16 // permission bits and modeTold
	owner uint16 // of listing.owners
}

const recordBytes = 32

// bits of a record: the type in the lowest three, a precision in the next two.
const (
	typeMask     = 7
	precisionLow = 3
	precisionOf  = 3
	gone         = 1 << 5 // was removed
	odd          = 1 << 6 // does not fit into a record; it is in listing.odd
)

const modeTold = 1 << 12

// precisions are those that a listing can have.
var precisions = [...]time.Duration{0, time.Second, time.Minute, 24 * time.Hour}

// longest is how long a name can be that a record has room for. Lines of
// listings are no longer.
const longest = math.MaxUint16

func (r *record) precision() time.Duration { return precisions[r.bits>>precisionLow&precisionOf] }

// letters is how many octets it has in the arena.
func (r *record) letters() int { return int(r.name) + int(r.uniq) + int(r.tail) }

func (r *record) kind() ftpclient.Type { return ftpclient.Type(r.bits & typeMask) }

// pack returns the record of an entry, without place and owner; false if it
// does not fit.
func pack(e *ftpclient.Entry) (r record, ok bool) {
	r = record{size: e.Size, name: uint16(len(e.Name)), tail: uint16(len(e.Target)), uniq: uint8(len(e.Unique)),
		bits: uint8(e.Type), mode: uint16(e.Mode)}
	if e.HasMode {
		r.mode |= modeTold
	}
	ok = e.Type <= typeMask && e.Mode < modeTold && len(e.Target) <= longest && len(e.Unique) <= math.MaxUint8
	if e.ModTime.IsZero() {
		return r, ok && e.Precision == 0
	}
	r.sec = e.ModTime.Unix()
	for i, p := range precisions {
		if i > 0 && p == e.Precision {
			r.bits |= uint8(i) << precisionLow
			return r, ok && e.ModTime.Nanosecond() == 0
		}
	}
	return r, false
}

// unpack fills in what pack took, without the strings.
func (r *record) unpack(e *ftpclient.Entry) {
	e.Type, e.Size, e.Precision = r.kind(), r.size, r.precision()
	e.Mode, e.HasMode = uint32(r.mode&^modeTold), r.mode&modeTold != 0
	if e.Precision != 0 {
		e.ModTime = time.Unix(r.sec, 0).UTC()
	}
}
