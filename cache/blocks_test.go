package cache

import "testing"

// filled puts a block in whole, ahead of need or for a reader.
func filled(b *blocks, path string, index int64, ahead bool) {
	k := blockKey{path, version{size: 1 << 40}, index}
	bl := b.begin(k, index*blockSize, (index+1)*blockSize, (index+1)*blockSize, ahead)
	bl.grow(blockSize)
	bl.settle(nil)
}

// count is how many of the first n blocks of a file are there.
func count(b *blocks, path string, n int64) (there int64) {
	for i := range n {
		if _, ok := b.get(blockKey{path, version{size: 1 << 40}, i}); ok {
			there++
		}
	}
	return there
}

// TestUnreadStays: what was fetched ahead waits for its reader while others read
// on, but for no longer than twice as much as the budget takes to come, nor in
// more than half of it.
func TestUnreadStays(t *testing.T) {
	const room = 32
	b := newBlocks(room * (blockSize + blockBytes + 16))
	for i := range int64(8) {
		filled(b, "slow", i, true)
	}
	for i := range int64(room - 4) {
		filled(b, "fast", i, false)
	}
	if n := count(b, "slow", 8); n != 8 {
		t.Errorf("%d of 8 blocks are there that nobody has read yet", n)
	}
	if n := count(b, "fast", room-4); n != room-8 {
		t.Errorf("%d blocks are there that were read, not %d", n, room-8)
	}
	for i := range int64(2 * room) {
		filled(b, "faster", i, false)
	}
	if n := count(b, "slow", 8); n != 0 {
		t.Errorf("%d blocks are there that nobody has come for", n)
	}
	for i := range int64(room) {
		filled(b, "ahead", i, true)
	}
	if n := count(b, "ahead", room); n > room/2 || n < room/2-1 {
		t.Errorf("what nobody has read takes %d of %d blocks", n, room)
	}
	b.close()
	if b.bytes != 0 || b.aheadBytes != 0 || len(b.paths) != 0 || b.pieces.spare != 0 {
		t.Errorf("%d octets and %d ahead are accounted for after the end, of %d paths", b.bytes, b.aheadBytes, len(b.paths))
	}
}
