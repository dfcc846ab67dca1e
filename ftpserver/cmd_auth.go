package ftpserver

import (
	"net/netip"
	"time"
)

// maxLoginDelay bounds the pause before the refusal of a login.
const maxLoginDelay = 30 * time.Second

// account is what a login gives.
type account struct {
	name     string
	fs       FS
	readOnly bool
}

// cmdUser is USER (RFC 959 section 4.1.1). It also ends an earlier login.
func (s *session) cmdUser(arg string) reply {
	if s.srv.opts.RequireTLS && s.tls == nil {
		return errLoginTLS
	}
	if s.account != nil {
		s.reset()
	}
	s.user = arg
	if s.isAnonymous() {
		return say(331, "Anonymous login; give any password.")
	}
	return say(331, "Password required.")
}

// cmdPass is PASS (RFC 959 section 4.1.1).
func (s *session) cmdPass(arg string) reply {
	switch {
	case s.account != nil:
		return say(202, "Already logged in.")
	case s.user == "":
		return say(503, "Login with USER first.")
	}
	user := s.user
	s.account = s.authenticate(arg)
	if s.account != nil && s.srv.profile.foldsCase {
		s.account.fs = foldFS{s.account.fs}
	}
	if s.account != nil && s.full != nil {
		s.account, s.closing = nil, true
		return *s.full
	}
	if s.account != nil {
		s.failures = 0
		s.log.Info("login", "user", user)
		return say(230, "Logged in.")
	}
	s.user = ""
	s.failures++
	s.log.Warn("login refused", "user", user)
	s.delayRefusal()
	s.closing = s.closing || s.failures >= maxFailures
	return say(530, "Login incorrect.")
}

// authenticate returns the account of s.user, or nil.
func (s *session) authenticate(password string) *account {
	o := &s.srv.opts
	if s.isAnonymous() {
		return &account{name: s.user, fs: o.FS, readOnly: o.ReadOnly || !o.AnonymousWrite}
	}
	u, ok := o.Users[s.user]
	if !ok || u.Check == nil || !u.Check(password) {
		return nil
	}
	a := &account{name: s.user, fs: u.FS, readOnly: o.ReadOnly || u.ReadOnly}
	if a.fs == nil {
		a.fs = o.FS
	}
	return a
}

// isAnonymous reports whether the last USER was for anonymous access; an
// account of that name comes first.
func (s *session) isAnonymous() bool {
	_, own := s.srv.opts.Users[s.user]
	return s.srv.opts.Anonymous && !own && (s.user == "anonymous" || s.user == "ftp")
}

// delayRefusal pauses before a refusal, so long that guesses from one address
// take turns, however many sessions make them.
func (s *session) delayRefusal() {
	addr, _ := addrOf(s.conn.RemoteAddr())
	turn := s.srv.beginRefusal(addr)
	defer s.srv.endRefusal(addr)
	s.pause(min(time.Duration(turn)*s.srv.opts.LoginDelay, maxLoginDelay))
}

// beginRefusal counts the refusals for addr that are delayed, with this one.
func (srv *Server) beginRefusal(addr netip.Addr) int {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.refusals[addr]++
	return srv.refusals[addr]
}

func (srv *Server) endRefusal(addr netip.Addr) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.refusals[addr]--; srv.refusals[addr] == 0 {
		delete(srv.refusals, addr)
	}
}

// pause waits, unless the session or the server ends.
func (s *session) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.srv.draining:
	case <-s.ctx.Done():
	}
}

// cmdAcct is ACCT (RFC 959 section 4.1.1): no account is ever asked for.
func (s *session) cmdAcct(string) reply {
	if s.account == nil {
		return errLogin
	}
	return say(202, "No account needed.")
}

// cmdRein is REIN (RFC 959 section 4.1.1). RFC 4217 section 11 has it go back
// to the clear, which is not wanted.
func (s *session) cmdRein(string) reply {
	if s.tls != nil {
		return say(502, "REIN not possible over TLS; connect again.")
	}
	s.reset()
	return say(220, "Ready for a new user.")
}

// cmdQuit is QUIT (RFC 959 section 4.1.1). A running transfer is over here.
func (s *session) cmdQuit(string) reply {
	s.closing = true
	return say(221, "Goodbye.")
}
