package ftpclient

import (
	"bytes"
	"crypto/tls"
)

// recordMost is how many octets of commands one record of TLS has, unless it is one
// command that is longer (quirkRecordRest).
const recordMost = 512

// tlsControl is a control connection over TLS.
type tlsControl struct{ *tls.Conn }

// Write writes commands in records that a server takes from its TLS library as a
// whole, also one that looks at the network alone for more, or for the CR before a
// LF among what it has just taken (quirkRecordRest).
func (t tlsControl) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = t.Conn.Write(b[n : n+recordOf(b[n:])])
		n += m
	}
	return n, err
}

// recordOf is how many octets of b go into the next record.
func recordOf(b []byte) int {
	if len(b) <= recordMost {
		return len(b)
	}
	if end := bytes.LastIndexByte(b[:recordMost], '\n'); end >= 0 {
		return end + 1
	}
	if end := bytes.IndexByte(b, '\n'); end >= 0 {
		return end + 1
	}
	return len(b)
}
