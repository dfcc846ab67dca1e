package cache

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// blockSize is what is fetched and kept as one piece.
const blockSize = 128 << 10

// blockKey names a block of one version of a file.
type blockKey struct {
	path string
	version
	index int64 // offset / blockSize
}

// blocks keeps file content in memory under a budget of octets, the blocks
// longest unused leaving first. Blocks are never changed once they are in.
type blocks struct {
	budget int64

	mu    sync.Mutex
	lru   *simplelru.LRU[blockKey, []byte] // guarded by mu, as all below
	paths map[string]map[blockKey]struct{} // what lru holds of each path
	bytes int64
}

// blockBytes is what a block costs beside its octets and its path.
const blockBytes = 320

func newBlocks(budget int64) *blocks {
	b := &blocks{budget: budget, paths: map[string]map[blockKey]struct{}{}}
	b.lru, _ = simplelru.NewLRU[blockKey, []byte](1<<31-1, b.evicted)
	return b
}

func (b *blocks) evicted(k blockKey, data []byte) {
	b.bytes -= blockCost(k, data)
	delete(b.paths[k.path], k)
	if len(b.paths[k.path]) == 0 {
		delete(b.paths, k.path)
	}
}

func blockCost(k blockKey, data []byte) int64 {
	return blockBytes + int64(len(k.path)+cap(data))
}

func (b *blocks) get(k blockKey) ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lru.Get(k)
}

func (b *blocks) has(k blockKey) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lru.Contains(k)
}

func (b *blocks) put(k blockKey, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lru.Remove(k)
	b.lru.Add(k, data)
	if b.paths[k.path] == nil {
		b.paths[k.path] = map[blockKey]struct{}{}
	}
	b.paths[k.path][k] = struct{}{}
	b.bytes += blockCost(k, data)
	for b.bytes > b.budget && b.lru.Len() > 1 {
		b.lru.RemoveOldest()
	}
}

// forget drops the blocks of a file.
func (b *blocks) forget(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgetLocked(path)
}

func (b *blocks) forgetLocked(path string) {
	for k := range b.paths[path] {
		b.lru.Remove(k)
	}
}

// forgetTree drops the blocks of path and of everything below it.
func (b *blocks) forgetTree(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p := range b.paths {
		if within(p, path) {
			b.forgetLocked(p)
		}
	}
}
