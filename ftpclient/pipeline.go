package ftpclient

import (
	"fmt"
	"time"
)

// pipeline sends commands without waiting for the answers to those before
// them. RFC 959 has it otherwise; it is for servers of which
// Features.Pipelining is known. It belongs to the owner of its connection.
type pipeline struct {
	c    *conn
	wait time.Duration // for each reply

	window window // of octets without an answer; the zero value is pipelineWindow

	queue []step // to be sent
	sent  []step // not answered, the oldest first
	out   int    // octets of sent
	heard int    // replies

	// writing has the result of the write under way, nil if there is none. It
	// runs beside the reading: a server may wait for us to read its answers
	// before it reads on.
	writing chan error
}

// step is one command of a pipeline, and what is done with its reply.
type step struct {
	cmd  command
	sent time.Time
	// line is called for the lines between the first and the last of a long
	// reply, which are not kept; bare tells that LF alone ended it.
	line func(line string, bare bool)
	// then may add steps. Its error breaks the connection: the replies do not
	// answer the commands any more.
	then func(r reply) error
}

// statLimit is the most that is read of one listing on the control connection.
var statLimit = replyLimit{lines: 100_000, bytes: 16 << 20}

// add puts steps at the end of the queue.
func (p *pipeline) add(s ...step) { p.queue = append(p.queue, s...) }

// first puts steps at the head of the queue.
func (p *pipeline) first(s []step) { p.queue = append(s, p.queue...) }

// run sends and reads until nothing is left. Whenever the queue is empty, more
// may fill it; it returns false if there is nothing for now. After an error the
// connection is broken, unless it is that of a command that cannot be sent.
func (p *pipeline) run(more func() bool) error {
	for {
		err := p.fill(more)
		if err == nil && len(p.sent) == 0 {
			break
		}
		if err == nil {
			err = p.read()
		}
		if err != nil {
			p.stopWriting()
			return err
		}
	}
	if p.c.in.pending() {
		return p.c.fail("pipeline", errOutOfStep)
	}
	return nil
}

// fill sends what there is room for, if it is worth a write.
func (p *pipeline) fill(more func() bool) error {
	if p.window.octets == 0 {
		p.window.octets = pipelineWindow
	}
	if p.out > p.window.octets/2 {
		return nil
	}
	if written, err := p.written(); !written || err != nil {
		return err
	}
	var cmds []command
	now := time.Now()
	for p.out < p.window.octets && (len(p.queue) > 0 || more != nil && more()) {
		s := p.queue[0]
		s.sent = now
		p.queue = p.queue[1:]
		cmds = append(cmds, s.cmd)
		p.sent = append(p.sent, s)
		p.out += s.size()
	}
	if len(cmds) == 0 {
		return nil
	}
	b, err := p.c.lines(cmds)
	if err != nil && len(p.sent) > len(cmds) {
		return p.c.fail("pipeline", err) // others are yet to be answered
	}
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	p.writing = done
	go func() {
		_, err := p.c.ctl.Write(b)
		done <- err
	}()
	return nil
}

// written tells whether the last write has ended. It waits for it where there
// is nothing to read.
func (p *pipeline) written() (bool, error) {
	if p.writing == nil {
		return true, nil
	}
	var err error
	if len(p.sent) == 0 {
		err = <-p.writing
	} else {
		select {
		case err = <-p.writing:
		default:
			return false, nil
		}
	}
	p.writing = nil
	if err != nil {
		return true, p.c.fail("pipeline", err)
	}
	return true, nil
}

// stopWriting waits for the write under way, which it ends.
func (p *pipeline) stopWriting() {
	if p.writing != nil {
		p.c.ctl.SetDeadline(past)
		<-p.writing
		p.writing = nil
	}
}

func (s *step) size() int { return len(s.cmd.verb) + len(s.cmd.arg) + 3 }

// read reads the reply to the oldest command.
func (p *pipeline) read() error {
	s := p.sent[0]
	p.sent = p.sent[1:]
	p.out -= s.size()
	r, err := p.c.finalBy(s.cmd.verb, p.wait, func() (reply, error) { return p.reply(s) })
	if err != nil {
		p.stalled(err)
		return err
	}
	p.heard++
	p.window.heard(s.size(), s.sent, time.Now())
	r.to = s.cmd.traced()
	if err := s.then(r); err != nil {
		return p.c.fail(s.cmd.verb, err)
	}
	return nil
}

// stalled learns from a time-out between the replies of one write.
func (p *pipeline) stalled(err error) {
	srv := p.c.srv
	if p.heard > 0 && isKind(err, KindTimeout) && p.c.interrupted() == nil && srv.stalled(srv.support(factPipelining)) {
		srv.learn(factPipelining, No, fmt.Sprintf("%d commands in one write, %d replies", p.heard+1+len(p.sent)+len(p.queue), p.heard))
	}
}

// reply reads one reply; a long one has the time of wait for every 64 KiB.
func (p *pipeline) reply(s step) (reply, error) {
	in := p.c.in
	if s.line == nil {
		return in.read()
	}
	size := 0
	return in.readLines(statLimit, func(line string) {
		if size += len(line); size > 64<<10 {
			size = 0
			p.c.touch()
			p.c.deadline(p.c.ctl, p.wait)
		}
		s.line(line, in.bare)
	})
}

// errOutOfStep is what it is when a reply cannot be that to its command.
var errOutOfStep = &protocolError{"the replies do not answer the commands"}
