package transfer

import (
	"errors"
	"fmt"
	"time"

	"ftpfs/ftpclient"
)

// Options say how files are moved.
type Options struct {
	Parallel  int  // files at a time, at least 1
	Recursive bool // directories too
	// Continue leaves alone what is there already with the same size and time, and
	// goes on with the parts that an interrupted transfer has left.
	Continue bool
	ASCII    bool // TYPE A: line ends are changed to those of the receiver
	// Rate is how many octets a second are moved at most, all files together; 0: as
	// many as go. Two servers that send to each other do not heed it.
	Rate    int64
	NoTimes bool // files get the time of their arrival, not the one they had
	// Direct lets two servers send to each other (Copy only).
	Direct Direct

	Report Reporter // may be nil
}

// Direct says whether the servers of a Copy may send to each other (FXP).
type Direct uint8

const (
	DirectNever Direct = iota // everything goes through this machine
	DirectTry                 // through this machine where the servers will not
	DirectOnly                // where they will not is an error
)

// Reporter is told how it goes. Its methods, and those of its Meters, may be called
// from several goroutines and must not block for long.
type Reporter interface {
	// Found tells that there is more to be moved.
	Found(files int, octets int64)
	// Begin tells that a file of so many octets, -1 if nobody knows, is under way,
	// from an octet on.
	Begin(name string, size, from int64) Meter
	// Note is for what a person should know that is no failure.
	Note(text string)
}

// Meter follows one file.
type Meter interface {
	Add(octets int)
	End(err error) // nil: it is there, whole
}

// Result is what has become of a transfer.
type Result struct {
	Files    int   // moved
	Same     int   // left alone: they were there already
	Octets   int64 // moved
	Failures []Failure
	// Parts are what interrupted transfers have left, to be gone on with.
	Parts []string
	// Interrupted tells that the context ended before all was done.
	Interrupted bool
}

// Failure is something that was not done.
type Failure struct {
	Path string // here or on the server
	Err  error
}

// Reasons why something is not done that no server and no kernel gives.
var (
	ErrIsDir   = errors.New("a directory: -r takes it with all that is in it")
	ErrChanged = errors.New("it changed while it was read: nothing was put in its place")
	ErrName    = errors.New("the server tells a name that no file here can have")
	errNoCat   = errors.New("a directory: there is nothing to write of it")
	errDirLink = errors.New("a link to a directory: left out")
	errGivenUp = errors.New("not tried: the connection to the server was lost again and again")
)

// sizeError tells that not as many octets have arrived as there are.
func sizeError(want, got int64) error {
	return fmt.Errorf("%d octets of %d have arrived: nothing was put in its place", got, want)
}

// sameVersion reports whether two entries are provably of the same content: of the
// same size and, to the second, of the same time.
func sameVersion(a, b ftpclient.Entry) bool {
	return exact(a) && exact(b) && a.Size == b.Size && a.ModTime.Truncate(time.Second).Equal(b.ModTime.Truncate(time.Second))
}

// exact reports whether an entry tells one version from others.
func exact(e ftpclient.Entry) bool {
	return e.Size >= 0 && !e.ModTime.IsZero() && e.Precision > 0 && e.Precision <= time.Second
}

// nobody is the Reporter where there is none.
type nobody struct{}

func (nobody) Found(int, int64)                 {}
func (nobody) Begin(string, int64, int64) Meter { return nobody{} }
func (nobody) Note(string)                      {}
func (nobody) Add(int)                          {}
func (nobody) End(error)                        {}
