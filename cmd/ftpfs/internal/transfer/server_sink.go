package transfer

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ftpfs/ftpclient"
)

const (
	// stageLeast is from how many octets on a file that replaces nothing is sent
	// under the name of a part, too: it is worth going on with.
	stageLeast = 1 << 20
	// farewell bounds the removal of what a failed upload has left.
	farewell = 10 * time.Second
)

// serverSink is a directory of a server.
type serverSink struct {
	c    *ftpclient.Client
	base string // absolute
	o    Options

	timeless atomic.Bool // the server sets no times, which was told
	lines    atomic.Bool // what the server makes of line ends was looked at
	apart    atomic.Bool // the servers do not send to each other, which was told

	mu    sync.Mutex
	known map[string]map[string]ftpclient.Entry // what is in the directories that were listed or made
}

func newServerSink(c *ftpclient.Client, base string, o Options) *serverSink {
	return &serverSink{c: c, base: base, o: o, known: map[string]map[string]ftpclient.Entry{}}
}

func (k *serverSink) abs(rel string) string { return path.Join(k.base, rel) }

// dir implements sink. It lists what is there: whether a file replaces another, and
// whether it is there already, is known then without a question for each.
func (k *serverSink) dir(ctx context.Context, rel string) error {
	if !k.missing(rel) {
		l, err := k.c.List(ctx, k.abs(rel))
		if err == nil {
			k.learn(rel, l.Entries)
			return nil
		}
		if ftpclient.KindOf(err) != ftpclient.KindNotExist {
			return err
		}
	}
	err := k.c.Mkdir(ctx, k.abs(rel))
	if ftpclient.KindOf(err) == ftpclient.KindExist {
		var l *ftpclient.Listing
		if l, err = k.c.List(ctx, k.abs(rel)); err == nil {
			k.learn(rel, l.Entries)
			return nil
		}
	}
	if err == nil {
		k.learn(rel, nil)
	}
	return err
}

// missing reports whether a directory is known not to be there.
func (k *serverSink) missing(rel string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	names, listed := k.known[path.Dir(rel)]
	_, there := names[path.Base(rel)]
	return listed && !there && rel != "."
}

func (k *serverSink) learn(rel string, entries []ftpclient.Entry) {
	names := make(map[string]ftpclient.Entry, len(entries))
	for _, e := range entries {
		names[e.Name] = e
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[rel] = names
}

// there returns what is at a path, if anything is, asking if that is not known.
func (k *serverSink) there(ctx context.Context, rel string) (e ftpclient.Entry, there bool, err error) {
	k.mu.Lock()
	names, listed := k.known[path.Dir(rel)]
	e, there = names[path.Base(rel)]
	k.mu.Unlock()
	if listed {
		return e, there, nil
	}
	return lookAt(ctx, k.c, k.abs(rel))
}

// lookAt returns what is at a path, if anything is. A link to a file is as a file.
func lookAt(ctx context.Context, c *ftpclient.Client, p string) (e ftpclient.Entry, there bool, err error) {
	e, err = c.Verify(ctx, p)
	switch ftpclient.KindOf(err) {
	case ftpclient.KindIsDir:
		return ftpclient.Entry{Type: ftpclient.TypeDir, Size: -1}, true, nil
	case ftpclient.KindNotExist:
		return e, false, nil
	}
	return e, err == nil, err
}

// file implements sink.
func (k *serverSink) file(ctx context.Context, a *attempt, src source) (outcome, error) {
	to := k.abs(a.rel)
	old, there, err := k.there(ctx, a.rel)
	switch {
	case err != nil:
		return moved, err
	case there && old.Type == ftpclient.TypeDir:
		return moved, &ftpclient.Error{Op: "STOR", Path: to, Kind: ftpclient.KindIsDir, Err: errors.New("a directory of that name is there")}
	case there && k.o.Continue && k.alike(ctx, old, to, a.entry):
		return same, nil
	case there && old.Type == ftpclient.TypeSymlink:
		to = k.followed(ctx, to)
	}
	if err := k.c.CheckName(to); err != nil {
		return moved, err
	}
	if k.o.Direct != DirectNever {
		if done, err := k.direct(ctx, a, src, to, there); done {
			return moved, err
		}
	}
	u := &upload{k: k, a: a, to: to, replaces: there}
	return moved, u.run(ctx, src)
}

// alike reports whether a file there is the one that would be sent.
func (k *serverSink) alike(ctx context.Context, old ftpclient.Entry, to string, e ftpclient.Entry) bool {
	if !exact(old) && old.Size == e.Size {
		if v, err := k.c.Verify(ctx, to); err == nil {
			old = v
		}
	}
	return sameVersion(old, e)
}

// followed is where a link leads to, which is what is to be replaced.
func (k *serverSink) followed(ctx context.Context, p string) string {
	target, err := k.c.Readlink(ctx, p)
	switch {
	case err != nil || target == "":
		return p
	case path.IsAbs(target):
		return path.Clean(target)
	}
	return path.Join(path.Dir(p), target)
}

// upload is one file on its way to a server.
type upload struct {
	k        *serverSink
	a        *attempt
	to       string // absolute
	replaces bool
	at       string // where it is gathered: to, or a part beside it
	timed    bool   // its time was set, as far as that goes
}

// run sends the file, or what is missing of it.
func (u *upload) run(ctx context.Context, src source) error {
	c, err := src.open(ctx, u.a.item, 0)
	if err != nil {
		return err
	}
	defer func() { c.Close() }()
	v := c.version()
	u.at = u.to
	if u.replaces || v.Size < 0 || v.Size >= stageLeast {
		u.at = partName(u.to, v)
	}
	from, err := u.begun(ctx, v)
	if err != nil {
		return err
	}
	if from > 0 && from < v.Size {
		c.Close()
		if c, err = src.open(ctx, u.a.item, from); err != nil {
			return err
		}
		if !sameVersion(c.version(), v) {
			return ErrChanged
		}
	}
	u.a.size(v.Size, from)
	if from == 0 || from < v.Size {
		if err := u.send(ctx, c, v, from); err != nil {
			return err
		}
	}
	return u.publish(ctx, v)
}

// begun returns how much of the version is there already.
func (u *upload) begun(ctx context.Context, v ftpclient.Entry) (int64, error) {
	if !u.a.again && !u.k.o.Continue || u.k.o.ASCII || u.at == u.to || !exact(v) {
		return 0, nil
	}
	e, there, err := lookAt(ctx, u.k.c, u.at)
	if err != nil || !there || e.Size < 0 || e.Size > v.Size {
		return 0, err
	}
	return e.Size, nil
}

// send sends c, the rest of the version v from an octet on. It is added to the part
// by APPE, which needs no proof that STOR after REST keeps what is before.
func (u *upload) send(ctx context.Context, c content, v ftpclient.Entry, from int64) error {
	o := ftpclient.StoreOptions{Append: from > 0, Verify: !u.k.o.ASCII, ASCII: u.k.o.ASCII}
	if u.k.setsTimes() {
		o.ModTime = v.ModTime
	}
	var r io.Reader = counted{ctx, c, u.a}
	if u.k.o.ASCII {
		r = newToNet(r)
	}
	s, err := u.k.c.Store(ctx, u.at, r, o)
	if err == nil {
		err = c.unchanged()
	}
	switch got := s.Entry.Size; {
	case err != nil || u.k.o.ASCII:
	case s.VerifyErr != nil:
		err = s.VerifyErr
	case v.Size >= 0 && from+s.Sent != v.Size:
		err = sizeError(v.Size, from+s.Sent)
	case got >= 0 && got != from+s.Sent:
		err = sizeError(from+s.Sent, got)
	}
	if err == nil && u.k.o.ASCII && v.Size >= 0 && s.Sent > v.Size && !u.k.lines.Swap(true) {
		u.k.lookAtLines(ctx, u.at, s.Sent)
	}
	if err == nil && !o.ModTime.IsZero() {
		err, u.timed = u.k.timeSet(u.at, s.TimeErr), true
	}
	if err != nil {
		u.left(err, v, from+s.Sent)
	}
	return err
}

// lookAtLines tells of a server that takes TYPE A and then keeps CR LF at the ends of
// lines, which are not its own: vsftpd does, unless ascii_upload_enable is set.
func (k *serverSink) lookAtLines(ctx context.Context, p string, sent int64) {
	if strings.Contains(strings.ToLower(k.c.Features().System), "windows") {
		return
	}
	if e, err := k.c.Verify(ctx, p); err == nil && e.Size == sent { // else nothing is known
		k.o.Report.Note("the server keeps CR LF at the ends of lines, although it took --ascii: where its own ends are LF, put without it")
	}
}

// left decides what becomes of what a failed Store has left: a part that is worth
// going on with stays.
func (u *upload) left(err error, v ftpclient.Entry, size int64) {
	ended := ftpclient.Lost(err) || ftpclient.KindOf(err) == ftpclient.KindCanceled
	if u.at != u.to && exact(v) && size >= keepLeast && ended && !u.k.o.ASCII {
		u.a.part = u.at
		return
	}
	if size > 0 || ended {
		u.discard()
	}
}

// discard removes what is not to stay, also when the transfer has been given up.
func (u *upload) discard() {
	u.a.part = ""
	if u.at == u.to && u.replaces {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if err := u.k.c.Delete(ctx, u.at); err != nil && ftpclient.KindOf(err) != ftpclient.KindNotExist {
		u.k.o.Report.Note(u.at + " may be left, unfinished: " + err.Error())
	}
}

// publish gives what was sent its time, if it has not got it with the last octet,
// and its name.
func (u *upload) publish(ctx context.Context, v ftpclient.Entry) error {
	if u.k.setsTimes() && !u.timed && !v.ModTime.IsZero() {
		if err := u.k.timeSet(u.at, u.k.c.SetModTime(ctx, u.at, v.ModTime, false)); err != nil {
			u.left(err, v, v.Size)
			return err
		}
	}
	if u.at == u.to {
		return nil
	}
	err := rename(ctx, u.k.c, u.at, u.to, u.replaces)
	if err != nil {
		u.left(err, v, v.Size)
		return err
	}
	u.a.part = ""
	return nil
}

func (k *serverSink) setsTimes() bool { return !k.o.NoTimes && !k.timeless.Load() }

// timeSet judges the setting of a file's time. A server that cannot is told of once;
// a file is none the worse for that. What is returned is worth another try.
func (k *serverSink) timeSet(p string, err error) error {
	switch kind := ftpclient.KindOf(err); {
	case err == nil:
	case ftpclient.Lost(err) || kind == ftpclient.KindCanceled:
		return err
	case kind != ftpclient.KindUnsupported:
		k.o.Report.Note(p + " has the time of its arrival: " + err.Error())
	case !k.timeless.Swap(true):
		k.o.Report.Note("the server sets no times: files there have the time of their arrival")
	}
	return nil
}
