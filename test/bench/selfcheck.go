package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"
)

// A selfCheck is what a link was measured to be, with TCP and no FTP.
type selfCheck struct {
	RTT        float64 `json:"rtt_seconds"`          // as it was asked for
	Median     float64 `json:"measured_rtt_seconds"` // of an octet there and back
	Worst      float64 `json:"worst_rtt_seconds"`
	Throughput float64 `json:"bytes_per_second"` // of 32 MiB from the server, connection and slow start included
}

func (c selfCheck) String() string {
	return fmt.Sprintf("link: round trip %.2f ms (median; asked for %.2f, worst %.2f), %.1f MB/s",
		c.Median*1e3, c.RTT*1e3, c.Worst*1e3, c.Throughput/1e6)
}

// echoes is how many octets go there and back, and bulk how many come then.
const echoes, bulk = 20, 32 << 20

// checkLink measures the link.
func (s *site) checkLink(rtt time.Duration) (c selfCheck, err error) {
	listener, err := s.link.Listen(0)
	if err != nil {
		return c, err
	}
	defer listener.Close()
	go answerChecks(listener)
	address := netip.AddrPortFrom(s.link.ServerAddr(), uint16(listener.Addr().(*net.TCPAddr).Port)).String()
	conn, err := net.DialTimeout("tcp", address, mountTime)
	if err != nil {
		return c, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return c, err
	}
	var trips []float64
	octet := []byte{0}
	for range echoes {
		begin := time.Now()
		if _, err := conn.Write(octet); err != nil {
			return c, err
		}
		if _, err := io.ReadFull(conn, octet); err != nil {
			return c, err
		}
		trips = append(trips, time.Since(begin).Seconds())
	}
	slices.Sort(trips)
	begin := time.Now()
	n, err := io.Copy(io.Discard, conn)
	if err == nil && n != bulk {
		err = fmt.Errorf("the link brought %d bytes of %d", n, bulk)
	}
	return selfCheck{rtt.Seconds(), trips[echoes/2], trips[echoes-1], float64(n) / time.Since(begin).Seconds()}, err
}

// answerChecks is the other end of checkLink, once. What goes wrong here goes
// wrong there too, and is told there.
func answerChecks(l net.Listener) {
	conn, err := l.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := io.CopyN(conn, conn, echoes); err != nil {
		return
	}
	buffer := make([]byte, 1<<20)
	for range bulk / len(buffer) {
		if _, err := conn.Write(buffer); err != nil {
			return
		}
	}
}
