package cache

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"ftpfs/ftpclient"
)

const (
	// followFrom is how much of a file is written in order before its upload begins.
	followFrom = 1 << 20
	// followIdle is how long an upload waits for the writer before it lets its
	// connection go.
	followIdle = 2 * time.Second
	// followStep is for how much an upload that has come up with the writer is woken:
	// to wake it for each write would cost more than to send it. It looks by itself,
	// each followLook, for less.
	followStep = 512 << 10
	followLook = 20 * time.Millisecond
	// usualConnections are those of a client of which nothing else is said.
	usualConnections = 8
)

// follow is the upload of a file that is still being written, to a temporary file
// beside it. It takes what is there in order, so that little is left to do when
// the file is closed.
type follow struct {
	temp  string
	noted func()        // ends the record of temp
	done  chan struct{} // closed when the goroutine has ended

	// Guarded by File.mu.
	read int64 // octets that were taken: a change of them ends the follow
	end  int64 // the size of the file, once it is known; before, -1
	eof  bool  // the reader was told of an end
	cut  bool  // what was sent is to be confirmed soon, for its room
	// punched is how much of the beginning only the server has; stuck: it stays here.
	punched int64
	stuck   bool
	stop    error         // why it was given up
	more    chan struct{} // closed and replaced when something of the above, or the file, grows

	// Set before done is closed.
	entry ftpclient.Entry
	err   error
}

var (
	errUnfollowed = errors.New("the file is not written in order any more")
	// errNotFollowed tells that a file is to be sent from its beginning.
	errNotFollowed = errors.New("not followed")
)

// mayFollow reports whether one more upload may hold a connection for as long as
// somebody writes, and takes its place. Half of the connections are for others.
func (v *Volume) mayFollow() bool {
	most := v.opts.Connections
	if most == 0 {
		most = usualConnections
	}
	if n := v.remote.Features().Connections; n > 0 {
		most = min(most, n)
	}
	if v.follows.Add(1) <= int64(most/2) {
		return true
	}
	v.follows.Add(-1)
	return false
}

// grew tells the upload that the file was written to at off, and begins one for a
// file that is new from its beginning. The caller holds mu and the turn.
func (f *File) grew(off int64) {
	switch fw := f.follow; {
	case fw != nil && off < fw.read:
		f.unfollow()
	case fw != nil:
		if f.attr.Size-fw.read >= followStep {
			fw.wake()
		}
	case f.attr.Size >= f.v.followFrom:
		f.tryFollow()
	}
}

// tryFollow begins the upload of a file that is being written, if it is new from
// its beginning and has none. The caller holds mu.
func (f *File) tryFollow() {
	if f.follow != nil || !f.inOrder || f.attr.Size == 0 || f.gone || !f.dirty || f.v.opts.Atomic == AtomicNever || !f.v.mayFollow() {
		return
	}
	fw := &follow{end: -1, done: make(chan struct{}), more: make(chan struct{})}
	f.follow = fw
	f.v.work.Go(func() { f.upload(fw) })
}

// wake has the upload look again. The caller holds mu of the file.
func (fw *follow) wake() {
	close(fw.more)
	fw.more = make(chan struct{})
}

// unfollow gives up the upload that follows. The caller holds mu.
func (f *File) unfollow() {
	if fw := f.follow; fw != nil {
		fw.stop = errUnfollowed
		fw.wake()
		f.follow, f.inOrder = nil, false
	}
}

// aside reports whether a part of the content is in a temporary file on the server,
// or in a record, which both have the path in them.
func (f *File) aside() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.follow != nil || f.held.name != "" || f.accepted
}

// upload is the goroutine of a follow. It ends when all is sent, or when it was
// given up; then nothing is left on the server.
func (f *File) upload(fw *follow) {
	defer f.v.follows.Add(-1)
	defer close(fw.done)
	u := &upload{v: f.v, fresh: true, tail: &tail{f, fw}}
	fw.temp = tempName(f.where())
	fw.noted = f.v.noteName(fw.temp)
	u.to = fw.temp
	defer f.v.noteTail(u.tail)()
	at := int64(0)
	for {
		fw.entry, fw.err = u.run(f.v.ctx, at, false)
		if fw.err == nil && f.isCut(fw) {
			f.punch(fw, &fw.entry)
		}
		if fw.err != nil || fw.entry.Size == f.awaitMore(fw, fw.entry.Size) {
			break
		}
		at = fw.entry.Size
	}
	f.mu.Lock()
	if fw.stop != nil {
		fw.err = fw.stop
	}
	f.mu.Unlock()
	switch {
	case fw.err == nil:
	case fw.punched == 0:
		f.v.clearAway(fw.temp, fw.noted, fw.err)
	case fw.stop == nil:
		f.v.log.Error("the upload of a file that is being written has failed; its beginning is on the server only",
			"file", f.v.abs(f.where()), "octets", fw.punched, "at", f.v.abs(fw.temp), "error", fw.err)
	}
	f.v.spools.changed()
}

func (f *File) isCut(fw *follow) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fw.cut && !fw.stuck
}

// awaitMore waits until there is more than at to send and returns how far; at
// itself if that is the end.
func (f *File) awaitMore(fw *follow, at int64) int64 {
	for {
		f.mu.Lock()
		size, end, stop, more := f.attr.Size, fw.end, fw.stop, fw.more
		confirmed := stop == nil && fw.cut && !fw.stuck && at > fw.punched
		f.mu.Unlock()
		if confirmed {
			f.punch(fw, &fw.entry)
			continue
		}
		switch {
		case stop != nil || end == at:
			return at
		case size > at:
			return size
		}
		select {
		case <-more:
		case <-f.v.ctx.Done():
			return at
		}
	}
}

// tail is the content of a file that is followed.
type tail struct {
	f  *File
	fw *follow
}

// reader reads from off, up to the end of the file, or until nobody has written
// for a while.
func (t *tail) reader(off int64) io.Reader {
	t.f.mu.Lock()
	defer t.f.mu.Unlock()
	t.fw.eof = false
	return &tailReader{t, off}
}

// extent is what was read, and whether that was told to be all.
func (t *tail) extent() (int64, bool) {
	t.f.mu.Lock()
	defer t.f.mu.Unlock()
	return t.fw.read, t.fw.eof
}

// tailReader is an ftpclient.SectionReader.
type tailReader struct {
	*tail
	pos int64
}

func (r *tailReader) Read(p []byte) (int, error) {
	file, off, n, err := r.NextSection(int64(len(p)))
	if err != nil {
		return 0, err
	}
	return file.ReadAt(p[:n], off)
}

// NextSection waits until there is something to be sent, but not for ever. What is there
// is in order: of what was sent nothing changes before the upload is given up.
func (r *tailReader) NextSection(most int64) (file *os.File, off, n int64, err error) {
	look := time.NewTimer(followLook)
	defer look.Stop()
	for waited := time.Duration(0); ; {
		n, more, err := r.reserve(most)
		if err != nil {
			return nil, 0, 0, err
		}
		if n > 0 {
			file, err := r.f.v.spoolOf(r.f)
			off := r.pos
			r.pos += n
			return file, off, n, err
		}
		select {
		case <-more:
		case <-look.C:
			if waited += followLook; waited >= followIdle {
				return nil, 0, 0, r.ends()
			}
			look.Reset(followLook)
		case <-r.f.v.ctx.Done():
			return nil, 0, 0, r.f.v.ctx.Err()
		}
	}
}

// reserve says how much may be read, and notes that it is being read; where there
// is nothing yet, more tells when to ask again.
func (r *tailReader) reserve(most int64) (n int64, more <-chan struct{}, err error) {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	fw, size := r.fw, r.f.attr.Size
	if fw.end >= 0 {
		size = fw.end
	}
	switch {
	case fw.stop != nil:
		return 0, nil, fw.stop
	case r.pos < size:
		n = min(most, size-r.pos)
		fw.read = max(fw.read, r.pos+n)
		return n, nil, nil
	case fw.end >= 0 || fw.cut && !fw.stuck && r.pos > fw.punched:
		fw.eof = true
		return 0, nil, io.EOF
	}
	return 0, fw.more, nil
}

// ends is the end of the reading because nobody writes.
func (r *tailReader) ends() error {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	if r.fw.stop != nil {
		return r.fw.stop
	}
	r.fw.eof = true
	return io.EOF
}

// spoolOf is the file of the spool, which is full as far as it is read.
func (v *Volume) spoolOf(f *File) (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spool == nil {
		return nil, errUnfollowed
	}
	return f.spool.file, nil
}

// finish tells the upload that follows where the file ends, waits for it, and
// makes what it sent the file at p. It returns errNotFollowed where there is none,
// or it could not be done that way.
func (f *File) finish(ctx context.Context, p string) (ftpclient.Entry, error) {
	f.mu.Lock()
	fw := f.follow
	if fw == nil {
		f.mu.Unlock()
		return ftpclient.Entry{}, errNotFollowed
	}
	fw.end = f.attr.Size
	fw.wake()
	f.follow = nil
	end, replaces := fw.end, f.onServer
	f.mu.Unlock()
	<-fw.done
	only := fw.punched > 0
	switch {
	case fw.err == nil && fw.entry.Size == end:
	case fw.err != nil && (only || ftpclient.Lost(fw.err) || ftpclient.KindOf(fw.err) == ftpclient.KindNoSpace):
		return fw.entry, fw.err
	default:
		return fw.entry, errNotFollowed
	}
	e := fw.entry
	f.dress(ctx, fw.temp, &e, true)
	err := f.contested(ctx, p)
	switch {
	case err != nil:
	case replaces:
		err = f.v.renameOver(ctx, fw.temp, p)
	default:
		err = f.v.remote.Rename(ctx, f.v.abs(fw.temp), f.v.abs(p))
	}
	if err == nil {
		f.mu.Lock()
		f.held = tempFile{}
		f.mu.Unlock()
		fw.noted()
		return e, nil
	}
	if only {
		return e, err // the data is there
	}
	f.v.clearAway(fw.temp, fw.noted, err)
	if replaceRefused(err) && f.v.opts.Atomic != AtomicAlways {
		return e, errNotFollowed
	}
	return e, err
}
