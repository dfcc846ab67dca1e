package cache

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"ftpfs/ftpclient"
)

// Recover takes over what an earlier volume with the same spool directory and root
// has left: temporary names are cleared away on the server, and uploads that were
// not finished go on in the background. It returns how many; it does not wait for
// the network. It is called once, before the volume is used, of which the spool directory
// is no other's.
func (v *Volume) Recover() int {
	if v.opts.SpoolDir == "" {
		return 0
	}
	if err := dropLeftovers(v.opts.SpoolDir); err != nil {
		v.log.Warn("what an earlier volume has left in the spool directory could not be removed", "error", err)
	}
	v.dropOlder()
	v.keepUnclosed()
	held := v.heldBy()
	names, _ := filepath.Glob(filepath.Join(v.opts.SpoolDir, nameRecords)) // the pattern is well formed
	var clear []func(context.Context) error
	for _, name := range names {
		var r nameRecord
		if err := readRecord(name, &r); err != nil || string(r.Root) != v.opts.Root {
			v.log.Warn("a record of the journal is of no use here", "record", name, "error", err)
			continue
		}
		noted := func() { v.removeRecord(name) }
		if _, is := held[r.Delete]; is {
			held[r.Delete] = noted
			continue
		}
		if r.Begun != "" {
			v.remnants.addBegun(&r, noted)
			continue
		}
		clear = append(clear, func(ctx context.Context) error {
			err := v.clear(ctx, &r)
			if aboutFile(err) {
				noted()
			}
			return err
		})
	}
	var found []*File
	uploads, _ := filepath.Glob(filepath.Join(v.opts.SpoolDir, uploadRecords))
	for _, name := range uploads {
		if f := v.locate(name, held); f != nil {
			found = append(found, f)
		}
	}
	v.later.before = len(clear)+len(found) > 0
	v.work.Go(func() {
		defer v.later.found()
		for pause := firstPause; len(clear) > 0; pause = min(2*pause, lastPause) { // first: a file may be aside
			clear = slices.DeleteFunc(clear, v.clearedFirst)
			if len(clear) == 0 || v.ctx.Err() != nil || v.isClosed() {
				break
			}
			select {
			case <-time.After(pause):
			case <-v.ctx.Done():
			}
		}
		for _, f := range found {
			v.later.add(f, true)
			f.drop()
		}
	})
	return len(found)
}

// heldBy are the temporary files that are a part of what is to be uploaded, with what
// ends their records.
func (v *Volume) heldBy() map[rawName]func() {
	held := map[rawName]func(){}
	names, _ := filepath.Glob(filepath.Join(v.opts.SpoolDir, uploadRecords)) // the pattern is well formed
	for _, name := range names {
		var r uploadRecord
		if readRecord(name, &r) == nil && r.Held != "" && r.Failed == "" {
			held[r.Held] = func() {}
		}
	}
	return held
}

// clearedFirst tries to clear names away, and reports whether the uploads need not wait
// for that any more: it is done with, or the server can be reached and does not do it now.
func (v *Volume) clearedFirst(clear func(context.Context) error) bool {
	err := clear(v.ctx)
	if aboutFile(err) {
		return true
	}
	var said *ftpclient.Error
	if ftpclient.Lost(err) || !errors.As(err, &said) || said.Code == 0 || said.Op == "TYPE" {
		return false
	}
	v.remnants.add(func(ctx context.Context) bool { return aboutFile(clear(ctx)) })
	return true
}

func (v *Volume) isClosed() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.closed
}

// clear does what a record of names asks for. It is done with if the error is aboutFile.
func (v *Volume) clear(ctx context.Context, r *nameRecord) error {
	if r.Delete != "" {
		return v.remote.Delete(ctx, v.abs(string(r.Delete)))
	}
	aside, to := string(r.Aside), string(r.To)
	if !isTemp(filepath.Base(aside)) {
		return nil
	}
	_, err := v.remote.Stat(ctx, v.abs(to))
	switch {
	case err == nil:
		err = v.remote.Delete(ctx, v.abs(aside)) // it has been replaced
	case ftpclient.KindOf(err) == ftpclient.KindNotExist:
		err = v.remote.Rename(ctx, v.abs(aside), v.abs(to))
	}
	if err != nil && ftpclient.KindOf(err) != ftpclient.KindNotExist {
		v.log.Warn("a file that was moved aside is not back", "file", v.abs(to), "is at", v.abs(aside), "error", err)
	}
	return err
}

// aboutFile reports whether a server has done what was asked of it, or has said that
// it cannot be done to that file: then there is no use in asking again. That a session
// could not be had for it, for want of TYPE I, says nothing of the file.
func aboutFile(err error) bool {
	if e := (*ftpclient.Error)(nil); errors.As(err, &e) && e.Op == "TYPE" {
		return false
	}
	switch ftpclient.KindOf(err) {
	case ftpclient.KindNotExist, ftpclient.KindPermission, ftpclient.KindInvalidName, ftpclient.KindIsDir, ftpclient.KindNotDir, ftpclient.KindUnsupported:
		return true
	}
	return err == nil
}

// locate makes an open file, with a reference, of a record; nil if it cannot. held is
// from heldBy.
func (v *Volume) locate(name string, held map[rawName]func()) *File {
	var r uploadRecord
	err := readRecord(name, &r)
	if err == nil && r.Failed != "" {
		v.log.Warn("data is kept that could not be uploaded; see ftpfs uploads", "file", v.abs(string(r.Path)), "error", r.Failed)
		return nil
	}
	if err != nil || string(r.Root) != v.opts.Root || filepath.Base(r.Spool) != r.Spool || r.Path == "" {
		v.log.Warn("a record of the journal is of no use here", "record", name, "error", err)
		return nil
	}
	s, size, err := openSpoolFile(filepath.Join(v.opts.SpoolDir, r.Spool))
	if err != nil {
		v.log.Warn("an upload cannot be finished", "file", v.abs(string(r.Path)), "record", name, "error", err)
		return nil
	}
	for _, h := range r.Have {
		s.have = s.have.add(h[0], min(h[1], size))
	}
	s.base = min(r.Base, size)
	f, fresh, err := v.adopt(string(r.Path), func(f *File) error {
		f.revive(&r, s, size, name)
		if r.Held != "" {
			f.hold(string(r.Held), s.base, held[r.Held])
		}
		return nil
	})
	if err != nil || !fresh {
		if f != nil {
			f.drop()
		}
		s.file.Close()
		v.log.Warn("an upload cannot be finished, there is another of the same file", "file", v.abs(string(r.Path)), "record", name, "error", err)
		return nil
	}
	v.log.Info("an upload that was not finished goes on", "file", v.abs(string(r.Path)), "octets", size)
	return f
}

// revive gives a new file the state of a record.
func (f *File) revive(r *uploadRecord, s *spool, size int64, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = seen{size: r.Size, time: r.Time, set: r.Set, precision: r.Precision}
	if f.onServer = r.OnServer; r.OnServer {
		f.base = versionOf(&row{Entry: ftpclient.Entry{Size: r.Size, ModTime: r.Time, Precision: r.Precision}})
	}
	if r.OldMode != nil {
		f.baseMode, f.hasMode = *r.OldMode, true
	}
	f.attr = Attr{Type: ftpclient.TypeFile, Size: size, ModTime: r.Since, Mode: r.Mode}
	if r.SetTime != nil {
		f.attr.ModTime = *r.SetTime
	}
	f.setMode, f.setTime = r.SetMode, r.SetTime
	f.kept = r.Kept
	f.spool, f.dirty, f.noted, f.accepted = s, true, name, r.Accepted
	f.account()
}
