package cache

import (
	"encoding/binary"
	"hash/crc32"
)

// blockState is what get finds.
type blockState int

const (
	blockMissing blockState = iota
	blockGood
	blockDamaged // and dropped
)

// sumOf is the sum of a block's octets and of where they belong: two checksums of
// 32 bits with different polynomials, which the processor computes. It is never 0.
func (e *diskEntry) sumOf(index int64, data []byte) uint64 {
	at := binary.LittleEndian.AppendUint64(nil, uint64(index))
	at = binary.LittleEndian.AppendUint32(at, e.seed)
	c := crc32.Update(crc32.Checksum(at, castagnoli), castagnoli, data)
	i := crc32.Update(crc32.ChecksumIEEE(at), crc32.IEEETable, data)
	return max(1, uint64(c)<<32|uint64(i))
}

// sum returns the sum that was kept of a block; 0 if there is none.
func (e *diskEntry) sum(index int64) uint64 {
	var b [8]byte
	if _, err := e.desc.ReadAt(b[:], e.table+8*index); err != nil {
		return 0 // the table ends before it
	}
	return binary.LittleEndian.Uint64(b[:])
}

// setSum keeps the sum of a block.
func (e *diskEntry) setSum(index int64, sum uint64) error {
	_, err := e.desc.WriteAt(binary.LittleEndian.AppendUint64(nil, sum), e.table+8*index)
	return err
}

// read reads a block, which fills buf, and compares it with its sum.
func (e *diskEntry) read(index int64, buf []byte) blockState {
	sum := e.sum(index)
	if sum == 0 {
		return blockMissing
	}
	if _, err := e.data.ReadAt(buf, index*blockSize); err == nil && e.sumOf(index, buf) == sum {
		return blockGood
	}
	if e.sum(index) != sum {
		return blockMissing // another process has just dropped it
	}
	if e.setSum(index, 0) != nil {
		return blockMissing // it was closed meanwhile, or will be found damaged again
	}
	return blockDamaged
}

// write puts in a block, its sum after it: without it the octets are nothing.
func (e *diskEntry) write(index int64, data []byte) error {
	sum := e.sumOf(index, data)
	if e.sum(index) == sum {
		return nil
	}
	if _, err := e.data.WriteAt(data, index*blockSize); err != nil {
		return err
	}
	return e.setSum(index, sum)
}
