package transfer

import (
	"context"
	"errors"
	"path"
	"sync"

	"ftpfs/ftpclient"
)

// listTree lists a directory and those that visit returns for each, whose results
// come in no order, one call at a time. It returns when all are listed, or when ctx
// has ended: then some are missing. lanes is how many connections it may use where
// one does not list several directories at once.
func listTree(ctx context.Context, c *ftpclient.Client, top string, lanes int, visit func(dir string, l *ftpclient.Listing, err error) []string) {
	t := &lister{c: c, visit: visit, busy: 1}
	t.changed.L = &t.mu
	t.listNow(ctx, top) // which also shows how this server lists
	if f := c.Features(); f.StatList == ftpclient.Yes && f.Pipelining == ftpclient.Yes {
		lanes = min(lanes, 2) // the second is for what STAT does not list
	}
	stop := context.AfterFunc(ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.changed.Broadcast()
	})
	defer stop()
	var all sync.WaitGroup
	for range max(1, lanes) {
		all.Go(func() { t.lane(ctx) })
	}
	all.Wait()
}

// lister has what listTree is at.
type lister struct {
	c     *ftpclient.Client
	visit func(string, *ftpclient.Listing, error) []string // under mu

	mu      sync.Mutex // never held across the network
	changed sync.Cond
	queue   []string // not begun
	single  []string // not to be had by ListAhead
	busy    int      // directories under way
}

// lane lists until there is nothing left.
func (t *lister) lane(ctx context.Context) {
	for {
		t.mu.Lock()
		for len(t.queue)+len(t.single) == 0 && t.busy > 0 && ctx.Err() == nil {
			t.changed.Wait()
		}
		if len(t.queue)+len(t.single) == 0 || ctx.Err() != nil {
			t.mu.Unlock()
			return
		}
		dir, one := pop(&t.single)
		if one {
			t.busy++
		}
		t.mu.Unlock()
		if !one {
			dir, one = t.ahead(ctx)
		}
		if one {
			t.listNow(ctx, dir)
		}
	}
}

// ahead lists with a connection that is to spare. If there is none, it returns a
// directory that is to be listed as others are, in turn.
func (t *lister) ahead(ctx context.Context) (dir string, one bool) {
	err := t.c.ListAhead(ctx, t.next, t.got)
	if err == nil {
		return "", false
	}
	return t.next()
}

func (t *lister) next() (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dir, ok := pop(&t.queue)
	if ok {
		t.busy++
	}
	return dir, ok
}

// got takes what ListAhead tells. What it could not do List tries again: then the
// error is the one that counts.
func (t *lister) got(dir string, l *ftpclient.Listing, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if errors.Is(err, ftpclient.ErrNotAhead) || ftpclient.Lost(err) {
		t.busy--
		t.single = append(t.single, dir)
		t.changed.Broadcast()
		return
	}
	t.arrived(dir, l, err)
}

// listNow lists a directory that is counted as busy.
func (t *lister) listNow(ctx context.Context, dir string) {
	l, err := t.c.List(ctx, dir)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arrived(dir, l, err)
}

// arrived hands a listing over. mu is held.
func (t *lister) arrived(dir string, l *ftpclient.Listing, err error) {
	t.queue = append(t.queue, t.visit(dir, l, err)...)
	t.busy--
	t.changed.Broadcast()
}

func pop(queue *[]string) (string, bool) {
	if len(*queue) == 0 {
		return "", false
	}
	first := (*queue)[0]
	*queue = (*queue)[1:]
	return first, true
}

// subdirs are the directories among the entries, as paths; links are not followed.
func subdirs(dir string, l *ftpclient.Listing) (dirs []string) {
	for _, e := range l.Entries {
		if e.Type == ftpclient.TypeDir && usable(e.Name) {
			dirs = append(dirs, path.Join(dir, e.Name))
		}
	}
	return dirs
}
