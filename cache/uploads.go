package cache

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ftpfs/ftpclient"
)

// Upload is a file with content that the server does not have, and of which no
// open handle will tell anybody.
type Upload struct {
	Path  string // in the volume
	Size  int64  // octets
	Since time.Time
	Busy  bool
	// Err is the failure of the last try; Ended tells that there is none any more
	// unless RetryUpload asks for it.
	Err   error
	Ended bool
	Data  string // the file that holds the data, holes for what only the server has
}

// Uploads returns the files that wait for their upload in the background, and those
// of which it has failed, also before this volume.
func (v *Volume) Uploads() []Upload {
	v.later.mu.Lock()
	files := slices.Clone(v.later.files)
	list := make([]Upload, len(files))
	for i, p := range files {
		list[i] = Upload{Since: p.since, Busy: p.busy, Err: p.err, Ended: p.ended}
	}
	v.later.mu.Unlock()
	for i, p := range files {
		list[i].Path = p.f.where()
		p.f.mu.Lock()
		if list[i].Size = p.f.attr.Size; p.f.spool != nil {
			list[i].Data = p.f.spool.name
		}
		p.f.mu.Unlock()
	}
	for _, r := range v.keptRecords() {
		u := Upload{Path: string(r.Path), Since: r.Since, Err: errors.New(r.Failed), Ended: true, Data: filepath.Join(v.opts.SpoolDir, r.Spool)}
		if info, err := os.Stat(u.Data); err == nil {
			u.Size = info.Size()
		}
		list = append(list, u)
	}
	return list
}

// LeftUploads returns what a volume that has died left in its spool directory. Path is
// that in the volume.
func LeftUploads(dir string) (left []Upload) {
	for _, pattern := range []string{uploadRecords, openRecords} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are well formed
		for _, name := range names {
			var r uploadRecord
			if readRecord(name, &r) != nil || filepath.Base(r.Spool) != r.Spool {
				continue // the next mount tells of it
			}
			u := Upload{Path: string(r.Path), Since: r.Since, Ended: r.Failed != "", Data: filepath.Join(dir, r.Spool)}
			if r.Failed != "" {
				u.Err = errors.New(r.Failed)
			}
			if info, err := os.Stat(u.Data); err == nil {
				u.Size = info.Size()
			}
			left = append(left, u)
		}
	}
	return left
}

// keptRecord is the record of data that is kept.
type keptRecord struct {
	uploadRecord
	name string
}

// keptRecords are those of uploads that have failed for good.
func (v *Volume) keptRecords() (kept []keptRecord) {
	names, _ := filepath.Glob(filepath.Join(v.opts.SpoolDir, uploadRecords)) // the pattern is well formed
	for _, name := range names {
		r := keptRecord{name: name}
		if readRecord(name, &r.uploadRecord) == nil && r.Failed != "" && string(r.Root) == v.opts.Root && filepath.Base(r.Spool) == r.Spool {
			kept = append(kept, r)
		}
	}
	return kept
}

// RetryUpload has the upload of path tried again soon. It does not wait for it. Of what
// a program has open it is KindBusy.
func (v *Volume) RetryUpload(path string) error {
	if f := v.queued(path); f != nil {
		f.mu.Lock()
		f.failed = nil
		f.mu.Unlock()
		v.later.add(f, false)
		return nil
	}
	for _, r := range v.keptRecords() {
		if string(r.Path) == path {
			return v.revive(&r)
		}
	}
	return v.noUpload("retry", path)
}

// noUpload is the error of a path of which nothing waits and nothing is kept: KindBusy
// where a program still has the file open, with which what it has written goes or stays.
func (v *Volume) noUpload(op, path string) error {
	if f := v.grab(path); f != nil {
		defer f.drop()
		if _, local := f.localAttr(); local {
			return refuse(op, v.abs(path), ftpclient.KindBusy)
		}
	}
	return refuse(op, v.abs(path), ftpclient.KindNotExist)
}

// queued is the file at path if it waits for its upload.
func (v *Volume) queued(path string) *File {
	v.mu.Lock()
	f := v.files[path]
	v.mu.Unlock()
	if f != nil && v.later.has(f) {
		return f
	}
	return nil
}

// revive queues data that is kept.
func (v *Volume) revive(r *keptRecord) error {
	failed := r.Failed
	info, err := os.Stat(filepath.Join(v.opts.SpoolDir, r.Spool))
	if err == nil {
		err = r.complete(info.Size())
	}
	if err != nil {
		return err
	}
	r.Failed, r.Unclosed = "", false
	name, err := writeRecord(v.opts.SpoolDir, uploadRecords, &r.uploadRecord, true)
	if err != nil {
		return err
	}
	f := v.locate(name, map[rawName]func(){r.Held: func() {}})
	if f == nil {
		v.removeRecord(name)
		return errors.New("the file is open, or its data is gone: " + failed)
	}
	v.removeRecord(r.name)
	v.later.add(f, true)
	f.drop()
	return nil
}

// discardQueued is DiscardUpload of a file that waits. It is KindBusy while that is being
// sent, or a program has it open to write to it: what it writes would be sent no more.
func (f *File) discardQueued(path string) error {
	v, busy := f.v, refuse("discard", f.v.abs(path), ftpclient.KindBusy)
	select {
	case f.turn <- struct{}{}:
		defer f.give()
	default:
		return busy
	}
	taken := f.dequeue(path)
	if len(taken) == 0 {
		return busy
	}
	f.disownRemoved(path)
	f.markGone()
	dropAll(taken)
	dir, _ := split(path)
	v.meta.drop(dir)
	return nil
}

// discardHeld deletes the temporary file that has the beginning of what was kept, if one
// has. It goes when it is a day old if that fails.
func (v *Volume) discardHeld(held string) {
	if _, name := split(held); isTemp(name) {
		v.after.Go(func() { v.clearAway(held, func() {}, nil) })
	}
}

// dequeue takes a file that nobody is to write to or to send any more out of the queue,
// which it returns with the queue's reference, and out of the tree.
func (f *File) dequeue(path string) (taken []*File) {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if f.senders > 0 || f.v.files[path] != f {
		return nil
	}
	taken = f.v.later.take(func(o *File) bool { return o == f })
	if len(taken) > 0 {
		delete(f.v.files, path)
	}
	return taken
}

// DiscardUpload deletes what is kept of path, and the file is again what the server
// has. Of what a program has open to write to it, it is KindBusy.
func (v *Volume) DiscardUpload(path string) error {
	if f := v.queued(path); f != nil {
		return f.discardQueued(path)
	}
	for _, r := range v.keptRecords() {
		if string(r.Path) == path && strings.HasPrefix(r.Spool, "spool-") {
			v.removeRecord(r.name)
			v.discardHeld(string(r.Held))
			return os.Remove(filepath.Join(v.opts.SpoolDir, r.Spool))
		}
	}
	return v.noUpload("discard", path)
}

// LeaveUploads begins no more uploads of what was accepted: it is left for the next
// volume. Those that are under way go on.
func (v *Volume) LeaveUploads() { v.later.leave() }
