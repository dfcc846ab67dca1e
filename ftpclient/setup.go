package ftpclient

import (
	"errors"
	"fmt"
)

// setUp is what a session is told and asked beside user and password: at the
// first login of a client what the server is and can (FEAT, SYST, PWD), at
// each TYPE I and the options. That a server has none of it but TYPE I is no
// error. Where it may be, all goes out at once.
type setUp struct {
	c     *conn
	f     Features // of the first login
	pwd   reply    // that Home is from
	typed bool     // TYPE was answered
	all   bool     // the options were known, and are among what was sent
}

// steps are the commands that can be sent now.
func (s *setUp) steps() []step {
	var steps []step
	if !s.c.srv.explored() {
		steps = append(steps,
			step{cmd: command{"FEAT", ""}, then: s.take(func(r reply) { s.f.Feat = featLines(r) })},
			step{cmd: command{"SYST", ""}, then: s.take(func(r reply) { s.f.System = r.text() })},
			step{cmd: command{"PWD", ""}, then: s.take(s.home)})
	}
	steps = append(steps, step{cmd: command{"TYPE", "I"}, then: s.binary})
	if s.c.srv.explored() {
		s.all = true
		if namesFormats(s.c.srv.snapshot().System) {
			steps = append(steps, step{cmd: nameFormat, then: func(reply) error { return nil }})
		}
		steps = append(steps, s.options()...)
	}
	return steps
}

// home takes the directory of a reply to PWD.
func (s *setUp) home(r reply) {
	s.pwd = r
	if dir, ok := quotedPath(r); ok {
		s.f.Home = s.c.opts.charset.localPath(dir)
	} else if syntax, home, ok := syntaxOf(quotedText(r)); ok {
		s.f.Home = home
		s.c.srv.writes(syntax)
	}
}

// take is for a reply that is of use if it is 2yz.
func (s *setUp) take(use func(reply)) func(reply) error {
	return func(r reply) error {
		if r.completed() {
			use(r)
		}
		return nil
	}
}

func (s *setUp) binary(r reply) error {
	s.typed = true
	if !r.completed() {
		return notBinary(r)
	}
	return nil
}

// notBinary is the error of a session in which TYPE I was refused. It is of no use, and
// another may be if that was for a while (4yz).
func notBinary(r reply) *Error {
	kind := KindUnsupported
	switch {
	case r.code < 500:
		kind = KindNetwork
	case r.code == 530:
		kind = KindLogin
	}
	return &Error{Op: "TYPE", Kind: kind, Code: r.code, Text: r.text()}
}

// options turn on what the server has; what it does not turn on is not told.
func (s *setUp) options() []step {
	var steps []step
	any := func(reply) error { return nil }
	f := s.c.srv.snapshot()
	if f.UTF8 && s.c.opts.charset == nil {
		// RFC 2640 has no such command, IIS and others need it (quirkOptsUTF8);
		// whatever is answered, names are sent as they are.
		steps = append(steps, step{cmd: command{"OPTS", "UTF8 ON"}, then: any})
	}
	if facts := wantedFacts(f.Feat); facts != "" {
		steps = append(steps, step{cmd: command{"OPTS", "MLST " + facts}, then: any})
	}
	return append(steps, s.channel()...)
}

// channel asks for the first data connection, where one is opened ahead.
func (s *setUp) channel() []step {
	c := s.c
	if !c.prepares() || c.tls != nil && c.tls.later {
		return nil
	}
	cmd := c.portAhead(c.opts.KeepIdle)
	if cmd.verb == "" {
		return nil
	}
	return []step{{cmd: cmd, then: func(r reply) error {
		c.channel = c.openChannel(cmd, r)
		return nil
	}}}
}

// finish sends what was not sent with the password.
func (s *setUp) finish() error {
	if !s.typed {
		if err := s.c.inTurn(s.steps()); err != nil {
			return err
		}
	}
	if !s.c.srv.explored() {
		if err := s.formatNames(); err != nil {
			return err
		}
		s.c.srv.describe(s.f)
		s.c.srv.learnSyntax(s.pwd)
	}
	if s.all {
		return nil
	}
	return s.c.inTurn(s.options())
}

// inTurn runs steps, in one write if the server may stand it, else one by one.
func (c *conn) inTurn(steps []step) error {
	if c.srv.support(factPipelining) != No {
		p := pipeline{c: c}
		p.add(steps...)
		return p.prove()
	}
	for _, s := range steps {
		r, err := c.cmd(s.cmd.verb, s.cmd.arg)
		if err != nil {
			return err
		}
		if err := s.then(r); err != nil {
			return c.fail(s.cmd.verb, err)
		}
	}
	return nil
}

// prove runs a pipeline with a server of which it is not known yet whether it
// stands one: whether it answers all commands of a write or, as some small
// ones, the first only (quirkOneByOne). That it does not is errOneByOne, and
// known from then on.
func (p *pipeline) prove() error {
	n := len(p.queue)
	known := p.c.srv.support(factPipelining)
	p.wait = p.c.opts.ReplyTimeout
	if n > 0 && known == Untried {
		then := p.queue[0].then
		p.queue[0].then = func(r reply) error {
			p.wait = min(p.wait, proofWait)
			return then(r)
		}
	}
	err := p.run(nil)
	switch {
	case err == nil && n > 1:
		p.c.srv.learn(factPipelining, Yes, fmt.Sprintf("%d commands in one write, %[1]d replies", n))
	case err != nil && known == Untried && p.c.srv.support(factPipelining) == No:
		return errOneByOne
	}
	return err
}

var errOneByOne = errors.New("the server does not answer all commands of one write")

// authenticateAtOnce sends the password, and the user before it if that is not
// done, and all that follows in one write.
func (c *conn) authenticateAtOnce(greeting reply, user bool, behind *setUp) error {
	p := pipeline{c: c}
	var last reply
	if user {
		p.add(step{cmd: command{"USER", c.opts.User}, then: func(r reply) error {
			if last = r; r.code != 331 && !r.completed() {
				return errNotAdmitted
			}
			return nil
		}})
	}
	p.add(step{cmd: command{"PASS", c.opts.Password}, then: func(r reply) error {
		if last.completed() {
			return nil // it wanted no password this time
		}
		if last = r; !r.completed() {
			return errNotAdmitted
		}
		c.srv.tookPassword()
		return nil
	}})
	p.add(behind.steps()...)
	err := p.prove()
	var e *Error
	switch {
	case err == nil || errors.Is(err, errOneByOne):
		return err
	case errors.Is(err, errNotAdmitted):
		return c.admitted(greeting, last, nil)
	case errors.As(err, &e) && e.Code == 421 && !last.completed():
		return c.refused(reply{code: 421, lines: []string{e.Text}}, err)
	}
	return err
}

var errNotAdmitted = errors.New("the login was refused")

// tookPassword notes that a login went as they all do: USER, PASS, in.
func (s *server) tookPassword() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passwords = true
}

// takesPasswords tells whether USER and PASS may go out in one write: who has
// had the password may have it again before it has asked.
func (s *server) takesPasswords() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passwords && s.f.Pipelining == Yes
}
