// Package fusefs presents a volume to the kernel.
//
// It translates FUSE operations into calls of cache.Volume, and errors into
// errno by one table (errno.go). It holds no state of its own beyond the tree
// of nodes that go-fuse keeps, and which handles are open on which node.
// SEMANTICS.md says what each operation does.
package fusefs
