package cache

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ftpfs/ftpclient"
)

// State is how what is here of a file stands to the server's.
type State uint8

const (
	Clean     State = iota // nothing is unsent
	Dirty                  // the server does not have all that was written
	Waiting                // and an upload in the background will bring it (WriteBack)
	Uploading              // as one is doing, or as the file is followed while it is written
	Failed                 // and no upload will bring it any more, unless somebody asks for that
)

func (s State) String() string {
	return [...]string{"clean", "dirty", "waiting", "uploading", "failed"}[s]
}

// Told is what is known of a path, for people.
type Told struct {
	State State
	Err   error // why the last upload failed, if it did
	// Entry is what the server said, OnServer whether it has said anything: not of
	// the root, nor of a new file.
	Entry    ftpclient.Entry
	OnServer bool
}

// Tell returns what is known of path. It asks the server no more than Stat does.
func (v *Volume) Tell(ctx context.Context, p string) (Told, error) {
	p, err := v.settle(ctx, p)
	if err != nil || p == "" {
		return Told{}, err
	}
	var t Told
	v.mu.Lock()
	f := v.files[p]
	v.mu.Unlock()
	unsent := f != nil && f.told(&t)
	for _, u := range v.Uploads() {
		if u.Path == p {
			t.State, t.Err = stateOf(u), u.Err
		}
	}
	if unsent {
		return t, nil
	}
	r, err := v.stat(ctx, p)
	t.Entry, t.OnServer = r.Entry, err == nil
	return t, err
}

// told fills in the state of an open file, and reports whether it is new, so that
// the server knows nothing of it.
func (f *File) told(t *Told) (unsent bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !f.dirty:
	case f.failed != nil:
		t.State, t.Err = Failed, f.failed
	case f.follow != nil:
		t.State = Uploading
	default:
		t.State = Dirty
	}
	return !f.onServer
}

func stateOf(u Upload) State {
	switch {
	case u.Ended:
		return Failed
	case u.Busy:
		return Uploading
	}
	return Waiting
}

// Facts are what the server said, in the notation of RFC 3659 (section 7.2),
// whichever command it was that told; "" if it said nothing.
func (t Told) Facts() string {
	if !t.OnServer {
		return ""
	}
	e := &t.Entry
	var b strings.Builder
	fact := func(name, value string) {
		if value != "" {
			b.WriteString(name + "=" + value + ";")
		}
	}
	fact("type", map[ftpclient.Type]string{ftpclient.TypeFile: "file", ftpclient.TypeDir: "dir",
		ftpclient.TypeSymlink: "OS.unix=slink", ftpclient.TypeOther: "OS.unix=special"}[e.Type])
	b.WriteString(t.Version())
	if e.HasMode {
		fact("UNIX.mode", "0"+strconv.FormatUint(uint64(e.Mode), 8))
	}
	fact("UNIX.owner", e.Owner)
	fact("UNIX.group", e.Group)
	fact("unique", e.Unique)
	return b.String()
}

// Version are those of the Facts by which contents of a file are told apart: size,
// and time as exactly as the server tells it.
func (t Told) Version() string {
	if !t.OnServer {
		return ""
	}
	var b strings.Builder
	e := &t.Entry
	if e.Type == ftpclient.TypeFile && e.Size >= 0 {
		b.WriteString("size=" + strconv.FormatInt(e.Size, 10) + ";")
	}
	if layout, ok := map[time.Duration]string{time.Second: "20060102150405", time.Minute: "200601021504", 24 * time.Hour: "20060102"}[e.Precision]; ok {
		b.WriteString("modify=" + e.ModTime.UTC().Format(layout) + ";")
	}
	return b.String()
}
