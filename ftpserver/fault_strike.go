package ftpserver

import (
	"context"
	"errors"
	"time"
)

// How FaultClose and FaultReset end the data.
var (
	errCut   = errors.New("cut by a fault rule")
	errReset = errors.New("reset by a fault rule")
)

// struckBy returns the rule that strikes here, or nil.
func (s *session) struckBy(point FaultPoint, verb, arg string) *Fault {
	names := []string{verb}
	if verb == "SITE" {
		sub, _ := splitLine(arg)
		names = append(names, verb+" "+sub)
	}
	f := s.srv.faults.match(point, names...)
	if f == nil {
		return nil
	}
	s.log.Info("fault", "verb", verb, "rule", *f)
	if t := s.srv.opts.Trace.Fault; t != nil {
		t(s.id, *f)
	}
	return f
}

// suffer does what f wants of the control connection and reports whether the
// session shall go on as if there were no f; it may be nil.
func (s *session) suffer(f *Fault) (goOn bool) {
	if f == nil {
		return true
	}
	switch f.Kind {
	case FaultDelay:
		s.flush()
		s.pause(f.Delay)
		s.lost = s.lost || s.ctx.Err() != nil
		return !s.lost
	case FaultRefuse:
		s.dropData()
		return true
	case FaultStall:
		s.flush()
		s.stalled, s.queue = true, nil
	case FaultReset:
		s.flush()
		resetConn(s.conn)
		s.lost = true
	case FaultClose:
		s.flush()
		closeWrite(s.conn)
		s.closing = true
	case FaultReply:
		s.send(say(f.Code, f.Text))
		s.closing = s.closing || f.Code == 421
	case FaultSilent:
	default:
		s.beginOdd(f.Kind)
		return true
	}
	return false
}

// ignore takes a line after FaultStall.
func (s *session) ignore(l line) {
	s.lost = l.err != nil && !errors.Is(l.err, errLineTooLong)
	if l.held {
		s.resume <- nil
	}
}

// answer sends the last reply to a command, as the profile has it.
func (s *session) answer(verb, arg string, r reply) {
	if s.stalled {
		return
	}
	if after := s.srv.profile.after; after != nil {
		after(s, verb, r)
	}
	r = s.srv.profile.reply(verb, r)
	f := s.struckBy(AtReply, verb, arg)
	if f != nil && f.Kind == FaultLate {
		s.late = append(s.late, r)
		return
	}
	if s.suffer(f) {
		s.send(r)
	}
	for _, late := range s.late {
		s.send(late)
	}
	s.late = nil
}

// dataFault is a rule that waits for its octet in a transfer.
type dataFault struct {
	ctx  context.Context // of the transfer
	rule *Fault          // nil when it has struck
}

// room returns how many of n octets may be moved before the rule strikes,
// after it has struck if it is due. moved is how many were.
func (d *dataFault) room(c *dataConn, moved int64, n int) (int, error) {
	if d == nil || d.rule == nil {
		return n, nil
	}
	if left := d.rule.Octet - moved; left > 0 {
		return int(min(int64(n), left)), nil
	}
	rule := d.rule
	d.rule = nil
	return n, d.strike(c, rule)
}

// strike does what rule wants of the data connection. Its error, if any, ends
// the transfer.
func (d *dataFault) strike(c *dataConn, rule *Fault) error {
	switch rule.Kind {
	case FaultDelay:
		t := time.NewTimer(rule.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-d.ctx.Done():
			return d.ctx.Err()
		}
	case FaultStall:
		<-d.ctx.Done()
		return d.ctx.Err()
	case FaultReset:
		c.reset()
		return &dataError{errReset}
	case FaultClose:
		return errCut
	case FaultReply:
		if err := c.finish(); err != nil {
			return &dataError{err}
		}
		return faultReply{say(rule.Code, rule.Text)}
	}
	return nil
}

// faultReply is the final reply that a rule wants, whatever it is.
type faultReply struct{ reply }

// faultAnswer is the final reply for what a rule did to a transfer.
func faultAnswer(err error) (reply, bool) {
	var wanted faultReply
	switch {
	case errors.As(err, &wanted):
		return wanted.reply, true
	case errors.Is(err, errCut):
		return say(226, transferComplete), true
	}
	return reply{}, false
}
