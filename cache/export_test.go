package cache

// BlockBytes is what the block cache holds, as it accounts it.
func (v *Volume) BlockBytes() int64 {
	v.blocks.mu.Lock()
	defer v.blocks.mu.Unlock()
	return v.blocks.bytes
}
