package transfer

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"ftpfs/ftpclient"
)

// localSource is this machine.
type localSource struct{ o Options }

func (s localSource) name(it item) string { return it.from }

// walk implements source. Links are followed to files, and left out where they lead
// to directories: those may be above.
func (s localSource) walk(ctx context.Context, top item, found func(item), failed func(string, error)) {
	filepath.WalkDir(top.from, func(name string, d fs.DirEntry, err error) error { // its result is ctx's
		switch {
		case ctx.Err() != nil:
			return fs.SkipAll
		case err != nil:
			failed(name, reason(err))
			return nil
		case name == top.from || isPart(d.Name()):
			return nil
		}
		below, err := filepath.Rel(top.from, name)
		if err != nil {
			failed(name, err)
			return nil
		}
		it := item{rel: path.Join(top.rel, filepath.ToSlash(below)), from: name}
		if d.IsDir() {
			it.entry.Type = ftpclient.TypeDir
			found(it)
			return nil
		}
		info, err := os.Stat(name)
		switch {
		case err != nil:
			failed(name, reason(err))
		case !info.Mode().IsRegular():
			s.o.Report.Note(name + " is no file, or leads to none: left out")
		default:
			it.entry = entryOf(info)
			found(it)
		}
		return nil
	})
}

func (s localSource) look(_ context.Context, it item) (ftpclient.Entry, error) {
	info, err := os.Stat(it.from)
	if err != nil {
		return ftpclient.Entry{}, err
	}
	return entryOf(info), nil
}

func (s localSource) open(_ context.Context, it item, at int64) (content, error) {
	f, err := os.Open(it.from)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = ErrIsDir
	}
	if err == nil && at > 0 {
		_, err = f.Seek(at, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &localFile{File: f, began: info}, nil
}

// localFile is a file of this machine.
type localFile struct {
	*os.File
	began os.FileInfo
}

// version implements content. What is no regular file (a pipe, a device) has
// neither size nor time of use.
func (f *localFile) version() ftpclient.Entry {
	if !f.began.Mode().IsRegular() {
		return ftpclient.Entry{Type: ftpclient.TypeFile, Size: -1}
	}
	return entryOf(f.began)
}

func (f *localFile) unchanged() error {
	now, err := f.Stat()
	if err != nil {
		return err
	}
	if f.began.Mode().IsRegular() && (now.Size() != f.began.Size() || !now.ModTime().Equal(f.began.ModTime())) {
		return ErrChanged
	}
	return nil
}

// entryOf is what a server would say of a file of this machine.
func entryOf(info os.FileInfo) ftpclient.Entry {
	e := ftpclient.Entry{Name: info.Name(), Type: ftpclient.TypeFile, Size: info.Size(), ModTime: info.ModTime().UTC(), Precision: time.Nanosecond}
	if info.IsDir() {
		e.Type = ftpclient.TypeDir
	}
	return e
}

// reason strips the operation and the path from a file system's error, which the
// text around it names already.
func reason(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err
	}
	return err
}
