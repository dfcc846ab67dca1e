package model

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
)

// relay passes the control connections of a mount to its server, and notes when
// the server listed which directory. Data connections do not go through it. Now
// and then it holds back what the server says, so that what goes on at the same
// time gets in between.
type relay struct {
	*links
	t     testing.TB
	addr  string // of the server
	root  string // of the mount, on the server
	clock func() time.Duration

	mu       sync.Mutex
	listings map[string][]span // by directory; guarded by mu, as rng
	rng      *rand.Rand
}

func newRelay(t testing.TB, addr, root string, seed uint64, clock func() time.Duration) *relay {
	t.Helper()
	r := &relay{links: newLinks(t), t: t, addr: addr, root: root, clock: clock, listings: map[string][]span{},
		rng: rand.New(rand.NewPCG(seed, 99))}
	r.accept(r.take)
	return r
}

func (r *relay) take(client net.Conn) {
	server, err := net.DialTimeout("tcp", r.addr, 10*time.Second)
	if err != nil {
		r.t.Errorf("relay: %v", err)
		client.Close()
		return
	}
	if !r.keep(client, server) {
		return
	}
	s := &session{r: r}
	r.all.Go(func() { s.up(client, server) })
	r.all.Go(func() { s.down(client, server) })
}

// listed notes a listing.
func (r *relay) listed(dir string, s span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listings[dir] = append(r.listings[dir], s)
}

// hold is for how long a reply is held back; one that ends a listing more often,
// so that changes end while what it tells is already old.
func (r *relay) hold(listed bool) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch n := r.rng.IntN(24); {
	case listed && n < 8:
		return time.Duration(r.rng.IntN(200)) * time.Millisecond
	case n < 4:
		return time.Duration(r.rng.IntN(60)) * time.Millisecond
	}
	return 0
}

// cut tells whether a piece is to be cut here.
func (r *relay) cut() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rng.IntN(16) == 0
}

// session is one control connection.
type session struct {
	r *relay

	mu      sync.Mutex
	dir     string // that CWD went to, or tried to; guarded by mu, as all below
	pending []asked
}

// asked is a command without its last reply; dir is set if it lists.
type asked struct {
	at  time.Duration
	dir string
	is  bool
}

// up passes the commands, each noted before the server can have it. What came in
// one piece goes on in one piece, but is cut now and then, as networks do.
func (s *session) up(client, server net.Conn) {
	defer server.(*net.TCPConn).CloseWrite()
	in := bufio.NewReader(client)
	piece := ""
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			s.command(strings.TrimRight(line, "\r\n"))
		}
		if piece += line; in.Buffered() > 0 && !s.r.cut() {
			continue
		}
		if _, werr := io.WriteString(server, piece); werr != nil || err != nil {
			return
		}
		piece = ""
	}
}

func (s *session) command(line string) {
	verb, arg, _ := strings.Cut(line, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	a := asked{at: s.r.clock()}
	switch verb {
	case "CWD":
		s.dir = arg
	case "LIST":
		a.dir, a.is = s.dir, true
	case "STAT":
		a.dir, a.is = s.dir, arg != ""
	case "MLSD":
		a.dir, a.is = arg, true
	}
	s.pending = append(s.pending, a)
}

// down passes the replies, in which the last line of each ends a command.
func (s *session) down(client, server net.Conn) {
	defer s.r.drop(client, server)
	in := bufio.NewReader(server)
	long := "" // the code of the long reply that goes on
	for {
		line, err := in.ReadString('\n')
		listed := false
		if len(line) >= 4 {
			switch code := line[:3]; {
			case long == "" && line[3] == '-':
				long = code
			case long == "" || long == code && line[3] == ' ':
				long = ""
				listed = s.replied(code)
			}
		}
		if in.Buffered() == 0 {
			<-time.After(s.r.hold(listed))
		}
		if _, werr := io.WriteString(client, line); werr != nil || err != nil {
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				s.r.t.Logf("relay: %v", err)
			}
			return
		}
	}
}

// replied notes the end of the oldest command, and tells whether it lists.
func (s *session) replied(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code[0] == '1' || len(s.pending) == 0 {
		return false // there is more to come, or it is the greeting
	}
	a := s.pending[0]
	s.pending = s.pending[1:]
	if a.is {
		dir := strings.Trim(strings.TrimPrefix(path.Clean(a.dir), s.r.root), "/")
		s.r.listed(dir, span{a.at, s.r.clock()})
	}
	return a.is
}
