package cache

import (
	"slices"
	"testing"
)

// TestPieces: buffers do not overlap, the one given back last comes first, and
// memory of which nothing is in use goes back to the system.
func TestPieces(t *testing.T) {
	for _, huge := range []bool{false, true} {
		p := pieces{huge: huge}
		var bufs [][]byte
		var from []*piece
		for i := range 100 {
			buf, f := p.take()
			if len(buf) != blockSize || cap(buf) != blockSize {
				t.Fatalf("huge=%v: a buffer of %d octets with room for %d", huge, len(buf), cap(buf))
			}
			for j := range buf {
				buf[j] = byte(i)
			}
			bufs, from = append(bufs, buf), append(from, f)
		}
		for i, buf := range bufs {
			if slices.ContainsFunc(buf, func(b byte) bool { return b != byte(i) }) {
				t.Fatalf("huge=%v: buffer %d has octets of another", huge, i)
			}
		}
		p.give(bufs[7], from[7])
		if again, _ := p.take(); &again[0] != &bufs[7][0] {
			t.Errorf("huge=%v: what was used last is not what is given out first", huge)
		}
		for i, buf := range bufs {
			p.give(buf, from[i])
		}
		if p.spare > spareMost || p.spare < spareMost/2 {
			t.Errorf("huge=%v: memory for %d blocks is kept for the next, of %d at most", huge, p.spare, spareMost)
		}
		last, f := p.take()
		p.close()
		p.give(last, f)
		if p.spare != 0 || len(p.open) != 0 {
			t.Errorf("huge=%v: memory for %d blocks, in %d pieces, is kept after the end", huge, p.spare, len(p.open))
		}
	}
}
