package cache

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"ftpfs/ftpclient"
)

// Names of temporary files are .NAME.ftpfs-TTTTTTTTRRRRRRRR: NAME is that of the
// file beside which they are, T the second in which they were made, by the clock
// of who made them, and R random, all in hexadecimal digits. The time that a
// server tells of such a file says nothing of its age: it may be that of the file
// which it is to replace, or which it was.
const (
	nameMax  = 255
	tempMark = ".ftpfs-"
	tempTime = 8 // digits
	tempRand = 8 // digits
	tempTail = len(tempMark) + tempTime + tempRand

	// tempLife is the age from which on a temporary file is nobody's any more.
	tempLife = 24 * time.Hour
)

// tempName is a name beside p that listings hide.
func tempName(p string) string { return tempNameAt(p, time.Now()) }

func tempNameAt(p string, now time.Time) string {
	dir, name := split(p)
	var r [tempRand / 2]byte
	rand.Read(r[:]) // never fails
	for len(name) > nameMax-1-tempTail {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	stamp := uint64(uint32(now.Unix())) | 1<<32 // as eight digits, behind a 1
	name = "." + name + tempMark + strconv.FormatUint(stamp, 16)[1:] + hex.EncodeToString(r[:])
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// isTemp reports whether name is one that tempName makes.
func isTemp(name string) bool {
	_, ok := tempBorn(name)
	return ok
}

// nameable refuses to make p, or to move something there, if listings would hide it, and
// have it deleted one day.
func (v *Volume) nameable(op, p string) error {
	if _, name := split(p); isTemp(name) {
		return refuse(op, v.abs(p), ftpclient.KindInvalidName)
	}
	return nil
}

// tempBorn is when a temporary file was made.
func tempBorn(name string) (time.Time, bool) {
	i := len(name) - tempTail
	if i < 1 || name[0] != '.' || !strings.HasPrefix(name[i:], tempMark) {
		return time.Time{}, false
	}
	digits := name[i+len(tempMark):]
	if _, err := strconv.ParseUint(digits, 16, 64); err != nil || strings.ToLower(digits) != digits {
		return time.Time{}, false
	}
	sec, err := strconv.ParseUint(digits[:tempTime], 16, 32)
	return time.Unix(int64(sec), 0), err == nil
}

// orphaned reports whether a temporary file is nobody's any more: no upload takes
// as long, and who has it open as an unlinked file has had it for a day.
func orphaned(name string, now time.Time) bool {
	born, ok := tempBorn(name)
	return ok && now.Sub(born) > tempLife
}

// takeOut takes the temporary files out of the entries of dir, in place, and has
// those deleted that are nobody's any more.
func (v *Volume) takeOut(dir string, entries []ftpclient.Entry) []ftpclient.Entry {
	kept := entries[:0]
	for _, e := range entries {
		switch {
		case !isTemp(e.Name):
			kept = append(kept, e)
		case orphaned(e.Name, time.Now()) && e.Type == ftpclient.TypeFile:
			v.collect(path.Join(dir, e.Name))
		}
	}
	return kept
}

// collect deletes an orphan, once, without anybody waiting for it.
func (v *Volume) collect(p string) {
	if v.opts.ReadOnly {
		return
	}
	v.mu.Lock()
	known := v.collected[p]
	v.collected[p] = true
	closed := v.closed
	v.mu.Unlock()
	if known || closed {
		return
	}
	v.work.Go(func() {
		if err := v.remote.Delete(v.ctx, v.abs(p)); err != nil && ftpclient.KindOf(err) != ftpclient.KindNotExist {
			v.log.Warn("what an upload left on the server long ago could not be deleted", "file", v.abs(p), "error", err)
			return
		}
		v.log.Info("deleted what an upload left on the server long ago", "file", v.abs(p))
	})
}

// sweep empties a directory that holds nothing but temporary files which are nobody's any
// more, or are of unlinked files that are open here or just being deleted, and reports
// whether it is empty now.
func (v *Volume) sweep(ctx context.Context, p string) bool {
	v.awaitGivenUp(ctx, p)
	l, err := v.remote.List(ctx, v.abs(p))
	if err != nil || !l.Complete() {
		return false
	}
	hidden := v.hiddenIn(p)
	for _, e := range l.Entries {
		if hidden[p+"/"+e.Name] == nil && !orphaned(e.Name, time.Now()) {
			return false
		}
	}
	for _, e := range l.Entries {
		if f := hidden[p+"/"+e.Name]; f != nil {
			if !f.moveUp(ctx, p+"/"+e.Name) {
				return false
			}
			continue
		}
		err := v.remote.Delete(ctx, v.abs(p)+"/"+e.Name)
		if err != nil && ftpclient.KindOf(err) != ftpclient.KindNotExist {
			return false
		}
	}
	return true
}
