package ftpclient

import (
	"sync"
	"sync/atomic"
	"time"
)

// tally counts what happens on all connections of a client. Its zero value is
// ready. Any goroutine may use it; the counters are read one by one, so that a
// snapshot of them is not of one instant.
type tally struct {
	commands, replies, refusals atomic.Int64
	in, out                     atomic.Int64 // octets on data connections
	transfers                   atomic.Int64
	logins, failures            atomic.Int64
	receives, sends             meter

	mu      sync.Mutex // a leaf
	isDown  bool       // guarded by mu, as all below
	since   time.Time  // since isDown is what it is; zero: nothing is known yet
	outages int64
	err     error // of the last failure
	errAt   time.Time
}

// replied counts a reply.
func (t *tally) replied(r reply) {
	t.replies.Add(1)
	if r.transient() || r.permanent() {
		t.refusals.Add(1)
	}
}

// up notes a login.
func (t *tally) up() {
	t.logins.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isDown || t.since.IsZero() {
		t.isDown, t.since = false, time.Now()
	}
}

// failed notes that a connection could not be had; down tells that there is none.
func (t *tally) failed(err error, down bool) {
	t.failures.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err, t.errAt = err, time.Now()
	if down && !t.isDown {
		t.isDown, t.since = true, t.errAt
		t.outages++
	}
}

// activity is what one control connection does, for who looks on. Its zero value
// is ready; its owner writes, any goroutine reads.
type activity struct {
	since    time.Time // set before anybody can look
	last     atomic.Pointer[heeded]
	transfer atomic.Pointer[moving]
}

// heeded is a command that was sent.
type heeded struct {
	command
	at time.Time
}

// moving is a transfer under way.
type moving struct {
	cmd   command
	up    bool
	from  int64
	size  atomic.Int64 // octets that it is to move; -1: not known
	bytes atomic.Int64
	begun time.Time
	rate  meter
}

// wrote notes the commands of one write. One that transfers is of more interest
// than those that are written with it, and one that asks for a port ahead of need
// of none.
func (a *activity) wrote(t *tally, cmds []command) {
	t.commands.Add(int64(len(cmds)))
	if len(cmds) == 1 && isPortVerb(cmds[0].verb) && a.last.Load() != nil {
		return
	}
	said := &heeded{cmds[len(cmds)-1], time.Now()}
	for _, cmd := range cmds {
		if transfers(firstWord(cmd.verb)) {
			said.command = cmd
		}
	}
	a.last.Store(said)
}

// transfers tells which commands move data.
func transfers(verb string) bool {
	switch verb {
	case "RETR", "STOR", "APPE", "LIST", "NLST", "MLSD":
		return true
	}
	return false
}

// begins notes a transfer whose data connection is open.
func (a *activity) begins(t *tally, cmd command, at *restart, up bool) *moving {
	m := &moving{cmd: cmd, up: up, from: at.offset, begun: time.Now()}
	m.size.Store(-1)
	if at.expect > 0 {
		m.size.Store(at.expect)
	}
	if at.whole {
		m.size.Store(int64(len(at.content)))
	}
	t.transfers.Add(1)
	a.transfer.Store(m)
	return m
}

// knows notes the size of the file that is being received.
func (m *moving) knows(size int64) {
	if size >= m.from {
		m.size.Store(size - m.from)
	}
}

// moved notes octets of a data connection.
func (m *moving) moved(t *tally, n int) {
	now := time.Now()
	if m.up {
		t.out.Add(int64(n))
		t.sends.add(now, n)
	} else {
		t.in.Add(int64(n))
		t.receives.add(now, n)
	}
	m.bytes.Add(int64(n))
	m.rate.add(now, n)
}

// ended notes that the data connection of a transfer is closed.
func (a *activity) ended(m *moving) { a.transfer.CompareAndSwap(m, nil) }
