package cache

// arena holds strings end to end, without a header or an allocation for each.
type arena struct {
	chunks [][]byte
	used   int // octets that were added
}

// arenaChunk is the size of all chunks but a first that is smaller. A string
// lies within one chunk.
const arenaChunk = 256 << 10

// arenaMost is how much an arena holds: places are 32 bits.
const arenaMost = 1 << 31

// add puts strings end to end and returns the place of the first. They must be
// shorter than a chunk together; full tells that there is no room left.
func (a *arena) add(parts ...string) (place uint32, full bool) {
	n := 0
	for _, s := range parts {
		n += len(s)
	}
	last := len(a.chunks) - 1
	if last < 0 || len(a.chunks[last])+n > arenaChunk {
		if (last+2)*arenaChunk > arenaMost {
			return 0, true
		}
		var chunk []byte // the first grows: most directories are small
		if last >= 0 {
			chunk = make([]byte, 0, arenaChunk)
		}
		a.chunks = append(a.chunks, chunk)
		last++
	}
	place = uint32(last*arenaChunk + len(a.chunks[last]))
	for _, s := range parts {
		a.chunks[last] = append(a.chunks[last], s...)
	}
	a.used += n
	return place, false
}

// reserve makes room for n octets of a small listing in one piece.
func (a *arena) reserve(n int) {
	if len(a.chunks) == 0 && n > 0 {
		a.chunks = [][]byte{make([]byte, 0, min(n, arenaChunk))}
	}
}

// at returns n octets from a place on.
func (a *arena) at(place uint32, n int) []byte {
	chunk := a.chunks[place/arenaChunk]
	return chunk[place%arenaChunk:][:n:n]
}

// size is what the arena occupies, in octets.
func (a *arena) size() (n int) {
	for _, c := range a.chunks {
		n += cap(c)
	}
	return n
}
