package cache

// kept is what blocks and runs see of the cache on the disk: paths are those of the
// volume, and it may be nil, for none.
type kept struct {
	disk *diskCache
	abs  func(string) string
}

func (k *kept) key(b blockKey) blockKey {
	b.path = k.abs(b.path)
	return b
}

// has tells whether the disk seems to have all blocks of a version of a file.
func (k *kept) has(path string, base version) bool {
	if k == nil {
		return false
	}
	for i := int64(0); i*blockSize < base.size; i++ {
		if !k.disk.has(k.key(blockKey{path, base, i})) {
			return false
		}
	}
	return true
}

// fill fills a block from the disk, for who has promised to fill it, as far as
// there is room. False: the disk does not have it.
func (k *kept) fill(bl *block) bool {
	if k == nil {
		return false
	}
	key, start := k.key(bl.key), bl.key.index*blockSize
	size := blockLen(key)
	if room := bl.room(); bl.end() == start && int64(len(room)) == size {
		n, ok := k.disk.get(key, room)
		if ok {
			bl.fromDisk = true
			bl.grow(n)
		}
		return ok
	}
	buf := make([]byte, size)
	if _, ok := k.disk.get(key, buf); !ok {
		return false
	}
	bl.fromDisk = true
	bl.grow(copy(bl.room(), buf[bl.end()-start:]))
	return true
}

// put has a block written that is whole and holds it once more meanwhile. The
// caller holds it, and not blocks.mu.
func (k *kept) put(bl *block) {
	if k == nil || bl.fromDisk || bl.lo != bl.key.index*blockSize || bl.n != blockLen(bl.key) {
		return
	}
	bl.of.keep(bl)
	k.disk.put(k.key(bl.key), bl.buf[:bl.n], func() { bl.of.release(bl) })
}

func (k *kept) forget(path string) {
	if k != nil {
		k.disk.forget(k.abs(path))
	}
}

func (k *kept) forgetTree(path string) {
	if k != nil {
		k.disk.forgetTree(k.abs(path))
	}
}

func (k *kept) close() {
	if k != nil {
		k.disk.close()
	}
}
