package ftpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// In TYPE A servers change line ends (RFC 959 section 3.1.1.1), and a file is
// not what it was. All sessions are in TYPE I; some servers forget it, or never
// heed it. Their own words tell, or the number of octets.

// saysASCII recognises a transfer that the server says is in ASCII mode.
func saysASCII(r reply) bool {
	text := strings.ToLower(r.text())
	return r.preliminary() && strings.Contains(text, "ascii mode") && !strings.Contains(text, "binary")
}

// forgotType tells that a transfer of a file, which the server has just begun,
// is to be given up and begun again after another TYPE I (quirkForgetsType). A
// server that says ASCII all the same is believed no more: then it counts.
func (c *conn) forgotType(cmd command, r reply) bool {
	switch cmd.verb {
	case "RETR", "STOR", "APPE":
	default:
		return false
	}
	if c.ascii || !saysASCII(r) {
		c.retyped = false
		return false
	}
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if c.retyped {
		c.srv.wordy = true
	}
	return !c.srv.wordy
}

// beginAgain gives up a transfer without looking at its data, and begins it
// anew in TYPE I; but for an APPE of which all may be there already, changed.
func (c *conn) beginAgain(ctx context.Context, t *transfer, cmd command, at *restart) (*transfer, reply, error) {
	given := t.upload != nil && cmd.verb == "APPE"
	t.abandon(errASCII)
	c.retyped = true
	r, err := c.cmd("TYPE", "I")
	if err != nil {
		return nil, r, err
	}
	if !r.completed() {
		return nil, r, c.fail("TYPE", notBinary(r))
	}
	c.opts.Trace.learned("the server had forgotten TYPE I")
	if given {
		return nil, r, &Error{Op: cmd.verb, Path: cmd.arg, Kind: KindUnsupported, Err: errASCII}
	}
	return c.begin(ctx, cmd, at)
}

var errASCII = errors.New("the server transfers in ASCII mode, although it was told TYPE I")

// wholeFile checks that the octets of a file that is read from its beginning
// are as many as the server said before (quirkSendsASCII). The last of them are
// held back until the end is seen, so that nobody takes changed data for whole.
//
// In ASCII mode every LF has a CR before it. One without, or a file with line
// ends of which the count was right, proves that a server sends files as they
// are; it is not checked again.
type wholeFile struct {
	size  int64
	lines bool // a line end was among them
	last  byte
}

// plainLine looks for a LF without a CR before it.
func (w *wholeFile) plainLine(p []byte) bool {
	for i := 0; i < len(p); i++ {
		k := bytes.IndexByte(p[i:], '\n')
		if k < 0 {
			break
		}
		w.lines = true
		if i += k; i > 0 && p[i-1] != '\r' || i == 0 && w.last != '\r' {
			return true
		}
	}
	if len(p) > 0 {
		w.last = p[len(p)-1]
	}
	return false
}

// sizeAnnounced finds "(5 bytes)", which many servers put into their 150.
func sizeAnnounced(r reply) (int64, bool) {
	all := bytesWord.FindAllStringSubmatch(r.text(), -1)
	if !r.preliminary() || len(all) == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(all[len(all)-1][1], 10, 64)
	return n, err == nil && n > 0
}

var bytesWord = regexp.MustCompile(`\((\d+) bytes?\)`)

// toCheck returns the check of a download that begins with r; nil if none is
// needed or possible.
func (s *server) toCheck(r reply, size int64) *wholeFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	if announced, ok := sizeAnnounced(r); ok && size < 0 {
		size = announced
	}
	if s.binary || size <= 0 {
		return nil
	}
	return &wholeFile{size: size}
}

// sizeToCheck asks for the size of a file where only counting tells whether it is
// sent as it is: -1 where that is not needed, or not told.
func (c *conn) sizeToCheck(path string) (int64, error) {
	c.srv.mu.Lock()
	ask := c.srv.wordy && !c.srv.binary
	c.srv.mu.Unlock()
	if !ask {
		return -1, nil
	}
	return c.size(path)
}

// unprovable tells of a download that begins with r, of a file whose size is
// not known, that nothing speaks for its data: the server says ASCII, always
// did, and no file of it was ever counted.
func (s *server) unprovable(r reply, size int64) bool {
	_, announced := sizeAnnounced(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wordy && !s.binary && size < 0 && !announced && saysASCII(r)
}

// doubtful tells of a download that begins with r, of which only a part will be read,
// that nothing speaks for its data.
func (s *server) doubtful(r reply) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wordy && !s.binary && saysASCII(r)
}

// checkStored compares the size of a file that was stored while the server said
// ASCII with what was sent.
func (c *conn) checkStored(path string, sent int64) error {
	size, err := c.size(path)
	switch {
	case err != nil:
		return err
	case size >= 0 && size != sent:
		return &Error{Op: "STOR", Path: path, Kind: KindUnsupported,
			Err: fmt.Errorf("%w: of %d octets it has made %d", errASCII, sent, size)}
	}
	return nil
}

// noBeginning is the error of an upload in ASCII mode. If it was cut off, what has
// arrived is no beginning of what was sent: it must not be gone on with.
func noBeginning(cmd command, err error) error {
	if !isKind(err, KindNetwork, KindTimeout, KindProtocol) {
		return err
	}
	return &Error{Op: cmd.verb, Path: cmd.arg, Kind: KindTruncated, Err: fmt.Errorf("%w: %w", errASCII, err)}
}

// readChecked is Read of a download whose size is checked.
func (d *Download) readChecked(p []byte) (int, error) {
	w := d.whole
	n, err := d.t.Read(p)
	if w.plainLine(p[:n]) {
		d.c.srv.provenBinary()
		d.whole = nil
		return n, err
	}
	if err != nil || d.t.bytes < w.size {
		return n, err
	}
	var more [1]byte
	if _, err = io.ReadFull(d.t, more[:]); err == nil || d.t.bytes > w.size {
		return 0, errMore
	}
	return n, err
}

// errMore is what readChecked has for verdict to look into.
var errMore = errors.New("more octets than the file has")

// checkedEnd is the verdict on a download whose size is checked, and which the
// server has called whole.
func (d *Download) checkedEnd() error {
	w := d.whole
	switch {
	case w == nil:
	case d.t.bytes < w.size:
		return &Error{Op: "RETR", Path: d.path, Kind: KindTruncated,
			Err: fmt.Errorf("%d octets came of %d, and the server says that is all: it may send in ASCII mode", d.t.bytes, w.size)}
	case w.lines:
		d.c.srv.provenBinary()
	}
	return io.EOF
}

func (s *server) provenBinary() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.binary = true
}

// changedData is why more came than the file has: somebody else has made it
// grow, or if its size is still the same, the server has changed the data.
func (d *Download) changedData() error {
	d.t.abandon(errMore)
	now, err := d.c.size(d.path)
	switch {
	case err != nil:
		return err
	case now > d.whole.size:
		return &Error{Op: "RETR", Path: d.path, Kind: KindTruncated, Err: errGrown}
	}
	return &Error{Op: "RETR", Path: d.path, Kind: KindUnsupported,
		Err: fmt.Errorf("%w: more came than the %d octets of the file", errASCII, d.whole.size)}
}

var errGrown = errors.New("the file grew while it was read")
