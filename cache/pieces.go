package cache

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pieceSize is a huge page, which costs the processor one fault instead of 512
// when it is first written to, and one entry of its tables.
const pieceSize = 2 << 20

// piece is memory for several blocks.
type piece struct {
	mapped []byte   // outside of Go's heap; nil: within
	blocks int      // that it has room for
	free   [][]byte // of them, those that are not in use; the one used last is the last
}

func (p *piece) unused() bool { return len(p.free) == p.blocks }

// pieces give out buffers of blockSize, those first that were used last: they are
// in the processor's caches. It is guarded by blocks.mu.
type pieces struct {
	huge   bool     // memory is taken in huge pages
	open   []*piece // those that have a buffer to give; the one used last is the last
	spare  int      // buffers in pieces of which none is in use
	closed bool
}

// spareMost bounds the buffers that wait for their next use in pieces of which no
// other is in use.
const spareMost = 32

// take returns a buffer and what it is a part of.
func (p *pieces) take() ([]byte, *piece) {
	if len(p.open) == 0 {
		from := newPiece(p.huge)
		p.open = append(p.open, from)
		p.spare += from.blocks
	}
	last := len(p.open) - 1
	from := p.open[last]
	if from.unused() {
		p.spare -= from.blocks
	}
	n := len(from.free) - 1
	buf := from.free[n]
	if from.free = from.free[:n]; n == 0 {
		p.open = p.open[:last]
	}
	return buf, from
}

// give takes a buffer back.
func (p *pieces) give(buf []byte, from *piece) {
	from.free = append(from.free, buf[:blockSize])
	if i := slices.Index(p.open, from); i < 0 {
		p.open = append(p.open, from)
	} else if last := len(p.open) - 1; i < last {
		copy(p.open[i:], p.open[i+1:])
		p.open[last] = from
	}
	if from.unused() {
		p.spare += from.blocks
		p.shed()
	}
}

// shed lets go of pieces that are not in use, but for some.
func (p *pieces) shed() {
	for p.spare > spareMost || p.closed && p.spare > 0 {
		i := slices.IndexFunc(p.open, (*piece).unused)
		p.spare -= p.open[i].blocks
		p.open[i].letGo()
		p.open = slices.Delete(p.open, i, i+1)
	}
}

// close keeps no piece beyond its use.
func (p *pieces) close() {
	p.closed = true
	p.shed()
}

// newPiece takes memory. Where no huge page is to be had it is a single block's.
func newPiece(huge bool) *piece {
	if !huge {
		return &piece{blocks: 1, free: [][]byte{make([]byte, blockSize)}}
	}
	// Twice the size has a whole page in it; the rest is never touched.
	mapped, err := unix.Mmap(-1, 0, 2*pieceSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return newPiece(false)
	}
	_ = unix.Madvise(mapped, unix.MADV_HUGEPAGE) // else the pages are small
	p := &piece{mapped: mapped, blocks: pieceSize / blockSize}
	for at := hugeStart(mapped); len(p.free) < p.blocks; at += blockSize {
		p.free = append(p.free, mapped[at:at+blockSize:at+blockSize])
	}
	slices.Reverse(p.free)
	return p
}

// hugeStart is where the first huge page in memory begins.
func hugeStart(memory []byte) int {
	return int(-uintptr(unsafe.Pointer(&memory[0])) % pieceSize)
}

// letGo gives the memory back to the system. None of it may be in use.
func (p *piece) letGo() {
	if p.mapped != nil {
		_ = unix.Munmap(p.mapped) // it fails for what is not mapped
	}
}
