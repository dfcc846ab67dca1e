package ftpserver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
)

var errNoPort = say(425, "Use EPSV, PASV, EPRT or PORT first.")

// maxUnique bounds the names that STOU tries.
const maxUnique = 10000

// cmdRetr is RETR (RFC 959 section 4.1.3), from the offset of REST.
func (s *session) cmdRetr(arg string) reply {
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	f, size, err := s.openRegular(p, os.O_RDONLY)
	if err != nil {
		return fail(err)
	}
	if err := s.checkTransfer(size); err != nil {
		return fail(errors.Join(err, f.Close()))
	}
	offset, end, ascii := s.rest, s.rangeEnd, s.ascii
	s.begin("RETR", p, f, func(c *dataConn) error {
		if end > 0 {
			return retrieveRange(c, f, offset, end)
		}
		return retrieve(c, f, offset, ascii)
	})
	bytes := size - offset
	if end > 0 {
		bytes = min(end, size) - offset
	}
	return sayf(150, "Opening %s mode data connection (%d bytes).", s.typeName(), bytes)
}

// retrieveRange sends f from offset to before end.
func retrieveRange(c *dataConn, f File, offset, end int64) error {
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	return send(c, io.LimitReader(f, end-offset))
}

// retrieve sends f from offset.
func retrieve(c *dataConn, f File, offset int64, ascii bool) error {
	if ascii {
		return send(c, newASCIIReader(f))
	}
	if file, ok := f.(*os.File); ok && c.tls == nil && c.fault == nil && c.pace == nil {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			return sendFile(c, tcp, file, offset)
		}
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	return send(c, f)
}

// openRegular opens the regular file p and returns its size.
func (s *session) openRegular(p string, flag int) (File, int64, error) {
	f, err := s.account.fs.OpenFile(fsName(p), flag, 0o666&^s.umask)
	if err != nil {
		return nil, 0, err
	}
	fi, err := f.Stat()
	if err == nil {
		err = checkRegular(fi)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, fi.Size(), nil
}

// checkTransfer checks the offset of REST and the data connection.
func (s *session) checkTransfer(size int64) error {
	if s.rest > size {
		return errPastEnd
	}
	return s.dataReady()
}

var errPastEnd = say(554, "Restart offset is past the end of the file.")

// checkRestart does for uploads what the profile does with an offset past the
// end.
func (s *session) checkRestart(size int64) error {
	if s.rest <= size {
		return nil
	}
	switch s.srv.profile.restart.pastEnd {
	case writeAtEnd:
		s.rest = size
	case refusePastEnd:
		return errPastEnd
	}
	return nil
}

// cmdStor is STOR (RFC 959 section 4.1.3). After REST it writes in place from
// that offset and keeps what lies behind the data. The file is visible under
// its name at once, and what arrived of a broken upload stays, unless it came
// over TLS and was cut as only an attacker can, or exceeds a quota, or can be
// neither continued nor replaced: that is removed.
func (s *session) cmdStor(arg string) reply { return s.store("STOR", arg, os.O_CREATE, s.rest == 0) }

// cmdAppe is APPE (RFC 959 section 4.1.3); it ignores REST.
func (s *session) cmdAppe(arg string) reply {
	if s.rest > 0 && s.srv.profile.restart.appends {
		return s.store("APPE", arg, os.O_CREATE, false)
	}
	s.rest = 0
	return s.store("APPE", arg, os.O_CREATE|os.O_APPEND, false)
}

func (s *session) store(verb, arg string, flag int, truncate bool) reply {
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	if err := s.dataReady(); err != nil {
		return fail(err)
	}
	f, size, err := s.openRegular(p, os.O_WRONLY|flag)
	if err != nil {
		return fail(err)
	}
	if err := s.checkRestart(size); err != nil {
		return fail(errors.Join(err, spoiled(f), f.Close()))
	}
	s.beginStore(verb, p, f, truncate)
	return sayf(150, "Opening %s mode data connection.", s.typeName())
}

func (s *session) beginStore(verb, p string, f File, truncate bool) {
	offset, ascii, cuts := s.rest, s.ascii, s.srv.profile.restart.cutsTail
	cut := false
	s.begin(verb, p, f, func(c *dataConn) error {
		// Only now: an upload that never comes shall not cost the old content.
		if truncate {
			if err := f.Truncate(0); err != nil {
				return err
			}
		}
		if offset > 0 {
			if _, err := f.Seek(offset, io.SeekStart); err != nil {
				return err
			}
		}
		err := storeBody(c, f, ascii)
		if offset > 0 && cuts {
			err = errors.Join(err, cutHere(f))
		}
		cut = c.cut
		return err
	})
	fsys, whole := s.account.fs, verb != "APPE" && offset == 0
	keepsCut := s.srv.profile.keepsCut
	s.transfer.undo = func(err error) error {
		if whole && (cut && !keepsCut || errors.Is(err, syscall.EDQUOT)) {
			return discard(fsys, fsName(p), f)
		}
		return spoiled(f)
	}
}

// spoiled removes an upload that failed if nobody else could.
func spoiled(f File) error {
	if n, ok := f.(*newFile); ok {
		return n.Discard()
	}
	return nil
}

// discard removes f, which was opened under that name, as its tree lets it.
func discard(fsys FS, name string, f File) error {
	if n, ok := f.(*newFile); ok {
		return n.Discard()
	}
	return removeOpen(fsys, name, f)
}

// removeOpen removes f, which was opened under that name, unless the name is
// another file's by now.
func removeOpen(fsys FS, name string, f File) error {
	own, err := f.Stat()
	if err != nil {
		return err
	}
	fi, err := fsys.Lstat(name)
	if err != nil || !sameFile(own, fi) {
		return f.Truncate(0) // nothing of it can be taken for the whole
	}
	return fsys.Remove(name)
}

func sameFile(a, b fs.FileInfo) bool {
	x, okX := a.Sys().(*syscall.Stat_t)
	y, okY := b.Sys().(*syscall.Stat_t)
	return okX && okY && x.Dev == y.Dev && x.Ino == y.Ino
}

// cutHere ends the file where the last write ended.
func cutHere(f File) error {
	end, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	return f.Truncate(end)
}

func storeBody(c *dataConn, f File, ascii bool) error {
	if !ascii {
		return receive(f, c)
	}
	w := &asciiWriter{w: f}
	return errors.Join(receive(w, c), w.flush())
}

// cmdStou is STOU (RFC 959 section 4.1.3, RFC 1123 section 4.1.2.9): the
// name's first free variant.
func (s *session) cmdStou(arg string) reply {
	if arg == "" {
		arg = "upload"
	}
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	if err := s.dataReady(); err != nil {
		return fail(err)
	}
	unique := p
	for n := 1; n <= maxUnique; n++ {
		f, _, err := s.openRegular(unique, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		if err == nil {
			s.rest = 0
			s.beginStore("STOU", unique, f, false)
			return say(150, "FILE: "+unique)
		}
		if !errors.Is(err, fs.ErrExist) {
			return fail(err)
		}
		unique = fmt.Sprintf("%s.%d", p, n)
	}
	return say(450, "No unique name found.")
}

// cmdAbor is the reply to ABOR (RFC 959 section 4.1.3), which session.hear has
// obeyed if a transfer was running. It also drops a prepared data connection.
func (s *session) cmdAbor(string) reply {
	s.dropData()
	if s.aborts > 0 {
		s.aborts--
		return say(226, "Abort successful; data connection closed.")
	}
	return say(225, "No transfer to abort.")
}

func (s *session) typeName() string {
	if s.ascii {
		return "ASCII"
	}
	return "BINARY"
}
