package ftpclient

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"
)

// The limits of one listing. No RFC sets any; a server must not be able to make
// us hold more than this, nor to keep us at it for ever.
const (
	maxListing      = 256 << 20 // octets
	maxListingLines = 1 << 20   // that are held
	maxListingTaken = 1 << 22   // whose entries ListFunc has handed over; its caller may hold them, in less
)

// slowest is the rate, in octets per second, below which a transfer counts as
// stalled though octets move: a server that sends one just before each deadline
// would else never be given up. Modems of 1980 were three times as fast.
const slowest = 10

// listingBound ends a listing that has no end.
type listingBound struct {
	r             io.Reader
	octets, lines int // what may still come

	out  *outflow // makes room for more lines; may be nil
	most int      // that it may take
}

func newListingBound(r io.Reader, out *outflow) *listingBound {
	b := &listingBound{r, maxListing, maxListingLines, out, maxListingTaken}
	if out != nil {
		b.lines -= out.taken // of a listing before
	}
	return b
}

func (b *listingBound) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.octets -= n
	b.lines -= bytes.Count(p[:n], []byte{'\n'})
	taken := 0
	if b.out != nil {
		taken = b.out.taken
	}
	if b.octets < 0 || b.lines+taken < 0 || taken > b.most {
		return n, &protocolError{"a listing without end"}
	}
	return n, err
}

// pace finds transfers that are slower than slowest. Only the time that is
// spent waiting for the server counts, not what its user takes between two
// reads.
type pace struct {
	waited time.Duration
	octets int
}

// took notes that n octets came after a wait. It returns
// os.ErrDeadlineExceeded if what came during the last span of waiting, about as
// long as span, is less than slowest allows.
func (p *pace) took(n int, wait, span time.Duration) error {
	p.waited += wait
	p.octets += n
	if p.waited < span {
		return nil
	}
	enough := float64(p.octets) >= slowest*p.waited.Seconds()
	*p = pace{}
	if !enough {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// Read reads from the data connection, as [dataConn.Read] does, at the least at
// the pace of slowest.
func (t *transfer) Read(p []byte) (int, error) {
	start, patient := time.Now(), t.patience > 0
	n, err := t.dataConn.Read(p)
	if err == nil && !patient {
		err = t.pace.took(n, time.Since(start), t.c.opts.DataTimeout)
	}
	return n, err
}

// lowestPort is the lowest that a data connection goes to. Below it are the
// services of other protocols, which a server that is not what it seems could
// have us talk to in its place, and through which routers let more pass
// (CERT VU#328867); Chromium drew the line there too.
const lowestPort = 1024

var errLowPort = errors.New("the server names a port of another service")
