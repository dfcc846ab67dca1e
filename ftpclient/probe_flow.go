package ftpclient

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// pipelining sends several commands in one write, unless that is known.
func (p *prober) pipelining(_ context.Context, cn *conn) error {
	if cn.srv.support(factPipelining) != Untried {
		return nil // the login showed it
	}
	cmds := []command{{"PWD", ""}, {"CWD", p.dir}, {"NOOP", ""}, {"PWD", ""}}
	replies, err := cn.flight(cmds, min(proofWait, p.o.Step*3/4))
	var codes []string
	for _, r := range replies {
		codes = append(codes, fmt.Sprint(r.code))
	}
	evidence := "PWD, CWD, NOOP, PWD in one write → " + strings.Join(codes, ", ")
	switch {
	case err == nil && replies[0].code == replies[3].code && replies[0].completed() && replies[1].code == 250:
		cn.srv.learn(factPipelining, Yes, evidence)
		return nil
	case err == nil:
		p.why[factPipelining.name] = evidence
		return nil
	case isKind(err, KindTimeout) && len(replies) > 0 && cn.interrupted() == nil:
		cn.srv.learn(factPipelining, No, evidence+", nothing")
		return nil
	}
	return err
}

// dataAhead opens a data connection, sends other commands, and then lists.
func (p *prober) dataAhead(ctx context.Context, cn *conn) error {
	d, err := cn.openData(ctx)
	if err != nil {
		return err
	}
	for _, cmd := range []command{{"CWD", p.dir}, {"PWD", ""}, {"TYPE", "I"}} {
		if _, err := cn.cmd(cmd.verb, cmd.arg); err != nil {
			d.close(err)
			return err
		}
	}
	t, r, err := cn.beginOn(d, command{"LIST", ""}, nil)
	var n int64
	if t != nil {
		if n, err = io.Copy(io.Discard, t); err != nil {
			t.abandon(err)
			return err
		}
		r, err = t.finish(io.EOF)
	}
	if err != nil {
		return err
	}
	evidence := "data connection, CWD, PWD, TYPE, LIST → " + reply{code: r.code, lines: r.lines}.evidence()
	switch {
	case r.completed() && (n > 0 || len(p.names) == 0):
		cn.srv.learn(factDataAhead, Yes, evidence)
	case r.code == 425 || r.code == 426 || r.code == 503:
		cn.srv.learn(factDataAhead, No, evidence)
	default:
		p.why[factDataAhead.name] = evidence
	}
	return nil
}

// connections opens as many connections as the Client may have.
func (p *prober) connections(ctx context.Context) {
	p.try(ctx, experiment{[]string{valueLimit}, idempotent, func(ctx context.Context, _ *conn) error {
		pool := p.c.pool
		var held []*conn
		var refused error
		have := pool.count()
		for have+len(held) < p.c.opts.Connections && refused == nil {
			var cn *conn
			if cn, refused = pool.dialOne(ctx); refused == nil {
				held = append(held, cn)
			}
		}
		var wg sync.WaitGroup
		for _, cn := range held {
			wg.Go(func() { cn.quit("probe: it was only to see whether it may be") })
		}
		wg.Wait()
		n := have + len(held)
		switch {
		case refused == nil:
			p.found(valueLimit, fmt.Sprintf("at least %d", n), fmt.Sprintf("%d logins at a time", n))
		case isKind(refused, KindTooMany, KindLogin):
			p.found(valueLimit, fmt.Sprint(n), fmt.Sprintf("login %d: %s", n+1, said(refused)))
			pool.atMost(refused, n)
		default:
			p.found(valueLimit, fmt.Sprintf("at least %d", n), fmt.Sprintf("login %d: %s", n+1, said(refused)))
		}
		return nil
	}})
}

// count is how many connections there are, lent or idle.
func (p *pool) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all) + p.dialing
}

// atMost notes a limit that was met outside of the pool.
func (p *pool) atMost(err error, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shrink(err, n)
	p.growAt = time.Now().Add(max(p.growWait, growFirst))
}
