package ftpserver

// userState is what all sessions of a user share while there are any.
type userState struct {
	sessions int // guarded by Server.mu
	pace     pace
}

// enter counts the session as one of its user's and gives it its pace, or
// reports false if the user has too many.
func (s *session) enter(a *account) bool {
	srv := s.srv
	srv.mu.Lock()
	defer srv.mu.Unlock()
	u := srv.users[a.key()]
	if u == nil {
		u = &userState{pace: newPace(a.user.Rate)}
		srv.users[a.key()] = u
	}
	if limit := a.user.MaxSessions; limit > 0 && u.sessions >= limit {
		return false
	}
	u.sessions++
	a.pace = append(newPace(srv.opts.SessionRate), u.pace...)
	return true
}

// logout ends the login, if there is one.
func (s *session) logout() {
	a := s.account
	if s.account = nil; a == nil {
		return
	}
	s.srv.mu.Lock()
	defer s.srv.mu.Unlock()
	u := s.srv.users[a.key()]
	if u.sessions--; u.sessions == 0 {
		delete(s.srv.users, a.key())
	}
}
