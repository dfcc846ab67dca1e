package model

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// doubtful makes a step while connections break.
func (tr *trial) doubtful(s step) string {
	if s.Do == "settle" {
		return tr.resolve(nil, nil)
	}
	d := tr.model.slots[[2]int{s.Proc, s.Slot}]
	got := tr.workers[s.Proc].do(s)
	if s.Do == "read" {
		got = tr.rest(s, got)
	}
	if faulty[got.Errno] || tr.leftover(s, got.Errno) {
		tr.failures[s.Do+": "+got.Errno.Error()]++
		if harmless[s.Do] {
			return ""
		}
		before := map[string][]state{}
		tr.model.root.states("", tr.model.concerned(s), before)
		tr.model.do(s)
		if why := tr.resolve(before, &s); why != "" {
			return fmt.Sprintf("%s failed (%v); then %s", s, got.Errno, why)
		}
		return ""
	}
	if s.Do == "open" && d != nil {
		d.closes(d.o.held - 1) // what was open there
	}
	want := tr.model.do(s)
	if want.Errno == 0 {
		tr.model.acknowledge(s, d)
	}
	if want.Errno != 0 && got.Errno == syscall.EACCES && want.Errno != got.Errno {
		tr.failures[s.Do+": refused"]++ // the look that should tell why was cut off
		return ""
	}
	want.Time, want.Mode, got.Mode = -1, 0, 0
	if want.Kind != 'f' {
		want.Links, got.Links = 0, 0
	}
	if why := want.differ(got); why != "" {
		if s.Do == "read" { // whether it is the size that is wrong, and stays so
			size, again := tr.workers[s.Proc].do(step{Do: "fstat", Slot: s.Slot}), tr.workers[s.Proc].do(s)
			why += fmt.Sprintf("; fstat: %d octets, %v; again: %d, %v", size.N, size.Errno, again.N, again.Errno)
		}
		return s.String() + ": " + why
	}
	return ""
}

// rest goes on with a read that brought less than was asked for: the kernel asks for
// pages in parts, and of a read of which a later part failed it returns what came
// before (read(2)). The next one brings what is missing, an error, or the end.
func (tr *trial) rest(s step, got outcome) outcome {
	for got.Errno == 0 && got.N > 0 && got.N < s.N {
		next := s
		next.Off, next.N = s.Off+got.N, s.N-got.N
		more := tr.workers[s.Proc].do(next)
		if more.Errno != 0 {
			return more
		}
		if more.N == 0 {
			return got
		}
		tr.failures["read: in part"]++
		got.N, got.Data = got.N+more.N, append(got.Data, more.Data...)
	}
	return got
}

// leftover reports whether a directory could not be removed because the server has
// in it what is not finished.
func (tr *trial) leftover(s step, errno syscall.Errno) bool {
	path := map[string]string{"rmdir": s.Path, "rename": s.To}[s.Do]
	if errno != syscall.ENOTEMPTY || path == "" {
		return false
	}
	entries, err := os.ReadDir(filepath.Join(tr.server.Dir, tr.dir, path))
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return ours.MatchString(e.Name()) })
}

// resolve closes everything while no connection breaks, finds out what became of
// the step that failed, if one did, and goes on from there; before is what there
// may be without it.
func (tr *trial) resolve(before map[string][]state, failed *step) string {
	tr.breaks.rest(true)
	defer tr.breaks.rest(false)
	doubt := map[*object]bool{}
	if failed != nil {
		doubt = tr.model.concerned(*failed)
	}
	for at, d := range tr.model.slots {
		errno := tr.workers[at[0]].do(step{Do: "close", Proc: at[0], Slot: at[1]}).Errno
		switch {
		case faulty[errno]:
			doubt[d.o] = true
		case errno != 0 && !(errno == syscall.EBADF && failed != nil && failed.Do == "open"):
			return fmt.Sprintf("close of %v: %v", at, errno)
		}
		tr.model.close(at)
	}
	for i, w := range tr.workers {
		// It can have a descriptor that it was not told of.
		if o := w.do(step{Do: "end"}); o.Errno != 0 && !faulty[o.Errno] {
			return fmt.Sprintf("p%d closes all: %v", i, o.Errno)
		}
	}
	may := map[string][]state{}
	tr.model.root.states("", doubt, may)
	if failed != nil {
		either(may, before)
	}
	disk, why := tr.settled(may)
	if why == "" {
		why = tr.shows(disk)
	}
	tr.model.root = disk
	return why
}

// either adds to what may be what else may be.
func either(may, other map[string][]state) {
	for path := range may {
		if other[path] == nil {
			may[path] = append(may[path], state{})
		}
	}
	for path, all := range other {
		if may[path] == nil {
			all = append(all, state{})
		}
		may[path] = append(may[path], all...)
	}
}

// settled is what the disk has as soon as that may be.
func (tr *trial) settled(may map[string][]state) (disk *object, why string) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		disk, err := onDisk(filepath.Join(tr.server.Dir, tr.dir))
		switch {
		case err == nil:
			why = forbidden(disk, may)
		case !os.IsNotExist(err): // else something has gone while it was read
			return nil, err.Error()
		default:
			why = err.Error()
		}
		if why == "" || time.Now().After(deadline) {
			return disk, why
		}
		<-time.After(20 * time.Millisecond)
	}
}

// shows compares the mount with the disk. What the server does of itself once a
// connection is gone, such as to write what it has received, is a change by somebody
// else, and so not seen before the TTL has passed.
func (tr *trial) shows(disk *object) string {
	want := map[string]string{}
	disk.tell("", false, want)
	for deadline := time.Now().Add(tr.ttl + 5*time.Second); ; <-time.After(50 * time.Millisecond) {
		got, why := map[string]string{}, ""
		err := tell(filepath.Join(tr.mount, tr.dir), false, got)
		switch {
		case err != nil: // connections that were cut before are met with later
			why = "the mount: " + err.Error()
		default:
			why = differs(want, got)
		}
		if why == "" {
			return ""
		}
		if tr.failures["shown late"]++; time.Now().After(deadline) {
			return "in the mount, not " + why
		}
	}
}

// forbidden tells what is on the disk that may not be; "" if nothing is.
func forbidden(disk *object, may map[string][]state) string {
	got := map[string]*object{}
	disk.flat("", got)
	for _, path := range sortedKeys(got) {
		if may[path] == nil {
			return fmt.Sprintf("on the server is %q, which should not be", path)
		}
	}
	for _, path := range sortedKeys(may) {
		if !slices.ContainsFunc(may[path], func(s state) bool { return s.allows(got[path]) }) {
			return fmt.Sprintf("on the server %q is %s, may be %s", path, got[path], may[path])
		}
	}
	return ""
}

func (o *object) flat(path string, all map[string]*object) {
	for name, c := range o.child {
		all[path+name] = c
		c.flat(path+name+"/", all)
	}
}

// onDisk is the tree below a directory of the server's disk, without what is not
// finished.
func onDisk(dir string) (*object, error) {
	root := newDir(0)
	at := map[string]*object{dir: root}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir || ours.MatchString(d.Name()) {
			return err
		}
		o := &object{kind: 'f', time: -1, links: 1}
		switch d.Type() {
		case fs.ModeDir:
			o = newDir(0)
		case fs.ModeSymlink:
			o.kind = 'l'
			o.target, err = os.Readlink(path)
		default:
			o.data, err = os.ReadFile(path)
			o.sent = sent{acked: true, was: bytes.Clone(o.data)}
		}
		at[path] = o
		at[filepath.Dir(path)].child[d.Name()] = o
		return err
	})
	return root, err
}
