package transfer

import (
	"context"
	"path"
	"strings"
	"time"

	"ftpfs/ftpclient"
)

// serverSource is a server that files are fetched from.
type serverSource struct {
	c *ftpclient.Client
	o Options
}

func (s *serverSource) name(it item) string { return it.from }

// walk implements source. A link is fetched if it leads to a file; the others are
// left out, with a note, and so is what is no file at all.
func (s *serverSource) walk(ctx context.Context, top item, found func(item), failed func(string, error)) {
	below := func(dir, name string) string {
		inside := strings.TrimPrefix(path.Join(dir, name), strings.TrimSuffix(top.from, "/"))
		return path.Join(top.rel, strings.TrimPrefix(inside, "/"))
	}
	listTree(ctx, s.c, top.from, s.o.Parallel, func(dir string, l *ftpclient.Listing, err error) []string {
		if err != nil {
			failed(dir, err)
			return nil
		}
		for _, skipped := range l.Skipped {
			failed(path.Join(dir, skipped.Line), ErrName)
		}
		for _, e := range l.Entries {
			switch {
			case isPart(e.Name):
				// Of a transfer that is under way or was interrupted.
			case !usable(e.Name):
				failed(dir+"/"+e.Name, ErrName)
			case e.Type == ftpclient.TypeOther:
				s.o.Report.Note(path.Join(dir, e.Name) + " is neither file nor directory: left out")
			default:
				if e.Type == ftpclient.TypeSymlink {
					e.Size, e.ModTime = -1, time.Time{} // they are the link's own
				}
				found(item{rel: below(dir, e.Name), from: path.Join(dir, e.Name), entry: e})
			}
		}
		return subdirs(dir, l)
	})
}

func (s *serverSource) look(ctx context.Context, it item) (ftpclient.Entry, error) {
	return s.c.Verify(ctx, it.from)
}

func (s *serverSource) open(ctx context.Context, it item, at int64) (content, error) {
	d, err := s.c.Retrieve(ctx, it.from, ftpclient.RetrieveOptions{Offset: at, Verify: true, ASCII: s.o.ASCII})
	if err != nil {
		return nil, s.orLink(ctx, it, err)
	}
	c := &fetched{Download: d, entry: it.entry}
	if e, ok := d.Verified(); ok {
		c.entry = e
	}
	return c, nil
}

// orLink is the reason that a file cannot be read: errDirLink if it is a link to a
// directory.
func (s *serverSource) orLink(ctx context.Context, it item, err error) error {
	if it.entry.Type != ftpclient.TypeSymlink || ftpclient.Lost(err) || ctx.Err() != nil {
		return err
	}
	if _, listErr := s.c.List(ctx, it.from); listErr == nil {
		return errDirLink
	}
	return err
}

// fetched is a file that comes from a server.
type fetched struct {
	*ftpclient.Download
	entry ftpclient.Entry
}

func (f *fetched) version() ftpclient.Entry { return f.entry }

// unchanged implements content: that all came is the size's to tell.
func (f *fetched) unchanged() error { return nil }
