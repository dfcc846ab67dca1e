// Package cache turns a remote tree into a volume that is fast to ask and safe
// to write.
//
// A [Volume] answers from listings it keeps for a time (TTL), reads files
// through a block cache fed by one stream per open file, and collects writes
// in a spool file that is uploaded when a handle is flushed, so that close and
// fsync return what the server said. Every change of the tree passes through
// it: remote first, then what is cached, then the [Notifier].
//
// Paths are relative to the volume's root, without a leading or trailing
// slash; the root is the empty string.
package cache
