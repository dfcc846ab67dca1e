package cache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

const (
	// pendingAge is how old an accepted file that is not uploaded yet may be before
	// closes wait for the server again.
	pendingAge = 5 * time.Minute
	// pendingFiles is how many may wait.
	pendingFiles = 10_000
	// shortLife is how long an accepted file waits before its upload begins: what is
	// removed or written again at once (git's locks, a second save) does not go over
	// the wire.
	shortLife = 100 * time.Millisecond
	// the pauses between the tries of a server that does not answer
	firstPause = time.Second
	lastPause  = time.Minute
)

// pending are the files that are to be uploaded without anybody waiting. Each holds
// a reference to its file until the server has it.
//
// Lock order: Volume.mu, mu, File.mu.
type pending struct {
	v *Volume

	mu     sync.Mutex
	files  []*pendingFile // guarded by mu, as all below
	lanes  int            // at work
	left   bool           // no more is begun
	hurry  bool           // somebody waits for all: nothing waits for its own sake
	before bool           // what an earlier volume has left is still being looked at
	change chan struct{}  // closed and replaced when something was done
}

type pendingFile struct {
	f     *File
	since time.Time
	busy  bool
	after time.Time // no sooner is it tried
	pause time.Duration
	err   error // of the last try
	ended bool  // tried no more, unless somebody says so
	found bool  // from an earlier volume
}

func newPending(v *Volume) *pending { return &pending{v: v, change: make(chan struct{})} }

// accepts reports whether one more file may wait.
func (q *pending) accepts() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.files) >= pendingFiles {
		return false
	}
	for _, p := range q.files {
		if !p.ended && time.Since(p.since) > pendingAge {
			return false
		}
	}
	return true
}

// add queues a file, with one more reference, unless it is queued.
func (q *pending) add(f *File, found bool) {
	q.v.mu.Lock()
	defer q.v.mu.Unlock()
	q.addLocked(f, found)
}

// addLocked is add for who holds Volume.mu.
func (q *pending) addLocked(f *File, found bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.files, func(p *pendingFile) bool { return p.f == f })
	if i < 0 {
		f.refs++
		p := &pendingFile{f: f, since: time.Now(), found: found}
		if !found {
			p.after = p.since.Add(shortLife)
			time.AfterFunc(shortLife, q.kick)
		}
		q.files = append(q.files, p)
	} else if p := q.files[i]; p.ended || p.pause > 0 {
		p.ended, p.after = false, time.Time{}
	}
	q.work()
}

// work begins lanes. The caller holds mu.
func (q *pending) work() {
	for q.lanes < q.v.lanes() && q.next() != nil {
		q.lanes++
		p := q.next()
		p.busy = true
		q.v.after.Go(func() { q.lane(p) })
	}
}

// lanes is how many uploads may go on in the background: two connections, or half of
// few, are for others.
func (v *Volume) lanes() int {
	most := v.opts.Connections
	if most == 0 {
		most = usualConnections
	}
	if n := v.remote.Features().Connections; n > 0 {
		most = min(most, n)
	}
	return max(1, most/2, most-2)
}

// next is a file to be uploaded now. The caller holds mu.
func (q *pending) next() *pendingFile {
	if q.left {
		return nil
	}
	for _, p := range q.files {
		if !p.busy && !p.ended && (!time.Now().Before(p.after) || q.hurry && p.pause == 0) {
			return p
		}
	}
	return nil
}

// lane uploads one file after the other.
func (q *pending) lane(p *pendingFile) {
	for p != nil {
		err := p.f.sendLater(q.v.ctx, p.found)
		file := q.v.abs(p.f.where()) // Volume.mu comes before mu
		q.mu.Lock()
		done := q.settle(p, file, err)
		next := q.next()
		if next == nil {
			q.lanes--
		} else {
			next.busy = true
		}
		close(q.change)
		q.change = make(chan struct{})
		q.mu.Unlock()
		if done {
			p.f.drop()
		}
		p = next
	}
}

// settle records what became of a file, of that name on the server, and reports
// whether it is done with. The caller holds mu.
func (q *pending) settle(p *pendingFile, file string, err error) (done bool) {
	p.busy, p.err = false, err
	switch {
	case err == nil && p.f.stillWaits():
		return false // it was accepted again after the lane had left it to that
	case err == nil:
		q.files = slices.DeleteFunc(q.files, func(o *pendingFile) bool { return o == p })
		return true
	case !ftpclient.Lost(err):
		p.ended = true
		q.v.log.Error("a file that was accepted could not be uploaded; it is kept, see ftpfs uploads", "file", file, "error", err)
		return false
	}
	p.pause = min(max(2*p.pause, firstPause), lastPause)
	p.after = time.Now().Add(p.pause)
	q.v.log.Warn("an upload is tried again", "file", file, "after", p.pause, "error", err)
	time.AfterFunc(p.pause, q.kick)
	return false
}

// kick has what is due begun; nothing is after leave.
func (q *pending) kick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.work()
}

// drained waits until nothing waits any more that is still tried, or ctx ends.
func (q *pending) drained(ctx context.Context) {
	for {
		q.mu.Lock()
		q.hurry = true
		q.work()
		trying := q.before || slices.ContainsFunc(q.files, func(p *pendingFile) bool { return !p.ended || p.busy })
		if q.left {
			trying = q.lanes > 0
		}
		change := q.change
		q.mu.Unlock()
		if !trying {
			return
		}
		select {
		case <-change:
		case <-ctx.Done():
			return
		}
	}
}

// rest waits until no upload of those that wait is under way. It is for the end, when no
// more are begun and those that are end soon, one way or the other.
func (q *pending) rest() {
	for {
		q.mu.Lock()
		lanes, change := q.lanes, q.change
		q.mu.Unlock()
		if lanes == 0 {
			return
		}
		<-change
	}
}

// leave begins no more uploads.
func (q *pending) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.left = true
	close(q.change)
	q.change = make(chan struct{})
}

// found ends the look at what an earlier volume has left.
func (q *pending) found() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.before = false
	close(q.change)
	q.change = make(chan struct{})
}

// take takes files out of the queue that are not being uploaded, and returns them
// with their references.
func (q *pending) take(which func(*File) bool) (taken []*File) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.files = slices.DeleteFunc(q.files, func(p *pendingFile) bool {
		if p.busy || !which(p.f) {
			return false
		}
		taken = append(taken, p.f)
		return true
	})
	return taken
}

// has reports whether a file is in the queue.
func (q *pending) has(f *File) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(q.files, func(p *pendingFile) bool { return p.f == f })
}

// forgetGone lets go of the files that are not in the tree any more.
func (q *pending) forgetGone() { dropAll(q.take((*File).isGone)) }

// count is how many files wait.
func (q *pending) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.files)
}

// accept takes over the content for a later upload: it is durable here when accept
// returns. Where it cannot be, or too much waits already, it is uploaded now.
func (f *File) accept(ctx context.Context) error {
	f.mu.Lock()
	known, failed := !f.dirty || f.gone || f.accepted && !f.unnoted, f.failed
	f.mu.Unlock()
	if known {
		return failed // whoever has the turn is uploading it
	}
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	f.mu.Lock()
	idle, s, aside := !f.dirty || f.gone, f.spool, f.held.name != ""
	failed = f.failed
	f.mu.Unlock()
	switch {
	case idle || failed != nil:
		return failed
	case s == nil || aside || !f.v.later.accepts():
		return f.commitNow(f.v.ctx)
	}
	p, err := f.settle(f.v.ctx)
	if err != nil {
		return err
	}
	if err = f.note(p, true); err != nil {
		f.v.once("what is written cannot be kept here for a later upload; closes wait for the server", "error", err)
		return f.commitNow(f.v.ctx)
	}
	f.v.later.add(f, false)
	return nil
}

// sendLater uploads a file that was accepted, or found, unless it has been written
// to since by somebody whose close accepts it again.
func (f *File) sendLater(ctx context.Context, found bool) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	written := f.hasSenders()
	f.mu.Lock()
	skip := !f.dirty || f.gone || f.unnoted && written
	if ftpclient.Lost(f.failed) {
		f.failed = nil
	}
	f.mu.Unlock()
	if skip {
		return nil
	}
	if found {
		if err := f.reconcile(ctx); err != nil {
			return err
		}
	}
	return f.commitNow(ctx)
}

// hasSenders reports whether there are handles whose Flush sends the file.
func (f *File) hasSenders() bool {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	return f.senders > 0
}

// waits reports whether what a close has acknowledged is still to be uploaded, and
// nothing was written since. The caller holds mu.
func (f *File) waits() bool { return f.accepted && f.dirty && !f.gone && !f.unnoted }

func (f *File) stillWaits() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waits()
}

// noteAgain has the record of a file that waits tell the attributes that were set
// since: no close will come to accept it once more. The caller holds turn.
func (f *File) noteAgain() error {
	p, err := f.settle(f.v.ctx)
	if err == nil {
		err = f.note(p, true)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unnoted = false // the upload sets them in any case
	return err
}

// reconcile compares a file that was found with what the server has: what an
// interrupted upload has left there is a beginning of it. Where a part has left the spool,
// that is compared when it is published (see placed).
func (f *File) reconcile(ctx context.Context) error {
	if f.holds() {
		return nil
	}
	p := f.where()
	e, err := f.v.verify(ctx, p)
	if k := ftpclient.KindOf(err); err != nil && (k == ftpclient.KindNotExist || k == ftpclient.KindUnsupported) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.absent = time.Now()
		return nil
	}
	if err != nil {
		return err
	}
	other := f.contradicted(p, &e)
	if other == nil || f.v.opts.Overwrite {
		return nil
	}
	begun, err := f.begunBy(ctx, p, &e)
	if err != nil {
		return err
	}
	if !begun {
		return other
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	mode, size := f.attr.Mode, f.attr.Size
	f.rebase(&row{Entry: e})
	f.attr.Mode, f.attr.Size = mode, size
	return nil
}

// begunBy reports whether the server's version e at p is a beginning of what is here;
// of the octets that were not changed here only their number is compared.
func (f *File) begunBy(ctx context.Context, p string, e *ftpclient.Entry) (bool, error) {
	f.mu.Lock()
	s, size, from := f.spool, f.attr.Size, f.kept
	f.mu.Unlock()
	if e.Size < from || e.Size > size || len(s.have.missing(from, e.Size)) > 0 {
		return false, nil
	}
	return f.v.begins(ctx, p, s.file, from, e.Size)
}

func sameOctets(a, b io.Reader) (bool, error) {
	x, y := make([]byte, blockSize), make([]byte, blockSize)
	for {
		n, err := io.ReadFull(a, x)
		m, _ := io.ReadFull(b, y)
		switch {
		case !bytes.Equal(x[:n], y[:m]):
			return false, nil
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return true, nil
		case err != nil:
			return false, err
		}
	}
}

// isAccepted reports whether a close has acknowledged what is not uploaded yet.
func (f *File) isAccepted() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.accepted && f.dirty && !f.gone
}

// commitUnlessLeft is commit at the end of the volume: of what was accepted and is
// not uploaded by now, it tells why. What was written since is not left behind.
func (f *File) commitUnlessLeft(ctx context.Context) error {
	f.mu.Lock()
	waits, failed := f.waits(), f.failed
	f.mu.Unlock()
	switch {
	case !waits:
		return f.commit(ctx)
	case failed != nil:
		return failed
	}
	return errLeft
}

// errLeft is the error of an accepted file that is not on the server at the end.
var errLeft = errors.New("left for the next mount of the same server")

// putDown leaves an accepted file to the next volume.
func (f *File) putDown() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unfollow()
	if f.spool != nil {
		f.spool.file.Close()
		f.v.spools.add(-f.spool.cost)
		f.spool = nil
	}
	f.dirty, f.gone = false, true
	f.held = tempFile{} // the record has it
}

// openSpoolFile opens a spool of an earlier volume.
func openSpoolFile(name string) (*spool, int64, error) {
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, 0, errors.Join(err, errors.New("not a spool file: "+name))
	}
	return &spool{file: file, name: name}, info.Size(), nil
}
