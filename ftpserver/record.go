package ftpserver

import (
	"net/netip"
	"time"
)

// Transfer is what [Options.Transferred] is told of a file that was
// transferred, or was not to the end.
type Transfer struct {
	Session int // its number, see [Trace]
	Peer    netip.Addr
	User    string
	// Anonymous: User is "anonymous" or "ftp", and gave ID for a password.
	Anonymous bool
	ID        string
	Verb      string // RETR, STOR, STOU or APPE
	Path      string // absolute, as clients see it
	ASCII     bool   // TYPE A
	Bytes     int64  // on the data connection
	Began     time.Time
	Took      time.Duration
	Code      int // of the reply; below 300 it is complete
}

// record tells of a transfer that has ended, if it was one of a file.
func (s *session) record(t *transfer, o outcome) {
	tell := s.srv.opts.Transferred
	if tell == nil || s.account == nil {
		return
	}
	switch t.verb {
	case "RETR", "STOR", "STOU", "APPE":
	default:
		return
	}
	peer, _ := addrOf(s.conn.RemoteAddr())
	tell(Transfer{
		Session: s.id, Peer: peer, User: s.account.name, Anonymous: s.account.anonymous, ID: s.account.id,
		Verb: t.verb, Path: t.path, ASCII: t.ascii, Bytes: o.bytes, Began: o.began, Took: o.took, Code: o.reply.code,
	})
}
