// Package transfer moves files and trees between this machine and FTP servers, and
// from one server to another, without a mount: what get, put, copy, rm and ls of
// the program do.
//
// A tree is listed as a mount lists it ahead (many directories in one flight where
// the server stands that), while files are on their way already, as many at a time
// as there are connections.
//
// A file comes into being whole: what is under way has a name of its own beside the
// target (see partName), which tells the version it is of, and takes the target's
// name when its size is right. Only small files that replace nothing are sent to a
// server under their own name. Parts of an interrupted transfer stay, for
// [Options.Continue] to go on with.
//
// One file that fails does not stop the others: it is in Result.Failures. Names that
// a server tells never lead out of the target directory (os.Root), and every name in
// a text for people is made printable by who shows it.
package transfer
