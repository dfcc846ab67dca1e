package say

import (
	"bytes"
	"sync"
)

// Buffer keeps the first bytes written to it and drops the rest. Any
// goroutine may use it.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

const cappedBytes = 64 << 10

func (c *Buffer) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.b.Write(p[:min(len(p), max(0, cappedBytes-c.b.Len()))])
	return len(p), nil
}

func (c *Buffer) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}
