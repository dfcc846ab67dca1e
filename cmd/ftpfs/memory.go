package main

import (
	"os"
	"runtime/debug"
)

// besideCache is the memory that a mount is to need beside its cache of file
// contents: listings, buffers of transfers and of the kernel's requests.
const besideCache = 48 << 20

// boundMemory has the garbage collector work the harder the nearer the process
// comes to what its cache may take and a little more; without it, it would let the
// heap grow to twice the cache. Below that a heap that is half as large again as what
// is in use is enough: listings of a million entries are long in use. Who sets
// GOMEMLIMIT or GOGC decides himself.
func boundMemory(cacheBytes int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(cacheBytes + besideCache)
	}
}
