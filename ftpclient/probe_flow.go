package ftpclient

import (
	"context"
	"fmt"
	"io"
	"strconv"
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
	list := command{"LIST", ""}
	if cn.opts.Active {
		p.why[factDataAhead.name] = "the server opens data connections"
		return nil
	}
	d, r, err := cn.openData(ctx, list)
	if err != nil {
		return err
	}
	if d == nil {
		p.why[factDataAhead.name] = r.evidence()
		return nil
	}
	for _, cmd := range []command{{"CWD", p.dir}, {"PWD", ""}, {"TYPE", "I"}} {
		if _, err := cn.cmd(cmd.verb, cmd.arg); err != nil {
			d.close(err)
			return err
		}
	}
	t, r, err := cn.beginOn(ctx, d, list, &restart{})
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

// recount is how long a server may go on counting those whom it has refused.
const recount = 250 * time.Millisecond

// connections opens as many connections as the Client may have: all at once,
// and where that is refused, one by one up to the limit.
func (p *prober) connections(ctx context.Context) {
	p.try(ctx, experiment{[]string{valueLimit}, idempotent, func(ctx context.Context, _ *conn) error {
		pool := p.c.pool
		if err := pool.settled(ctx); err != nil {
			return err
		}
		have, want := pool.count(), p.c.opts.Connections
		held, refused := pool.dialMany(ctx, want-have)
		for limited, again := isKind(refused, KindTooMany, KindLogin), true; limited && have+len(held) < want; {
			var more []*conn
			more, refused = pool.dialMany(ctx, 1)
			held, limited = append(held, more...), refused == nil
			if !limited && again { // those refused before may still have been counted
				limited, again = pool.pause(ctx, recount) == nil, false
			}
		}
		err := pool.settled(ctx)
		n := len(held) + pool.count() // the pool's own may have been refused, too
		var wg sync.WaitGroup
		for _, cn := range held {
			wg.Go(func() { cn.quit("probe: it was only to see whether it may be") })
		}
		wg.Wait()
		if err != nil {
			return err
		}
		p.limit(n, refused)
		return nil
	}})
}

// limit notes that n connections were there at a time, and why no more.
func (p *prober) limit(n int, refused error) {
	switch {
	case refused == nil:
		p.found(valueLimit, fmt.Sprintf("at least %d", n), fmt.Sprintf("%d logins at a time", n))
	case isKind(refused, KindTooMany, KindLogin):
		p.found(valueLimit, strconv.Itoa(n), fmt.Sprintf("login %d: %s", n+1, said(refused)))
		p.c.pool.atMost(refused, n)
	default:
		p.found(valueLimit, fmt.Sprintf("at least %d", n), fmt.Sprintf("login %d: %s", n+1, said(refused)))
	}
}

// dialMany makes n connections at once that are not the pool's. It returns
// those that came about, and why another did not.
func (p *pool) dialMany(ctx context.Context, n int) (held []*conn, refused error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			cn, err := p.dialOne(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				held = append(held, cn)
			} else if refused == nil || isKind(err, KindTooMany, KindLogin) {
				refused = err
			}
		})
	}
	wg.Wait()
	return held, refused
}

// settled waits until no connection is being opened.
func (p *pool) settled(ctx context.Context) error {
	for {
		p.mu.Lock()
		n := p.dialing
		p.mu.Unlock()
		if n == 0 {
			return nil
		}
		if err := p.pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// count is how many connections there are, lent or idle, or being opened.
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
