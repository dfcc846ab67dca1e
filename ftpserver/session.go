package ftpserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"sync"
	"time"
)

const (
	// maxQueue is how many commands are read ahead while a transfer runs.
	maxQueue = 1024
	// maxFailures is how many wrong passwords end a session.
	maxFailures = 3
	// maxUnknown is how many unknown commands in a row end a session, before
	// and after login: what speaks to us is not an FTP client (CVE-2021-3618).
	maxUnknown, maxUnknownLoggedIn = 4, 25
)

// session is one control connection. All fields belong to the goroutine that
// runs serve.
type session struct {
	srv    *Server
	id     int
	conn   net.Conn // TCP
	out    *bufio.Writer
	log    *slog.Logger
	ctx    context.Context // ends when the session must end at once
	cancel context.CancelFunc

	implicit  bool          // TLS from the first byte on
	tls       *tls.Conn     // conn under TLS; nil: in the clear
	tlsConfig *tls.Config   // see sessionTLS
	resume    chan net.Conn // lets a held reader go on, with another connection unless nil
	held      bool          // of the line that is being obeyed
	ahead     bool          // "
	upgrade   bool          // 234 was answered
	pbsz      bool          // PBSZ was given
	protected bool          // PROT P
	transfers sync.WaitGroup

	queue    []line    // read while a transfer ran
	transfer *transfer // nil if none is running
	outcome  chan outcome
	stalled  bool // by a fault rule: nothing is obeyed or answered

	odd         FaultKind // of the command that is obeyed; FaultDelay: none
	late        []reply   // held back by FaultLate
	segment     int       // of the line that is obeyed
	dropSegment int       // whose other lines are dropped by FaultDropAhead

	closing bool // no more commands
	aborts  int  // ABORs in queue that found a transfer running
	lost    bool // the control connection is gone
	unknown int  // unknown commands in a row

	login    *time.Timer // for the login
	full     *reply      // why there is no room, told at PASS; nil: there is
	user     string      // the last USER
	account  *account
	failures int

	cwd        string // absolute, clean
	ascii      bool   // TYPE A
	rest       int64  // REST, 0 if none
	rangeEnd   int64  // RANG, the first octet behind it, 0 if none
	digest     string // of HASH
	umask      fs.FileMode
	renameFrom string // RNFR, "" if none
	copyFrom   string // SITE CPFR, "" if none
	facts      factList
	epsvOnly   bool     // EPSV ALL
	data       dataPort // nil if none is prepared
}

func newSession(srv *Server, id int, conn net.Conn) *session {
	s := &session{
		srv:     srv,
		id:      id,
		conn:    conn,
		out:     bufio.NewWriterSize(conn, 4096),
		log:     srv.opts.Log.With("session", id, "peer", conn.RemoteAddr().String()),
		outcome: make(chan outcome, 1),
		resume:  make(chan net.Conn, 1),
		login:   time.NewTimer(srv.opts.LoginTimeout),
	}
	s.ctx, s.cancel = context.WithCancel(srv.ctx)
	s.reset()
	return s
}

// reset makes the parameters those of a new session (REIN).
func (s *session) reset() {
	if s.account != nil {
		s.login.Reset(s.srv.opts.LoginTimeout)
	}
	s.logout()
	s.user = ""
	s.cwd, s.ascii, s.rest, s.rangeEnd, s.renameFrom = "/", true, 0, 0, ""
	s.digest, s.umask, s.copyFrom = s.srv.profile.firstDigest(), 0, ""
	s.facts, s.epsvOnly = s.srv.profile.allFacts(), false
	s.dropData()
}

// serve runs the session to its end. It calls leave before the peer can see
// the end, so that there is room for who connects again at once.
func (s *session) serve(leave func()) {
	s.log.Info("connected")
	// A session that is cut off unblocks by its connection being closed.
	stop := context.AfterFunc(s.ctx, func() { s.conn.Close() })
	lines := make(chan line, 16)
	readerEnded := make(chan struct{})
	control := s.conn
	if s.tls != nil {
		control = s.tls
	} else {
		inlineUrgent(s.conn)
	}
	go func() {
		defer close(readerEnded)
		s.readLines(control, lines)
	}()
	if s.suffer(s.struckBy(AtGreeting, "", "")) {
		s.send(s.srv.greeting())
	}
	s.loop(lines)
	s.endTransfer()
	s.dropData()
	s.logout()
	leave()
	s.hangUp(lines)
	stop()
	s.cancel()
	s.conn.Close()
	<-readerEnded
	s.transfers.Wait()
	s.log.Info("disconnected")
}

// loop obeys commands until the session shall end.
func (s *session) loop(lines <-chan line) {
	idle := time.NewTimer(s.srv.opts.IdleTimeout)
	defer idle.Stop()
	defer s.login.Stop()
	for !s.closing && !s.lost {
		if s.transfer == nil && len(s.queue) > 0 {
			next := s.queue[0]
			s.queue = s.queue[1:]
			s.obey(next)
			continue
		}
		s.wait(lines, idle)
		idle.Reset(s.srv.opts.IdleTimeout)
	}
	s.flush()
}

// wait blocks until something happens, and handles it.
func (s *session) wait(lines <-chan line, idle *time.Timer) {
	draining, idleC, loginC := s.srv.draining, idle.C, s.login.C
	if s.stalled {
		idleC = nil
	}
	if s.stalled || s.account != nil {
		loginC = nil
	}
	if s.transfer != nil {
		draining, idleC = nil, nil
		if len(s.queue) >= maxQueue {
			lines = nil
		}
	}
	if len(lines) == 0 {
		s.flush()
	}
	select {
	case l, ok := <-lines:
		switch {
		case !ok:
			s.lost = true
		case s.stalled:
			s.ignore(l)
		case s.transfer != nil:
			s.hear(l)
		default:
			s.obey(l)
		}
	case o := <-s.outcome:
		s.finish(o)
	case <-idleC:
		s.send(s.srv.idleReply())
		s.closing = true
	case <-loginC:
		s.send(sayf(421, "No login within %v; closing control connection.", s.srv.opts.LoginTimeout))
		s.closing = true
	case <-draining:
		if !s.stalled {
			s.send(say(421, "Server is shutting down."))
		}
		s.closing = true
	case <-s.ctx.Done():
		s.lost = true
	}
}

// hear takes a line that arrives during a transfer. ABOR aborts at once but is
// answered in its turn, after the transfer's own reply and the commands before
// it, so that a client that sends ahead stays in step.
func (s *session) hear(l line) {
	verb, arg := splitLine(l.text)
	switch {
	case l.err != nil && !errors.Is(l.err, errLineTooLong):
		s.lost = true
		return
	case l.segment == s.dropSegment:
		s.ignore(l)
		return
	case verb == "ABOR" && s.srv.commands[verb].run != nil && !s.srv.profile.deafAbor:
		s.aborts++
		s.transfer.abort()
	case l.held:
		l.held = false
		s.resume <- nil
	case verb == "STAT" && arg == "" && len(s.queue) == 0 && !s.srv.profile.queueStat:
		s.obey(l)
		return
	}
	s.queue = append(s.queue, l)
}

// obey answers one line.
func (s *session) obey(l line) {
	switch {
	case errors.Is(l.err, errLineTooLong):
		s.send(say(500, "Command line too long."))
		return
	case l.err != nil:
		s.lost = true
		return
	}
	if l.segment == s.dropSegment {
		s.ignore(l)
		return
	}
	verb, arg := splitLine(l.text)
	s.traceCommand(verb, l.text)
	s.held, s.ahead, s.segment, s.odd = l.held, l.ahead, l.segment, FaultDelay
	if s.suffer(s.struckBy(AtCommand, verb, arg)) {
		s.follow(verb, arg)
	}
	if l.held {
		s.release()
	}
}

// follow runs a command, answers it, and starts the transfer that it began.
func (s *session) follow(verb, arg string) {
	r := s.dispatchOddly(verb, arg)
	if s.transfer == nil || s.transfer.started {
		s.answer(verb, arg, r)
		return
	}
	if s.transfer.work == nil {
		s.transfer.fault = s.struckBy(AtData, verb, arg)
		s.announce(s.srv.profile.reply(verb, r))
	}
	s.startTransfer()
}

func (s *session) traceCommand(verb, text string) {
	t := s.srv.opts.Trace.Command
	if t == nil {
		return
	}
	if verb == "PASS" || verb == "ACCT" {
		text = verb + " ***"
	}
	t(s.id, text)
}
