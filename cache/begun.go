package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ftpfs/ftpclient"
)

// What an upload that was cut off has left under the name of a new file is deleted only
// if it must be ours: its content is a beginning of what is kept here, and the server
// wrote it last when that was sent, by the server's clock, which a temporary file beside
// it tells. All else may be somebody else's, an empty file above all, and stays; the log
// says so.

// attempt is when an upload was tried, by the clock here.
type attempt struct{ from, until time.Time }

// clockSlack is how far the time of a file may be off, beside its precision: the server
// writes a little later than was sent, and the temporary file takes a moment.
const clockSlack = 2 * time.Second

// addBegun is addNoted for the beginning of a file.
func (r *remnants) addBegun(n *nameRecord, noted func()) {
	r.mu.Lock()
	if r.begun == nil {
		r.begun = map[string]*nameRecord{}
	}
	r.begun[string(n.Begun)] = n
	r.mu.Unlock()
	r.addNoted(func(ctx context.Context) bool { return r.v.clearBegun(ctx, n) }, func() {
		noted()
		if n.Own {
			r.v.removeRecord(filepath.Join(r.v.opts.SpoolDir, filepath.Base(n.Kept)))
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.begun[string(n.Begun)] == n {
			delete(r.begun, string(n.Begun))
		}
	})
}

// ripen waits until it can be told of all beginnings whether they are ours, if that is
// what the last look at one lacked, and reports whether it did.
func (r *remnants) ripen(ctx context.Context) bool {
	var wait time.Duration
	r.mu.Lock()
	if !r.young {
		r.mu.Unlock()
		return false
	}
	for _, n := range r.begun {
		wait = max(wait, 2*(clockSlack+time.Second)-time.Since(n.Until))
	}
	r.mu.Unlock()
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *remnants) setYoung(young bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.young = young
}

// made tells that what is at p now, and below it, is no beginning any more: it was
// made, or moved there, by who got an answer.
func (r *remnants) made(p string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for begun := range r.begun {
		if within(begun, p) {
			delete(r.begun, begun)
		}
	}
}

func (r *remnants) isBegun(n *nameRecord) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begun[string(n.Begun)] == n
}

// disown has the beginning of a new file cleared away that an upload has left under
// the file's own name. kept is the file in the spool directory that holds all of it.
func (v *Volume) disown(p, kept string, own bool, tried attempt) {
	r := nameRecord{Root: rawName(v.opts.Root), Begun: rawName(p), Kept: filepath.Base(kept), Own: own, From: tried.from, Until: tried.until}
	v.remnants.addBegun(&r, v.note(r))
}

// disownRemoved is disown for a file that is being removed, whose spool goes, too. The
// caller holds turn, or nobody sends the file.
func (f *File) disownRemoved(p string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tried == nil || f.spool == nil || f.attr.Size == 0 {
		return
	}
	kept := filepath.Join(f.v.opts.SpoolDir, begunPrefix+rand.Text())
	if err := os.Link(f.spool.name, kept); err != nil {
		f.v.log.Warn("what a failed upload may have left on the server stays there", "file", f.v.abs(p), "error", err)
		return
	}
	f.v.disown(p, kept, true, *f.tried)
	f.tried = nil
}

// begunPrefix begins the names of what was in the spool of files that were removed.
const begunPrefix = "begun-"

// unlinkBegun removes what a failed upload may have left of a file that the server never
// had: at once, or where it is away, when it can be reached. The caller holds turn.
func (f *File) unlinkBegun(ctx context.Context, p string) error {
	f.mu.Lock()
	tried := f.tried != nil
	f.mu.Unlock()
	if !tried {
		return nil
	}
	err := f.v.remote.Delete(ctx, f.v.abs(p))
	switch {
	case ftpclient.Lost(err):
		f.disownRemoved(p)
	case err != nil && ftpclient.KindOf(err) != ftpclient.KindNotExist:
		return err
	}
	return nil
}

// clearBegun deletes a file on the server if it is a beginning of what is kept here, as
// said above, and if nothing else was put there through the volume since. Nobody uses
// the path here meanwhile; if somebody does already, it is done another time.
func (v *Volume) clearBegun(ctx context.Context, r *nameRecord) (done bool) {
	p := string(r.Begun)
	m, files, err := v.beginMove(ctx, p, p)
	if err != nil {
		return false
	}
	defer v.endMove(m, false)
	if dropAll(files); len(files) > 0 {
		return false
	}
	if !v.remnants.isBegun(r) {
		return true
	}
	kept, size, err := openSpoolFile(filepath.Join(v.opts.SpoolDir, filepath.Base(r.Kept)))
	if err != nil {
		v.log.Warn("it cannot be said whether a file on the server is what a failed upload has left", "file", v.abs(p), "error", err)
		return errors.Is(err, fs.ErrNotExist)
	}
	defer kept.file.Close()
	e, err := v.remote.Verify(ctx, v.abs(p))
	if err != nil || e.Size < 0 || e.Size >= size {
		v.remnants.setYoung(false)
		return aboutFile(err)
	}
	slack := clockSlack + e.Precision
	young := time.Since(r.Until) < 2*slack // who writes it now cannot be told apart yet
	v.remnants.setYoung(young)
	if young {
		return false
	}
	same, err := v.begins(ctx, p, kept.file, 0, e.Size)
	if err != nil || !same {
		return aboutFile(err)
	}
	ours, err := v.writtenThen(ctx, p, &e, attempt{r.From.Add(-slack), r.Until.Add(slack)})
	if err != nil {
		return aboutFile(err)
	}
	if !ours {
		v.log.Warn("what may be the beginning of a file that could not be uploaded stays on the server, for it may be somebody else's",
			"file", v.abs(p), "octets", e.Size, "time", e.ModTime)
		return true
	}
	v.log.Info("deleting the beginning of a file that could not be uploaded", "file", v.abs(p), "octets", e.Size)
	err = v.remote.Delete(ctx, v.abs(p))
	dir, _ := split(p)
	v.meta.drop(dir)
	return aboutFile(err)
}

// writtenThen reports whether the file of which the server told e was last written during an
// attempt, and still is what it was.
func (v *Volume) writtenThen(ctx context.Context, p string, e *ftpclient.Entry, during attempt) (bool, error) {
	if e.ModTime.IsZero() || during.from.IsZero() {
		return false, nil
	}
	temp := tempName(p)
	noted := v.noteName(temp)
	stored, err := v.remote.Store(ctx, v.abs(temp), strings.NewReader(""), ftpclient.StoreOptions{Verify: true})
	now := time.Now()
	v.clearAway(temp, noted, err)
	if err = errors.Join(err, stored.VerifyErr); err != nil || stored.Entry.ModTime.IsZero() {
		if ftpclient.Lost(err) {
			return false, err
		}
		return false, nil // its clock is not to be had
	}
	written := now.Add(e.ModTime.Sub(stored.Entry.ModTime))
	if written.Before(during.from) || written.After(during.until) {
		return false, nil
	}
	again, err := v.remote.Verify(ctx, v.abs(p))
	return err == nil && again.Size == e.Size && again.ModTime.Equal(e.ModTime), err
}

// begins reports whether the octets of a file on the server from from to to are those
// of a local file.
func (v *Volume) begins(ctx context.Context, p string, local *os.File, from, to int64) (bool, error) {
	stream, err := v.remote.Retrieve(ctx, v.abs(p), ftpclient.RetrieveOptions{Offset: from})
	if err != nil {
		return false, err
	}
	defer stream.Close()
	return sameOctets(io.LimitReader(stream, to-from), io.NewSectionReader(local, from, to-from))
}
