package ftpclient

import (
	"context"
	"io"
	"time"
)

// Client is one server, as one user. Make it with New.
type Client struct {
	opts Options
}

// New checks the options and returns a Client. It does not touch the network.
func New(o Options) (*Client, error) { panic("unbuilt") }

// Connect makes sure that one control connection is logged in and returns the
// directory the server put it in. It is the way to find out early whether
// host, port, user and password are right: it does not retry a refused login.
func (c *Client) Connect(ctx context.Context) (home string, err error) { panic("unbuilt") }

// Features returns what is known of the server so far.
func (c *Client) Features() Features { panic("unbuilt") }

// List returns the content of a directory, by MLSD or else LIST. A directory
// that does not exist is KindNotExist, never an empty listing. Times are to
// the second where the server can tell (MDTM for the files of a LIST, sent in
// one flight).
func (c *Client) List(ctx context.Context, dir string) (*Listing, error) { panic("unbuilt") }

// Stat returns the entry of one path, by MLST or else from its parent's
// listing. It does not follow symbolic links where the server lets one tell.
// The entry's name is the last element of path; that of "/" is "/".
func (c *Client) Stat(ctx context.Context, path string) (Entry, error) { panic("unbuilt") }

// Verify returns size and modification time of a file by the cheapest
// commands there are (MLST, else SIZE and MDTM); what the server does not
// tell is -1 or zero. Mode is set only by MLST.
func (c *Client) Verify(ctx context.Context, path string) (Entry, error) { panic("unbuilt") }

// Readlink returns the target of a symbolic link as the server stores it.
func (c *Client) Readlink(ctx context.Context, path string) (string, error) { panic("unbuilt") }

// Retrieve opens a file for reading from offset (octets). ctx bounds the
// whole download: when it ends, reads fail and the connection is given up.
func (c *Client) Retrieve(ctx context.Context, path string, offset int64) (*Download, error) {
	panic("unbuilt")
}

// StoreOptions say where the octets of a Store go.
type StoreOptions struct {
	Append bool  // APPE instead of STOR
	Offset int64 // REST before STOR; only where the server was seen to do it right
}

// Store sends r to a file until io.EOF and returns how many octets were sent
// and the server's final answer. A nil error means a 2yz after the last byte.
// If r fails, the data connection is reset rather than ended, so that a server
// can tell, and r's error is returned as it is.
// Store is not retried.
func (c *Client) Store(ctx context.Context, path string, r io.Reader, o StoreOptions) (int64, error) {
	panic("unbuilt")
}

// Delete removes a file or symbolic link.
func (c *Client) Delete(ctx context.Context, path string) error { panic("unbuilt") }

// Mkdir makes a directory.
func (c *Client) Mkdir(ctx context.Context, path string) error { panic("unbuilt") }

// Rmdir removes an empty directory.
func (c *Client) Rmdir(ctx context.Context, path string) error { panic("unbuilt") }

// Rename gives a file or directory another path. Whether an existing target
// is replaced is the server's choice.
func (c *Client) Rename(ctx context.Context, from, to string) error { panic("unbuilt") }

// Chmod sets permission bits by SITE CHMOD. KindUnsupported where the server
// has no such command.
func (c *Client) Chmod(ctx context.Context, path string, mode uint32) error { panic("unbuilt") }

// SetModTime sets the modification time to the second, by MFMT, MDTM with two
// arguments or SITE UTIME, whichever the server has; KindUnsupported if none
// (or none for directories, as vsftpd).
func (c *Client) SetModTime(ctx context.Context, path string, t time.Time, dir bool) error {
	panic("unbuilt")
}

// Symlink makes path a symbolic link to target by SITE SYMLINK;
// KindUnsupported where the server has no such command.
func (c *Client) Symlink(ctx context.Context, target, path string) error { panic("unbuilt") }

// Close ends all connections, with QUIT where they are idle. Operations in
// flight fail with KindClosed.
func (c *Client) Close() error { panic("unbuilt") }

// Download is a RETR in progress. It owns a control connection until Close.
// Its methods are for one goroutine at a time, unless they say otherwise.
type Download struct{}

// Read reads from the data connection. io.EOF comes only after the server has
// confirmed the transfer with its final reply; a stream cut short is
// KindTruncated or KindNetwork.
func (d *Download) Read(p []byte) (int, error) { panic("unbuilt") }

// Close ends the download. If it was not read to its end, the data connection
// is closed early, what the server says of it is read with a short deadline,
// and the control connection is kept if it is in step.
func (d *Download) Close() error { panic("unbuilt") }

// Park says that the download is at rest: until Resume the pool may close it
// to use its connection for somebody who waits.
func (d *Download) Park() { panic("unbuilt") }

// Resume ends Park and reports whether the download still stands where it
// was; false means it was closed meanwhile.
func (d *Download) Resume() bool { panic("unbuilt") }

// Contended reports whether somebody waits for a connection and this download
// has had its share. Its owner should Close it soon. Any goroutine may call it.
func (d *Download) Contended() bool { panic("unbuilt") }
