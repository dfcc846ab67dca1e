package main

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"testing"

	"ftpfs/test/wan"
)

const (
	flagFIN, flagSYN, flagPSH = 1, 2, 8
	controlPort               = 2121
)

// tcp builds an IPv4 packet with a TCP segment, without checksums.
func tcp(client, server uint16, sequence uint32, flags byte, payload string) []byte {
	p := make([]byte, 40, 40+len(payload))
	p[0], p[9], p[32], p[33] = 0x45, 6, 5<<4, flags
	p = append(p, payload...)
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	binary.BigEndian.PutUint16(p[20:], client)
	binary.BigEndian.PutUint16(p[22:], server)
	binary.BigEndian.PutUint32(p[24:], sequence)
	return p
}

func TestTrafficCounts(t *testing.T) {
	syn := tcp(5000, controlPort, 99, flagSYN, "")
	say := func(sequence uint32, text string) []byte {
		return tcp(5000, controlPort, sequence, flagPSH, text)
	}
	for _, c := range []struct {
		name    string
		packets [][]byte
		want    ftpCount
	}{
		{"one by one", [][]byte{syn, say(100, "USER me\r\n"), say(109, "pass x\r\n")},
			ftpCount{Commands: map[string]int{"USER": 1, "PASS": 1}, Controls: 1}},
		{"several in one segment", [][]byte{syn, say(100, "NOOP\r\nNOOP\r\nQUIT\r\n")},
			ftpCount{Commands: map[string]int{"NOOP": 2, "QUIT": 1}, Controls: 1}},
		{"one in several segments", [][]byte{syn, say(100, "US"), say(102, "ER me"), say(107, "\r\n")},
			ftpCount{Commands: map[string]int{"USER": 1}, Controls: 1}},
		{"sent again", [][]byte{syn, syn, say(100, "NOOP\r\n"), say(100, "NOOP\r\n"), say(100, "NOOP\r\nQUIT\r\n")},
			ftpCount{Commands: map[string]int{"NOOP": 1, "QUIT": 1}, Controls: 1}},
		{"numbers that begin again", [][]byte{tcp(5000, controlPort, 1<<32-4, flagSYN, ""), say(1<<32-3, "NOOP\r\n"), say(3, "QUIT\r\n")},
			ftpCount{Commands: map[string]int{"NOOP": 1, "QUIT": 1}, Controls: 1}},
		{"within TLS", [][]byte{syn, say(100, "AUTH TLS\r\n"), say(110, "\x16\x03\x01\nNOOP\n")},
			ftpCount{Commands: map[string]int{"AUTH": 1}, Controls: 1, Hidden: true}},
		{"data connections", [][]byte{syn, tcp(5001, 30000, 7, flagSYN, ""), tcp(5001, 30000, 7, flagSYN, ""), tcp(5002, 30001, 7, flagSYN, ""), tcp(5001, 30000, 8, 0, "x\n")},
			ftpCount{Commands: map[string]int{}, Controls: 1, DataStreams: 2}},
		{"a port used again", [][]byte{syn, say(100, "QUIT\r\n"), tcp(5000, controlPort, 106, flagFIN, ""), tcp(5000, controlPort, 999, flagSYN, ""), say(1000, "NOOP\r\n")},
			ftpCount{Commands: map[string]int{"QUIT": 1, "NOOP": 1}, Controls: 2}},
	} {
		traffic := newTraffic()
		traffic.watch(controlPort)
		for _, p := range c.packets {
			traffic.see(wan.ToServer, p)
		}
		got := traffic.counted()
		if !maps.Equal(got.Commands, c.want.Commands) || got.Controls != c.want.Controls || got.DataStreams != c.want.DataStreams || got.Hidden != c.want.Hidden {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestTrafficRestarts(t *testing.T) {
	traffic := newTraffic()
	traffic.watch(controlPort)
	traffic.see(wan.ToServer, tcp(5000, controlPort, 99, flagSYN, ""))
	traffic.see(wan.ToServer, tcp(5000, controlPort, 100, flagPSH, "NOOP\r\n"))
	traffic.restart()
	traffic.see(wan.ToServer, tcp(5000, controlPort, 106, flagPSH, "QUIT\r\n"))
	traffic.see(wan.ToClient, tcp(controlPort, 5000, 1, flagPSH, "221 Goodbye.\r\n"))
	if got := traffic.counted(); got.total() != 1 || got.Commands["QUIT"] != 1 || got.Controls != 0 {
		t.Errorf("after restart: %+v, want one QUIT on a known connection", got)
	}
}

// Whatever is on the wire, nothing panics.
func TestTrafficTakesAnything(t *testing.T) {
	traffic := newTraffic()
	r := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		p := tcp(5000, 0, 99, flagSYN, "NOOP\r\n")
		for range 3 {
			p[r.IntN(len(p))] = byte(r.Uint32())
		}
		traffic.see(wan.ToServer, p[:r.IntN(len(p)+1)])
	}
}
