package main

import (
	"bytes"
	"encoding/binary"
	"maps"
	"strings"
	"sync"

	"ftpfs/test/wan"
)

// traffic counts what FTP clients do on a link by looking at the packets. It is
// a wan.Config.Tap.
type traffic struct {
	mu      sync.Mutex
	control uint16              // the server's port
	flows   map[uint16]*flow    // control connections by the client's port
	opened  map[connection]bool // to count a repeated SYN once
	count   ftpCount
}

// ftpCount is what clients did.
type ftpCount struct {
	Commands    map[string]int `json:"commands"` // by their verb
	Hidden      bool           `json:"hidden"`   // some of them were within TLS
	Controls    int            `json:"control_connections"`
	DataStreams int            `json:"data_connections"`
}

// total is the number of commands.
func (c ftpCount) total() (n int) {
	for _, k := range c.Commands {
		n += k
	}
	return n
}

// A connection is told from others by the client's port and its first sequence
// number.
type connection struct {
	client, server uint16
	sequence       uint32
}

// A flow is what a client says on a control connection.
type flow struct {
	next uint32 // sequence number of what comes next
	line []byte // not yet ended
	tls  bool
}

func newTraffic() *traffic {
	t := &traffic{flows: map[uint16]*flow{}, opened: map[connection]bool{}}
	t.count.Commands = map[string]int{}
	return t
}

// watch says which port of the server has its control connections.
func (t *traffic) watch(port int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.control = uint16(port)
}

// restart begins to count anew. Connections that are open stay known.
func (t *traffic) restart() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count = ftpCount{Commands: map[string]int{}}
	for _, f := range t.flows {
		t.count.Hidden = t.count.Hidden || f.tls
	}
}

// counted returns what was counted since restart.
func (t *traffic) counted() ftpCount {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.count
	c.Commands = maps.Clone(c.Commands)
	return c
}

// see takes an IPv4 packet as the link hands it over.
func (t *traffic) see(d wan.Direction, packet []byte) {
	s, ok := parseSegment(packet)
	if d != wan.ToServer || !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.syn {
		t.open(s)
	} else if f := t.flows[s.client]; f != nil && s.server == t.control {
		t.hear(f, s)
		if s.ends {
			delete(t.flows, s.client)
		}
	}
}

func (t *traffic) open(s segment) {
	c := connection{s.client, s.server, s.sequence}
	if t.opened[c] {
		return
	}
	t.opened[c] = true
	if s.server != t.control {
		t.count.DataStreams++
		return
	}
	t.count.Controls++
	t.flows[s.client] = &flow{next: s.sequence + 1}
}

// hear takes what is new in a segment of a control connection.
func (t *traffic) hear(f *flow, s segment) {
	old := int32(f.next - s.sequence)
	if old < 0 {
		old = 0 // the link lost what was before, for good as far as we see
	}
	if f.tls || int(old) >= len(s.payload) {
		return
	}
	f.line = append(f.line, s.payload[old:]...)
	f.next = s.sequence + uint32(len(s.payload))
	for !f.tls {
		line, rest, ok := bytes.Cut(f.line, []byte("\n"))
		if !ok {
			return
		}
		f.line = rest
		verb, _, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		verb = strings.ToUpper(verb)
		t.count.Commands[verb]++
		f.tls = verb == "AUTH"
	}
	t.count.Hidden = true
}

// A segment is of TCP.
type segment struct {
	client, server uint16
	sequence       uint32
	syn, ends      bool
	payload        []byte
}

// parseSegment reads an IPv4 packet (RFC 791, RFC 9293).
func parseSegment(p []byte) (s segment, ok bool) {
	if len(p) < 20 || p[9] != 6 {
		return s, false
	}
	header := int(p[0]&15) * 4
	length := int(binary.BigEndian.Uint16(p[2:]))
	if length > len(p) || header+20 > length {
		return s, false
	}
	tcp := p[header:length]
	offset := int(tcp[12]>>4) * 4
	if offset > len(tcp) {
		return s, false
	}
	const fin, syn, rst = 1, 2, 4
	return segment{
		client: binary.BigEndian.Uint16(tcp), server: binary.BigEndian.Uint16(tcp[2:]),
		sequence: binary.BigEndian.Uint32(tcp[4:]),
		syn:      tcp[13]&syn != 0, ends: tcp[13]&(fin|rst) != 0,
		payload: tcp[offset:],
	}, true
}
