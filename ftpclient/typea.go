package ftpclient

import "errors"

// errAsciiOffset tells that there is no place in a file that is changed on its way.
var errAsciiOffset = errors.New("there are no offsets in TYPE A: the server counts other octets than arrive")

// toASCII has the next transfers in TYPE A (RFC 959 section 3.1.1.1): both ends
// change line ends to CR LF for the way. The connection goes back to TYPE I when it
// goes back to the pool.
func (c *conn) toASCII() error {
	if err := c.settle(); err != nil {
		return err
	}
	r, err := c.cmd("TYPE", "A")
	if err != nil {
		return err
	}
	if !r.completed() {
		return &Error{Op: "TYPE", Kind: KindUnsupported, Code: r.code, Text: r.text()}
	}
	c.ascii = true
	return nil
}

// toBinary ends TYPE A. A connection that stays in it is of no use.
func (c *conn) toBinary() {
	if !c.ascii || c.broken != nil {
		return
	}
	r, err := c.cmd("TYPE", "I")
	switch {
	case err != nil:
	case !r.completed():
		c.fail("TYPE", &Error{Op: "TYPE", Kind: KindUnsupported, Code: r.code, Text: r.text()})
	default:
		c.ascii = false
	}
}
