package fakeremote

import (
	"context"

	"ftpfs/ftpclient"
)

// Call is one call of a method of cache.Remote, by its name. Beside these
// names there are steps that only rules can name: Read (of a stream), Batch
// (entries of a ListFunc were handed over), Sketch (they were shown), First (one was told), Write (a piece of a Store has
// arrived), Reply (all of a Store has arrived, its final
// reply has not been sent).
type Call struct {
	Op, Path string
}

// rule is what happens to calls of op on path; an empty path means any.
type rule struct {
	op, path string
	left     int // calls it still applies to; negative means all
	skip     int // calls before these
	err      error
	gate     *Gate
}

// Fail lets the next times calls of op on path fail with err, before they did
// anything; times < 0 means all calls, path "" any path.
func (t *Tree) Fail(op, path string, times int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rules = append(t.rules, &rule{op: op, path: path, left: times, err: err})
}

// FailAfter is Fail for the calls after the next skip.
func (t *Tree) FailAfter(op, path string, skip, times int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rules = append(t.rules, &rule{op: op, path: path, skip: skip, left: times, err: err})
}

// Error returns an error as a client would report it for a refusal.
func Error(op, path string, kind ftpclient.Kind, code int, text string) error {
	return &ftpclient.Error{Op: op, Path: path, Kind: kind, Code: code, Text: text}
}

// Gate holds calls back.
type Gate struct {
	entered chan struct{}
	open    chan struct{}
	tree    *Tree
	rule    *rule
}

// Block lets calls of op on path wait until the gate is opened or their
// context ends; path "" means any.
func (t *Tree) Block(op, path string) *Gate {
	g := &Gate{entered: make(chan struct{}, 1024), open: make(chan struct{}), tree: t}
	g.rule = &rule{op: op, path: path, left: -1, gate: g}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rules = append(t.rules, g.rule)
	return g
}

// Entered receives once for each call that came to the gate.
func (g *Gate) Entered() <-chan struct{} { return g.entered }

// Open lets the calls pass, now and later. It may be called again.
func (g *Gate) Open() {
	g.tree.mu.Lock()
	defer g.tree.mu.Unlock()
	if g.rule.left != 0 {
		g.rule.left = 0
		close(g.open)
	}
}

// Calls returns the calls of op so far, on any path; op "" means all calls.
func (t *Tree) Calls(op string) []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	var calls []Call
	for _, c := range t.calls {
		if op == "" || c.Op == op {
			calls = append(calls, c)
		}
	}
	return calls
}

// ForgetCalls starts the counting anew.
func (t *Tree) ForgetCalls() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = nil
}

// enter counts a call, waits at its gates and returns how it is to fail.
func (t *Tree) enter(ctx context.Context, op, path string) error {
	t.mu.Lock()
	t.calls = append(t.calls, Call{op, path})
	t.mu.Unlock()
	return t.pass(ctx, op, path)
}

// pass applies the rules to a call or a step of one.
func (t *Tree) pass(ctx context.Context, op, path string) error {
	for _, r := range t.matching(op, path) {
		if r.err != nil {
			return r.err
		}
		select {
		case r.gate.entered <- struct{}{}:
		default:
		}
		select {
		case <-r.gate.open:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return canceled(ctx, op, path)
	}
	return nil
}

// matching returns the rules for a call, gates first, and uses them up.
func (t *Tree) matching(op, path string) []*rule {
	t.mu.Lock()
	defer t.mu.Unlock()
	var gates, fails []*rule
	for _, r := range t.rules {
		switch {
		case r.op != op || r.path != "" && r.path != path || r.left == 0:
		case r.skip > 0:
			r.skip--
		case r.gate != nil:
			gates = append(gates, r)
		case len(fails) == 0:
			fails = append(fails, r)
			if r.left > 0 {
				r.left--
			}
		}
	}
	return append(gates, fails...)
}

func canceled(ctx context.Context, op, path string) error {
	return &ftpclient.Error{Op: op, Path: path, Kind: ftpclient.KindCanceled, Err: ctx.Err()}
}

// Healed is the same server to which nothing happens any more: without rules, and
// reached anew.
func (t *Tree) Healed() *Tree {
	t.mu.Lock()
	defer t.mu.Unlock()
	return &Tree{behave: t.behave, root: t.root, serial: t.serial, slots: newSlots()}
}
