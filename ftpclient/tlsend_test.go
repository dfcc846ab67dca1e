package ftpclient

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

// endOfFile tells when a reader has come to its end.
type endOfFile struct {
	io.Reader
	seen chan struct{}
}

func (r endOfFile) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		close(r.seen)
	}
	return n, err
}

// A server that reads late gets all of an upload, though its tickets lie unread
// at the client, which make a reset of a plain close.
func TestTLSUploadReadLate(t *testing.T) {
	f := newTCPFake(t, nil)
	tf := secureFake(f.fake, tls.VersionTLS13)
	late := tf.config.Clone() // with tickets behind the handshake, as OpenSSL sends them
	late.ClientAuth = tls.RequestClientCert
	late.SetSessionTicketKeys([][32]byte{{1}})
	tf.data = func(*fakeSession) *tls.Config { return late }
	content := make([]byte, 128<<10) // more than the server's buffer, less than the client's
	rand.Read(content)
	sent := make(chan struct{})
	f.hook = func(s *fakeSession, verb, arg string) bool {
		if verb != "STOR" {
			return tf.hook(s, verb, arg)
		}
		nc := s.accept().(*tlsData)
		nc.wire.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		s.say("150 go")
		noError(t, "handshake", nc.handshake())
		select {
		case <-sent:
		case <-time.After(5 * time.Second): // buffers are small here
		}
		<-time.After(100 * time.Millisecond) // in which one who does not wait is gone
		b, err := io.ReadAll(nc)
		noError(t, "the server's read", err)
		s.put(arg, string(b))
		nc.Close()
		s.say("226 done")
		return true
	}
	c := tlsClient(f, func(o *Options) {
		tf.explicit(o)
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := f.dial(ctx, network, addr)
			if err == nil {
				err = nc.(*net.TCPConn).SetWriteBuffer(1 << 20)
			}
			return nc, err
		}
	})
	_, err := c.Store(t.Context(), "/f", endOfFile{bytes.NewReader(content), sent}, StoreOptions{})
	noError(t, "Store", err)
	if got, _ := f.get("/f"); got != string(content) {
		t.Errorf("%d of %d octets arrived", len(got), len(content))
	}
}

// A server that waits for the end of the TCP stream behind close_notify gets it
// before its reply is awaited.
func TestTLSUploadEndsTheStream(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, nil)
		tf := secureFake(f.fake, version)
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb != "STOR" {
				return tf.hook(s, verb, arg)
			}
			nc := s.accept().(*tlsData)
			s.say("150 go")
			_, err := io.ReadAll(nc)
			noError(t, "the server's read", err)
			io.Copy(io.Discard, nc.wire.Conn)
			nc.Close()
			s.say("226 done")
			return true
		}
		c := tlsClient(f, func(o *Options) {
			tf.explicit(o)
			o.DataTimeout, o.ReplyTimeout = 5*time.Second, 5*time.Second
		})
		_, err := c.Store(t.Context(), "/f", bytes.NewReader([]byte("abc")), StoreOptions{})
		noError(t, "Store", err)
	})
}
