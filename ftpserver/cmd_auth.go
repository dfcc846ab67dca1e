package ftpserver

import (
	"net/netip"
	"time"
)

// maxLoginDelay bounds the pause before the refusal of a login.
const maxLoginDelay = 30 * time.Second

// account is what a login gives.
type account struct {
	name      string
	anonymous bool
	id        string // what an anonymous user gave for a password
	fs        FS
	readOnly  bool
	user      User
	pace      pace
}

// key is whom sessions and rates are counted for.
func (a *account) key() string {
	if a.anonymous {
		return ""
	}
	return a.name
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
	if a := s.authenticate(arg); a != nil {
		return s.welcome(a)
	}
	user := s.user
	s.user = ""
	s.failures++
	s.log.Warn("login refused", "user", user)
	s.delayRefusal()
	s.closing = s.closing || s.failures >= maxFailures
	return say(530, "Login incorrect.")
}

// welcome lets a in, if there is room.
func (s *session) welcome(a *account) reply {
	if s.full != nil {
		s.closing = true
		return *s.full
	}
	if !s.enter(a) {
		s.closing = true
		s.log.Warn("login refused: too many sessions of the user", "user", s.user)
		return sayf(421, "Too many sessions (%d) of this user.", a.user.MaxSessions)
	}
	if s.srv.profile.foldsCase {
		a.fs = foldFS{a.fs}
	}
	s.account, s.failures = a, 0
	s.log.Info("login", "user", s.user)
	return say(230, "Logged in.")
}

// authenticate returns the account of s.user, or nil.
func (s *session) authenticate(password string) *account {
	o := &s.srv.opts
	a := &account{name: s.user}
	if s.isAnonymous() {
		a.anonymous, a.id, a.user = true, password, o.AnonymousUser
		a.readOnly = o.ReadOnly || !o.AnonymousWrite
	} else {
		u, ok := s.srv.lookup(s.user)
		if !ok || u.Check == nil || !u.Check(password) {
			return nil
		}
		a.user, a.readOnly = u, o.ReadOnly || u.ReadOnly
	}
	if a.fs = a.user.FS; a.fs == nil {
		a.fs = o.FS
	}
	if a.fs == nil {
		s.log.Error("the account has nothing to serve", "user", s.user)
		return nil
	}
	return a
}

// lookup finds the account of a name.
func (srv *Server) lookup(name string) (User, bool) {
	u, ok := srv.opts.Users[name]
	if !ok && srv.opts.Lookup != nil {
		return srv.opts.Lookup(name)
	}
	return u, ok
}

// isAnonymous reports whether the last USER was for anonymous access; one of
// the Users of that name comes first.
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
