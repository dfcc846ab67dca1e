package transfer

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"ftpfs/ftpclient"
)

// A Place is where files go: a directory or the name of a file.
type Place struct {
	Path string
	// Dir tells that it is meant to be a directory, as a slash at its end does.
	Dir bool
}

var (
	errManyToOne = errors.New("several files go into a directory: this is a file")
	errOneEach   = errors.New("give the names of files, or a directory for them: what is to be moved has no name of its own")
)

// Get fetches files and, with Options.Recursive, directories, to this machine. Into
// a directory that is there, or that is meant to be one, they go by their own names;
// else the only one gets the place's name. The content of a match of which All is
// true goes into the place itself. The error is one of the place; of the files
// Result tells.
func Get(ctx context.Context, c *ftpclient.Client, from []Match, to Place, o Options) (Result, error) {
	o = o.withDefaults()
	dir, name, err := localPlace(from, to)
	if err != nil {
		return Result{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Result{}, err
	}
	defer root.Close()
	src, dst := &serverSource{c: c, o: o}, &localSink{root: root, o: o}
	return do(ctx, src, dst, tops(from, name), true, o), nil
}

// Put sends files and directories of this machine to a server; "-" is what r has.
// See Get for what they are called there.
func Put(ctx context.Context, c *ftpclient.Client, from []string, r io.Reader, to Place, o Options) (Result, error) {
	o = o.withDefaults()
	matches, failures := localMatches(from)
	dir, name, err := serverPlace(ctx, c, matches, to)
	if err != nil {
		return Result{}, err
	}
	var src source = localSource{o}
	if len(from) == 1 && from[0] == "-" {
		if name == "" || name == "." {
			return Result{}, errOneEach
		}
		src = &streamSource{r: r}
	}
	res := do(ctx, src, newServerSink(c, dir, o), tops(matches, name), false, o)
	res.Failures = append(failures, res.Failures...)
	return res, nil
}

// Copy has files and directories of one server moved to another, or to other places
// of the same, without the disk of this machine.
func Copy(ctx context.Context, a *ftpclient.Client, from []Match, b *ftpclient.Client, to Place, o Options) (Result, error) {
	o = o.withDefaults()
	dir, name, err := serverPlace(ctx, b, from, to)
	if err != nil {
		return Result{}, err
	}
	return do(ctx, &serverSource{c: a, o: o}, newServerSink(b, dir, o), tops(from, name), true, o), nil
}

func (o Options) withDefaults() Options {
	o.Parallel = max(1, o.Parallel)
	if o.Report == nil {
		o.Report = nobody{}
	}
	return o
}

// tops are the items that matches begin with: name is that of the only one, "" where
// each has its own.
func tops(from []Match, name string) (items []item) {
	if len(from) != 1 {
		items = append(items, item{rel: ".", entry: ftpclient.Entry{Type: ftpclient.TypeDir}})
	}
	for _, m := range from {
		it := item{rel: name, from: m.Path, entry: m.Entry}
		switch {
		case m.All:
			it.rel = "."
		case name == "":
			it.rel = path.Base(filepath.ToSlash(m.Path))
		}
		items = append(items, it)
	}
	return items
}

// byOwnName tells that matches keep their names.
func byOwnName(from []Match, to Place) bool {
	return to.Dir || len(from) != 1 || from[0].All || from[0].Globbed
}

// localPlace returns the directory that files go to, which is there then, and the
// name that the only one gets, "" for its own.
func localPlace(from []Match, to Place) (dir, name string, err error) {
	info, err := os.Stat(to.Path)
	switch {
	case err == nil && info.IsDir():
		return to.Path, "", nil
	case err == nil && byOwnName(from, to):
		return "", "", errManyToOne
	case byOwnName(from, to):
		return to.Path, "", os.MkdirAll(to.Path, 0o777)
	}
	return filepath.Dir(to.Path), filepath.Base(to.Path), nil
}

// serverPlace is localPlace on a server. A directory that is not there is made when
// it is needed.
func serverPlace(ctx context.Context, c *ftpclient.Client, from []Match, to Place) (dir, name string, err error) {
	if to.Path == "/" || byOwnName(from, to) && to.Dir {
		return to.Path, "", nil
	}
	e, there, err := lookAt(ctx, c, to.Path)
	switch {
	case err != nil:
		return "", "", err
	case there && e.Type == ftpclient.TypeDir:
		return to.Path, "", nil
	case byOwnName(from, to) && there:
		return "", "", &ftpclient.Error{Op: "STOR", Path: to.Path, Kind: ftpclient.KindNotDir, Err: errManyToOne}
	case byOwnName(from, to):
		return to.Path, "", nil
	}
	return path.Dir(to.Path), path.Base(to.Path), nil
}

// localMatches looks at files of this machine. The content of a directory whose
// name ends in a slash, or that is "." or "..", is meant.
func localMatches(names []string) (found []Match, failures []Failure) {
	for _, name := range names {
		if name == "-" && len(names) == 1 {
			return []Match{{Path: name, Entry: ftpclient.Entry{Type: ftpclient.TypeFile, Size: -1}}}, nil
		}
		info, err := os.Stat(name)
		if err != nil {
			failures = append(failures, Failure{name, reason(err)})
			continue
		}
		clean := filepath.Clean(name)
		base := filepath.Base(clean)
		all := info.IsDir() && (strings.HasSuffix(name, "/") || base == "." || base == ".." || base == "/")
		found = append(found, Match{Path: clean, Entry: entryOf(info), All: all})
	}
	return found, failures
}

// streamSource is one stream, which can be read once.
type streamSource struct {
	r      io.Reader
	opened bool
}

func (s *streamSource) name(item) string { return "standard input" }

func (s *streamSource) walk(context.Context, item, func(item), func(string, error)) {}

func (s *streamSource) look(context.Context, item) (ftpclient.Entry, error) {
	return ftpclient.Entry{Size: -1}, nil
}

var errReadOnce = errors.New("it cannot be read a second time")

func (s *streamSource) open(context.Context, item, int64) (content, error) {
	if s.opened {
		return nil, errReadOnce
	}
	s.opened = true
	return stream{s.r}, nil
}

type stream struct{ io.Reader }

func (stream) Close() error             { return nil }
func (stream) version() ftpclient.Entry { return ftpclient.Entry{Size: -1} }
func (stream) unchanged() error         { return nil }
