// Package cache turns a remote tree into a volume that is fast to ask and safe
// to write.
//
// A [Volume] answers from listings it keeps for a time (TTL), reads files
// through a cache of blocks that downloads fill, and collects writes
// in a spool file that is uploaded when a handle is flushed, so that close and
// fsync return what the server said. Every change of the tree passes through
// it: remote first, then what is cached, then the [Notifier].
//
// # How files are read
//
// A reader in order is served by one download, which goes on ahead of it, the
// farther the longer that pays, 8 MiB at most; a reader who jumps gets another,
// which brings a little more than was asked for. What has arrived is handed over
// at once, and shared by all who read the file. A file of up to 1 MiB that is read
// from its beginning is fetched whole. A large file of which one download brings
// less than its reader takes is read by up to four, as long as each adds most of
// what one brings and there are connections to spare. Files of up to 256 KiB that are
// read one after the other, in the order of their names or of the listing, through
// a tree or in any order in one directory, are fetched ahead; those of a hidden
// directory only if a program has opened it.
//
// Where more is read at a time than there are connections, downloads take turns: one
// ends when somebody has waited for two seconds and it has had two itself (five where
// beginning takes long). Who has not had a turn, and any command, does not wait so long:
// a download ends for him as soon as it has had eight times what its beginning took, two
// seconds at most, and the connection stays with such for half a second. Who has had
// turns lets them go first for 20 s.
//
// When the version of a file becomes known better, what was fetched ahead is fetched
// again, from where its readers are: it may be of an older content of the same second.
//
// Each download is preceded by a question for size and time of the file. If they
// are not those of the version that is read, the read is KindChanged, and who
// opens the file anew gets what is there now. A download that ends early is gone on
// with from where it stands. A descriptor that has read of a version which somebody
// else replaces reads on only from the beginning or behind the end that it knew.
//
// # What is on the server when
//
// A new file is stored under its own name and its size confirmed. An existing
// one is replaced: the content goes to a temporary file beside it
// (.NAME.ftpfs-TTTTTTTTRRRRRRRR, which listings hide), gets its size confirmed and
// its mode and time set, and is renamed over the old one. Where a server renames
// onto no file, the old one is moved aside, and back if the new one cannot take
// its place. Where neither is possible the file is overwritten in place, unless
// Options.Atomic forbids it.
//
// A new file of which the server tells that its upload has failed is deleted again.
// Where the server is lost meanwhile, a part of it stays until it can be reached and the
// last handle is released; then it is deleted if it must be ours: a beginning of what
// was written, and written last during the attempt by the server's clock. What cannot
// be told from somebody else's file stays, and the log says so.
//
// What was only added at the end is added on the server (APPE), where that server
// was seen to do it right with a temporary file first: who reads the file meanwhile
// sees it grow, and an addition that fails may leave a part of itself.
//
// Until then the old version is whole. If a Flush fails, it still is, and
// another Flush says the same again until something is written; when the last
// handle that sends is released, what could not be sent stays in the spool
// directory as spool-*.unsent with a record of the journal, which the log names,
// and the volume shows what the server has. Uploads, RetryUpload and DiscardUpload
// tell of it and decide about it.
//
// A file that is new or was truncated, and is written in order, is uploaded to a
// temporary name while it is written; a write behind what was sent begins again at
// the close. Half of the connections at most are held that way, and none by who has
// not written for two seconds.
//
// An upload that is cut off goes on from the server's size by REST and STOR, or
// APPE, whichever was seen to work, or begins again; as long as each try
// brings 64 KiB, and three times where it does not.
//
// # Conflicts
//
// Before a version is replaced it is looked at, beside a short upload, before and
// after a long one. If its size or time is not that of the version that was opened,
// it stays, and the Flush is KindChanged (Options.Overwrite: it is not looked at).
// Another version of the same size and second is not noticed, nor a change between
// the look and the rename, which are a few round trips apart. What was only written
// to the end of the file is added to whatever is there. A new file is looked for
// where the listing that does not have it is older than two seconds, and once more
// before it is stored two seconds and more after that, by one listing for many of a
// directory; a directory made here within a minute is not looked at again. What an upload that was cut off has left is no
// conflict, if it is a beginning of what is here.
//
// # The spool
//
// Options.SpoolBytes bounds what all spools hold. When they are full, what the
// server has is dropped first; then those uploads that follow a writer confirm what
// they have sent, which leaves the spool and is read from the temporary file on the
// server, and writers wait for that. Where nothing can make room, a write is ENOSPC.
// If such an upload is cut off and the server has less than it had confirmed, the
// Flush fails.
//
// # After a crash
//
// The journal (records in the spool directory) names each temporary file that is
// made on the server and each upload that has begun. [Volume.Recover] of the next
// volume deletes the temporary files, puts back what was moved aside, and finishes
// the uploads, in the background; what an upload has left under the file's own name
// is gone on with if it is a beginning of what is here. Records of what no close has
// acknowledged are not fsynced: they outlive the process, not the machine. Temporary
// files that nobody has a record of are deleted when a listing shows them and their
// name is a day old by the clock of who made them; younger ones may be somebody
// else's. What was written, and neither closed nor synced, stays as spool-* and is
// not uploaded.
//
// With Options.WriteBack a Flush returns when the data and its record are fsynced.
// The upload follows in the background, on all connections but two, and tries again
// with pauses up to a minute as long as the server cannot be reached; Close waits
// for it, Sync too. While a file has waited for five minutes, or 10 000 do, closes
// wait for the server again. If that fails, the close says so, and what was acknowledged
// is tried again with what was written since. A rename of such a file, or of a directory above it,
// uploads it first. Nobody waits for sync(2): the kernel does not tell a FUSE file
// system of it.
//
// A file that is removed or replaced while it is open is fetched first if it is
// small; a large one is given a temporary name instead when it is unlinked, and
// deleted after its last release. Where its directory is removed it is moved to the one
// above.
//
// # What is believed
//
// A listing is believed for TTL from when it was asked for. One of 10 000 entries
// and more is believed for as long as it took to arrive, and for half of TTL at
// least, and its names until two seconds after they were last read. A name that
// it does not have does not exist, unless it had lines that could not be read or
// was cut short.
//
// Who asks for a name waits for one round trip: its facts are asked for together
// with the listing of its directory, and come before those of the others. With a
// TTL of 0 it is asked for alone.
//
// A directory of 300 entries and more is listed anew shortly before its listing
// expires, if names in it are looked up then.
//
// Directories are listed ahead of need for a program that goes down a tree (it
// opens directories), and for one that looks names up in one directory after
// another of the same parent. Nobody waits behind these listings for a name.
//
// A large directory is read while its listing arrives. An entry costs some 60
// octets; the listings that are kept together cost 64 MiB at most, except that
// the newest is kept whatever its size.
// Content is believed as long as size and time of the file stay; an open
// file is checked when it is opened and when it is looked at.
//
// With [DiskOptions] blocks of content whose version the server tells exactly (size,
// and a time to the second that is older than two) are kept on the disk, too, for
// later volumes. Each is compared with its sum when it is read; what is damaged, or
// of another version, is fetched. What is written, removed or refreshed here is
// forgotten there; so is what is renamed, but for what is in memory, too.
//
// Paths are relative to the volume's root, without a leading or trailing
// slash; the root is the empty string.
package cache
