// Package cache turns a remote tree into a volume that is fast to ask and safe
// to write.
//
// A [Volume] answers from listings it keeps for a time (TTL), reads files
// through a block cache fed by one stream per open file, and collects writes
// in a spool file that is uploaded when a handle is flushed, so that close and
// fsync return what the server said. Every change of the tree passes through
// it: remote first, then what is cached, then the [Notifier].
//
// # What is on the server when
//
// A new file is stored under its own name and its size confirmed. An existing
// one is replaced: the content goes to a temporary file beside it
// (.NAME.ftpfs-XXXXXXXX, which listings hide), gets its size confirmed and its
// mode and time set, and is renamed over the old one. Where a server renames
// onto no file, the old one is moved aside, and back if the new one cannot take
// its place. Where neither is possible, and where the old file is empty, the
// file is overwritten in place.
//
// Until then the old version is whole. If a Flush fails, it still is, and
// another Flush says the same again until something is written; when the last
// handle that sends is released, what could not be sent stays in the spool
// directory as spool-*.unsent, which the log names, and the volume shows what
// the server has.
//
// A file that is removed or replaced while it is open is fetched first if it is
// small; a large one is given a temporary name instead when it is unlinked, and
// deleted after its last release.
//
// # What is believed
//
// A listing is believed for TTL from when it was asked for. One of 10 000 entries
// and more is believed for as long as it took to arrive, and for half of TTL at
// least, and its names until two seconds after they were last read. A name that
// it does not have does not exist, unless it had lines that could not be read or
// was cut short.
//
// A large directory is read while its listing arrives. An entry costs some 60
// octets; the listings that are kept together cost 64 MiB at most, except that
// the newest is kept whatever its size.
// Content is believed as long as size and time of the file stay; an open
// file is checked when it is opened and when it is looked at.
//
// Paths are relative to the volume's root, without a leading or trailing
// slash; the root is the empty string.
package cache
