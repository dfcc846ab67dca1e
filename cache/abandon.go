package cache

import (
	"context"
	"path/filepath"
	"strings"

	"ftpfs/ftpclient"
)

// giveUp is abandon after the last who sends the file, unless somebody has opened it
// meanwhile to write to it: it is he who sends it then, with what he writes.
func (f *File) giveUp(cause error) {
	if err := f.take(context.Background()); err != nil {
		return
	}
	defer f.give()
	if f.leave() {
		f.abandonNow(cause)
	}
}

// leave reports whether there is something unsent that nobody will send any more. If the
// server does not have the file, it cannot be opened from then on.
func (f *File) leave() bool {
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.senders > 0 || !f.dirty || f.gone {
		return false // or it is left to the next volume
	}
	if !f.onServer && f.v.files[f.path] == f {
		delete(f.v.files, f.path)
	}
	return true
}

// abandon gives up the upload of what was written, leaves it where a person can
// find it, and goes back to what the server has.
func (f *File) abandon(cause error) {
	if err := f.take(context.Background()); err != nil {
		return
	}
	defer f.give()
	f.abandonNow(cause)
}

// abandonNow is abandon for the holder of turn.
func (f *File) abandonNow(cause error) {
	p := f.where()
	f.gather(p)
	f.keepSpool(p, cause)
	f.mu.Lock()
	f.unfollow()
	f.dirty, f.failed, f.setMode, f.setTime = false, nil, nil, nil
	f.noted, f.accepted = "", false
	f.held = tempFile{} // what is left there is in the record
	f.attr.Size = max(0, f.seen.size)
	f.epoch++
	mine := !f.onServer
	f.gone = f.gone || mine
	f.mu.Unlock()
	if mine {
		f.v.forgetFile(f)
	}
}

// gather fetches back what of an unsent file only the server has. Where that fails
// it stays there, the log says where, and the record of what is kept names it.
func (f *File) gather(p string) {
	f.mu.Lock()
	held := f.held
	f.mu.Unlock()
	if held.name == "" {
		return
	}
	err := f.complete(f.v.ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.dropHeld()
		return
	}
	held.noted() // or the next volume would delete it
	where := "the beginning of a file that could not be uploaded is on the server only, for a day"
	if ftpclient.KindOf(err) == ftpclient.KindNotExist {
		where = "the beginning of a file that could not be uploaded is not on the server any more"
	}
	f.v.log.Error(where, "file", f.v.abs(p), "octets", f.base.size, "at", f.v.abs(held.name), "error", err)
}

// letGo deletes the local copy of a file that was sent.
func (f *File) letGo() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.dirty {
		f.dropSpool()
	}
}

// keepSpool leaves what is unsent in a file that is not deleted with the spool.
func (f *File) keepSpool(p string, cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spool == nil || !f.dirty {
		f.unnote()
		return
	}
	if f.attr.Size == 0 {
		f.unnote()
		f.dropSpool()
		return
	}
	name := f.spool.name
	dir, base := filepath.Split(name)
	kept, err := renameFree(name, dir+unsentPrefix, strings.TrimPrefix(base, unsentPrefix), ".unsent")
	if err != nil {
		kept = name
	}
	f.noteKept(p, kept, cause)
	if f.tried != nil {
		f.v.disown(p, kept, false, *f.tried)
		f.tried = nil
	}
	f.v.spools.add(-f.spool.cost)
	f.spool.file.Close()
	f.spool = nil
	f.v.log.Error("a file could not be uploaded; what was written is kept", "file", f.v.abs(p), "data", kept, "error", cause)
}
