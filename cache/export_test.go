package cache

// BlockBytes is what the block cache holds, as it accounts it.
func (v *Volume) BlockBytes() int64 {
	v.blocks.mu.Lock()
	defer v.blocks.mu.Unlock()
	return v.blocks.bytes
}

// SetLarge makes directories of n entries large, before the volume is used.
func (v *Volume) SetLarge(n int) { v.meta.large = n }
