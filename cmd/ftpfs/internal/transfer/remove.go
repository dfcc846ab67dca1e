package transfer

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"

	"ftpfs/ftpclient"
)

// ErrTop refuses to remove the directory that all is in.
var ErrTop = errors.New("the uppermost directory of the server, or of the login, is not removed: name what is in it")

// Remove deletes files and, with Options.Recursive, directories with all that is in
// them. Links are deleted, not what they lead to. What is not there is no failure.
func Remove(ctx context.Context, c *ftpclient.Client, from []Match, o Options) Result {
	o = o.withDefaults()
	r := &removal{c: c, o: o}
	for _, m := range from {
		switch {
		case m.Path == "/" || m.Path == path.Clean(c.Features().Home) && m.All:
			r.fail(m.Path, ErrTop)
		case m.Entry.Type != ftpclient.TypeDir:
			r.files = append(r.files, m.Path)
		case !o.Recursive:
			r.fail(m.Path, ErrIsDir)
		default:
			r.gather(ctx, m.Path)
		}
	}
	r.each(ctx, r.files, c.Delete)
	// From the deepest up, those of one depth at once.
	slices.SortFunc(r.dirs, func(a, b string) int { return cmp.Compare(depth(b), depth(a)) })
	for len(r.dirs) > 0 {
		n := 0
		for n < len(r.dirs) && depth(r.dirs[n]) == depth(r.dirs[0]) {
			n++
		}
		r.each(ctx, r.dirs[:n], c.Rmdir)
		r.dirs = r.dirs[n:]
	}
	r.result.Interrupted = ctx.Err() != nil
	return r.result
}

func depth(p string) int { return strings.Count(p, "/") }

// removal is what Remove is at.
type removal struct {
	c           *ftpclient.Client
	o           Options
	files, dirs []string

	mu     sync.Mutex // guards result; never held across the network
	result Result
}

func (r *removal) fail(p string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Failures = append(r.result.Failures, Failure{p, err})
}

// gather finds what is in a directory.
func (r *removal) gather(ctx context.Context, top string) {
	r.dirs = append(r.dirs, top)
	listTree(ctx, r.c, top, r.o.Parallel, func(dir string, l *ftpclient.Listing, err error) []string {
		if err != nil {
			r.fail(dir, err)
			return nil
		}
		for _, s := range l.Skipped {
			r.fail(path.Join(dir, s.Line), ErrName)
		}
		for _, e := range l.Entries {
			if e.Type != ftpclient.TypeDir && usable(e.Name) {
				r.files = append(r.files, path.Join(dir, e.Name))
			}
		}
		below := subdirs(dir, l)
		r.dirs = append(r.dirs, below...)
		return below
	})
}

// each does something with each path, several at a time.
func (r *removal) each(ctx context.Context, paths []string, do func(context.Context, string) error) {
	work := make(chan string)
	var all sync.WaitGroup
	for range min(r.o.Parallel, len(paths)) {
		all.Go(func() {
			for p := range work {
				err := do(ctx, p)
				switch {
				case ftpclient.KindOf(err) == ftpclient.KindNotExist:
				case err != nil && ctx.Err() == nil:
					r.fail(p, err)
				case err == nil:
					r.mu.Lock()
					r.result.Files++
					r.mu.Unlock()
				}
			}
		})
	}
	for _, p := range paths {
		if ctx.Err() != nil {
			break
		}
		work <- p
	}
	close(work)
	all.Wait()
}
