package ftpclient

import "time"

// Type is what kind of thing a directory entry names.
type Type uint8

const (
	TypeUnknown Type = iota // the listing did not say
	TypeFile
	TypeDir
	TypeSymlink
	TypeOther // device, fifo, socket
)

// Entry is what a server says about one name of a directory.
type Entry struct {
	Name string // the bytes the server sent, or as Options.Encoding says, without any directory
	Type Type
	Size int64 // octets; -1 if the server did not say

	ModTime time.Time // UTC; the zero time if the server did not say
	// Precision is how exact ModTime is: a second (MLSD, MDTM), a minute or a
	// day (LIST); 0 if ModTime is zero.
	Precision time.Duration

	Mode    uint32 // permission bits, 07777
	HasMode bool   // whether Mode was told

	Owner, Group string // as printed, names or numbers; may be empty
	Target       string // of a symlink, if the listing shows it

	// Unique is the unique fact (RFC 3659 section 7.5.2). It identifies an
	// object only where Type is TypeFile or TypeDir: ProFTPD gives a symlink
	// that of its target.
	Unique string

	prefix bool // of names of data sets: MVS shows it as a directory
}

// Listing is the content of one directory.
type Listing struct {
	// Entries are in the server's order, without "." and "..".
	Entries []Entry
	// Skipped are the lines that could not be read, or whose names a
	// directory cannot hold. They are never dropped without being here.
	Skipped []Skipped
	// Truncated tells that the server said it had cut the listing short.
	Truncated bool
	// Retime moves the time of an entry that ListFunc handed over with a
	// Precision above a second to UTC, by its own date: LIST was in another
	// zone. It sets ModTime by ModTime and Precision alone, does not block and
	// may be called at any time; nil moves nothing.
	Retime func(e *Entry)

	dots bool // "." or ".." was listed
}

// Complete reports whether a name that is not among the entries does not
// exist.
func (l *Listing) Complete() bool { return len(l.Skipped) == 0 && !l.Truncated }

// Skipped is a listing line without an entry, and the reason.
type Skipped struct {
	Line   string // at most 1 KiB of it
	Reason string
}
