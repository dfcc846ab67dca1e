package ftpserver

import (
	"bufio"
	"errors"
	"io"
)

// maxLine is the longest command line in bytes that is read as one.
const maxLine = 8 << 10

// errLineTooLong is a line that was longer than maxLine and dropped.
var errLineTooLong = errors.New("command line too long")

// The Telnet commands (RFC 854) that the control connection may carry.
const (
	telnetSE   = 240
	telnetDM   = 242
	telnetIP   = 244
	telnetSB   = 250
	telnetWILL = 251
	telnetDONT = 254
	telnetIAC  = 255
)

// lineReader reads command lines from a control connection: it ends them at
// LF, drops the CR before it, and takes Telnet commands out of the stream
// (RFC 959 section 5.3.1, RFC 1123 section 4.1.2.12).
type lineReader struct {
	r       *bufio.Reader
	literal bool // there are no Telnet commands, 0xFF is a byte like any other
}

func newLineReader(r io.Reader, literal bool) *lineReader {
	return &lineReader{bufio.NewReaderSize(r, 4096), literal}
}

// next returns the next line. It returns errLineTooLong for one that was
// dropped, and any other error for good; an unfinished last line is lost.
func (l *lineReader) next() (string, error) {
	var buf []byte
	tooLong := false
	for {
		b, isData, err := l.byte()
		switch {
		case err != nil:
			return "", err
		case b == '\n' && isData && tooLong:
			return "", errLineTooLong
		case b == '\n' && isData:
			if n := len(buf); n > 0 && buf[n-1] == '\r' {
				buf = buf[:n-1]
			}
			return string(buf), nil
		case !isData || tooLong:
		case b == 0 && len(buf) > 0 && buf[len(buf)-1] == '\r':
			// CR NUL is Telnet's carriage return that ends no line.
		case len(buf) == maxLine:
			tooLong = true
		default:
			buf = append(buf, b)
		}
	}
}

// byte returns the next byte, and false with it if it was a Telnet command. A
// single 0xFF before a byte that is no Telnet command is taken as it is:
// clients that know nothing of Telnet send such names.
func (l *lineReader) byte() (b byte, isData bool, err error) {
	if b, err = l.r.ReadByte(); err != nil || b != telnetIAC || l.literal {
		return b, true, err
	}
	if b, err = l.r.ReadByte(); err != nil {
		return 0, false, err
	}
	switch {
	case b == telnetIAC:
		return telnetIAC, true, nil
	case b < telnetSE:
		return telnetIAC, true, l.r.UnreadByte()
	case b == telnetSB:
		return 0, false, l.skipSubnegotiation()
	case b >= telnetWILL && b <= telnetDONT:
		_, err = l.r.ReadByte()
	}
	return 0, false, err
}

// skipSubnegotiation reads to the next IAC SE.
func (l *lineReader) skipSubnegotiation() error {
	for last := byte(0); ; {
		b, err := l.r.ReadByte()
		if err != nil {
			return err
		}
		if last == telnetIAC && b == telnetSE {
			return nil
		}
		last = b
	}
}
