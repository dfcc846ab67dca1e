package ftpclient

import (
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"
)

// recordMeter notes how long the records of TLS are that arrive on a connection.
type recordMeter struct {
	net.Conn
	header []byte // of a record, as far as it is there
	rest   int    // octets of a record that are yet to come
	sizes  []int
}

func (m *recordMeter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	for _, b := range p[:n] {
		switch {
		case m.rest > 0:
			m.rest--
		default:
			if m.header = append(m.header, b); len(m.header) == 5 {
				m.rest = int(binary.BigEndian.Uint16(m.header[3:]))
				m.sizes, m.header = append(m.sizes, m.rest), nil
			}
		}
	}
	return n, err
}

// quirkRecordRest: many commands in one write are in records that servers take from
// their TLS library whole.
func TestCommandsInSmallRecords(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		f := newTCPFake(t, nil)
		tf := secureFake(f.fake, version)
		var meter *recordMeter
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb == "AUTH" {
				meter = &recordMeter{Conn: s.nc}
				s.nc = meter
			}
			return tf.hook(s, verb, arg)
		}
		c := f.client(func(o *Options) { tf.explicit(o); o.Dial = f.dial })
		_, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		cn, err := connect(t.Context(), 2, c.srv, &c.opts, func() {})
		noError(t, "second login", err)
		before := len(meter.sizes)
		replies, err := cn.flight(slices.Repeat([]command{{"NOOP", ""}}, 3000), c.opts.ReplyTimeout)
		noError(t, "commands", err)
		if n := len(meter.sizes) - before; len(replies) != 3000 || n < 3000*6/1024 || slices.Max(meter.sizes[before:]) > 1024 {
			t.Errorf("%d replies; %d records, the largest of %d octets", len(replies), n, slices.Max(meter.sizes[before:]))
		}
		cn.quit("done")
	})
}

// quirkRecordRest: records end where commands do.
func TestRecordsOfWholeCommands(t *testing.T) {
	long := strings.Repeat("x", 2*recordMost) + "\r\n"
	short := strings.Repeat("NOOP\r\n", 200)
	b := []byte(short + long + short + "QUIT")
	var got []byte
	for len(b) > 0 {
		n := recordOf(b)
		rec := b[:n]
		got, b = append(got, rec...), b[n:]
		if n > recordMost && string(rec) != long || rec[n-1] != '\n' && len(b) > 0 {
			t.Errorf("a record of %d octets: %.20q ... %q", n, rec, rec[n-1])
		}
	}
	if string(got) != short+long+short+"QUIT" {
		t.Error("not all is in the records")
	}
}
