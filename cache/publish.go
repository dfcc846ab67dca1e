package cache

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"ftpfs/ftpclient"
)

const (
	nameMax  = 255
	tempMark = ".ftpfs-"
	tempRand = 8 // hexadecimal digits after tempMark
)

// tempName is a name beside p that listings hide.
func tempName(p string) string {
	dir, name := split(p)
	var r [tempRand / 2]byte
	rand.Read(r[:]) // never fails
	for len(name) > nameMax-1-len(tempMark)-tempRand {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	name = "." + name + tempMark + hex.EncodeToString(r[:])
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// isTemp reports whether name is one that tempName makes.
func isTemp(name string) bool {
	i := len(name) - tempRand - len(tempMark)
	if i < 1 || name[0] != '.' || !strings.HasPrefix(name[i:], tempMark) {
		return false
	}
	_, err := hex.DecodeString(name[i+len(tempMark):])
	return err == nil
}

// commit makes the server have the file as it is here, and returns what the
// server said. It returns nil if there is nothing to send, and the last error
// again if nothing was written since.
func (f *File) commit(ctx context.Context) error {
	if err := f.take(ctx); err != nil {
		return err
	}
	defer f.give()
	return f.commitNow(f.v.ctx)
}

// commitNow is commit for the holder of turn.
func (f *File) commitNow(ctx context.Context) error {
	f.mu.Lock()
	idle, failed := !f.dirty || f.gone, f.failed
	f.mu.Unlock()
	if idle || failed != nil {
		return failed
	}
	p, err := f.settle(ctx)
	if err != nil {
		return err
	}
	e, err := f.publish(ctx, p)
	dir, name := split(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.failed = err
		f.v.meta.drop(dir)
		return err
	}
	f.v.blocks.forget(p)
	f.v.meta.put(dir, name, &e)
	f.v.changesOf(p).Add(1)
	f.rebase(&row{Entry: e})
	f.dirty, f.setMode, f.setTime = false, nil, nil
	return nil
}

// publish sends the content and makes it the file at p. A version that is there
// stays whole until the new one is: it is replaced by renaming a temporary
// file, unless the server lets that not be made, or it is empty.
func (f *File) publish(ctx context.Context, p string) (ftpclient.Entry, error) {
	if err := f.complete(ctx); err != nil {
		return ftpclient.Entry{}, err
	}
	f.mu.Lock()
	replace, mine := f.onServer && f.base.size != 0, !f.onServer
	f.mu.Unlock()
	if !replace {
		e, err := f.sendDressed(ctx, p)
		if err != nil && mine {
			f.discard(p)
		}
		return e, err
	}
	e, err := f.replace(ctx, p)
	if replaceRefused(err) {
		f.v.once("the server lets no file be replaced by renaming; existing files are overwritten in place", "file", f.v.abs(p), "error", err)
		e, err = f.sendDressed(ctx, p)
	}
	return e, err
}

// replace sends the content under a temporary name and renames it to p.
func (f *File) replace(ctx context.Context, p string) (ftpclient.Entry, error) {
	temp := tempName(p)
	e, err := f.sendDressed(ctx, temp)
	if err == nil {
		err = f.v.remote.Rename(ctx, f.v.abs(temp), f.v.abs(p))
		if replaceRefused(err) {
			err = f.v.replaceByAside(ctx, temp, p, err)
		}
	}
	if err != nil {
		f.discard(temp)
	}
	return e, err
}

// sendDressed is send with mode and time.
func (f *File) sendDressed(ctx context.Context, p string) (ftpclient.Entry, error) {
	e, err := f.send(ctx, p)
	if err == nil {
		f.dress(ctx, p, &e)
	}
	return e, err
}

// discard deletes what a failed upload may have left.
func (f *File) discard(p string) {
	err := f.v.remote.Delete(f.v.ctx, f.v.abs(p))
	if err != nil && ftpclient.KindOf(err) != ftpclient.KindNotExist {
		f.v.log.Warn("a failed upload left a file on the server", "file", f.v.abs(p), "error", err)
	}
}

// send stores the content under p and has its size confirmed. It tries again
// where the connection failed: until it succeeds p is nobody else's.
func (f *File) send(ctx context.Context, p string) (ftpclient.Entry, error) {
	for try := 1; ; try++ {
		e, err := f.sendOnce(ctx, p)
		if err == nil || !f.v.again(err, try) {
			return e, err
		}
		f.v.log.Info("an upload is tried again", "file", f.v.abs(p), "error", err)
	}
}

func (f *File) sendOnce(ctx context.Context, p string) (ftpclient.Entry, error) {
	f.mu.Lock()
	size, content := f.attr.Size, f.spool.file
	f.mu.Unlock()
	n, err := f.v.remote.Store(ctx, f.v.abs(p), io.NewSectionReader(content, 0, size), ftpclient.StoreOptions{})
	if err != nil {
		return ftpclient.Entry{}, err
	}
	e, err := f.v.remote.Verify(ctx, f.v.abs(p))
	switch {
	case ftpclient.KindOf(err) == ftpclient.KindUnsupported && err != nil:
		e, err = ftpclient.Entry{Size: -1}, nil
	case ftpclient.KindOf(err) == ftpclient.KindNotExist:
		return e, &ftpclient.Error{Op: "STOR", Path: f.v.abs(p), Kind: ftpclient.KindInvalidName,
			Err: errors.New("the server took the data but has no file of this name")}
	case err != nil:
		return e, err
	}
	if e.Size < 0 {
		e.Size = n
	}
	if n != size || e.Size != size {
		return e, &ftpclient.Error{Op: "STOR", Path: f.v.abs(p), Kind: ftpclient.KindTruncated,
			Err: fmt.Errorf("%d octets sent of %d, the server has %d", n, size, e.Size)}
	}
	if e.ModTime.IsZero() {
		e.ModTime, e.Precision = time.Now().UTC(), time.Minute
	}
	e.Type = ftpclient.TypeFile
	return e, nil
}

// dress gives a file just sent the mode and the time it is to have. e is what
// the server says of it, and is kept true. Failures do not undo the upload.
func (f *File) dress(ctx context.Context, p string, e *ftpclient.Entry) {
	f.mu.Lock()
	mode, mtime := f.setMode, f.setTime
	if mode == nil && f.onServer && f.hasMode {
		mode = &f.baseMode
	}
	f.mu.Unlock()
	if mode != nil && e.HasMode && e.Mode == *mode {
		mode = nil
	}
	set, err := f.v.setRemote(ctx, p, Change{Mode: mode, ModTime: mtime}, false)
	if err != nil {
		f.v.log.Warn("an uploaded file did not get its mode or time", "file", f.v.abs(p), "error", err)
	}
	if set.mode != nil {
		e.Mode, e.HasMode = *set.mode, true
	}
	if set.time != nil {
		e.ModTime, e.Precision = *set.time, time.Second
	}
}

// complete fetches what the spool lacks of the server's version.
func (f *File) complete(ctx context.Context) error {
	for try := 1; ; try++ {
		err := f.fillGaps(ctx)
		if err == nil || !f.v.again(err, try) {
			return err
		}
	}
}

// fillGaps fetches the gaps in order, reading through what lies between two
// that are near each other.
func (f *File) fillGaps(ctx context.Context) error {
	var stream Stream
	defer func() {
		if stream != nil {
			stream.Close()
		}
	}()
	path, _, _ := f.source()
	pos := int64(0)
	for {
		g, ok := f.gap()
		if !ok {
			return nil
		}
		if stream != nil && (g.lo < pos || g.lo-pos > nearAhead) {
			stream.Close()
			stream = nil
		}
		var err error
		if stream == nil {
			if stream, err = f.v.remote.Retrieve(ctx, f.v.abs(path), g.lo); err != nil {
				return err
			}
			pos = g.lo
		}
		if err = f.fillGap(stream, pos, g); err != nil {
			return err
		}
		pos = g.hi
	}
}

// gap is the first piece, of at most a megabyte, that the spool lacks.
func (f *File) gap() (span, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gaps := f.spool.have.missing(0, min(f.spool.base, f.attr.Size))
	if len(gaps) == 0 {
		return span{}, false
	}
	g := gaps[0]
	g.hi = min(g.hi, g.lo+1<<20)
	return g, true
}

// fillGap reads g from a stream that stands at pos into the spool.
func (f *File) fillGap(stream Stream, pos int64, g span) error {
	data := make([]byte, g.hi-g.lo)
	_, err := io.CopyN(io.Discard, stream, g.lo-pos)
	if err == nil {
		_, err = io.ReadFull(stream, data)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return f.fetch.short(f.where())
	}
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.spool.file.WriteAt(data, g.lo); err != nil {
		return err
	}
	f.spool.have = f.spool.have.add(g.lo, g.hi)
	return nil
}
