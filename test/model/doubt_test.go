package model

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// What a call that failed has done is not known: it was made, or it was not. What
// had been acknowledged before is there in any case, and nothing else is.

// faulty are the errors that a call may end with when connections break. ESTALE
// is that of a file of which the look that should tell what became of its upload
// failed, too: what is found later is taken for somebody else's.
var faulty = map[syscall.Errno]bool{syscall.EIO: true, syscall.ETIMEDOUT: true, syscall.ECONNREFUSED: true,
	syscall.EHOSTUNREACH: true, syscall.EBUSY: true, syscall.ESTALE: true}

// harmless are the calls that change nothing, whatever becomes of them.
var harmless = map[string]bool{"read": true, "mapread": true, "stat": true, "fstat": true, "list": true, "readlink": true, "data": true}

// sent is what the server may have of a file: what was acknowledged, if anything
// was, and what may have been sent since then without anybody being told.
type sent struct {
	acked bool
	was   []byte
	tried [][]byte
}

// state is what may be at a path.
type state struct {
	kind   byte // f, d, l; 0: nothing
	target string
	now    []byte // what was written
	sent
	doubt bool // now may have failed to arrive
}

// ours are names that ftpfs gives to what it has not finished, and Pure-FTPd to
// what it receives.
var ours = regexp.MustCompile(`^(\..*\.ftpfs-[0-9a-z]{16}|\.pureftpd-upload\..*)$`)

// states is what may be below an object, by path; those in doubt may differ.
func (o *object) states(path string, doubt map[*object]bool, all map[string][]state) {
	for name, c := range o.child {
		p := path + name
		all[p] = append(all[p], state{c.kind, c.target, bytes.Clone(c.data), c.sent, doubt[c]})
		c.states(p+"/", doubt, all)
	}
}

// allows tells whether what is on the disk may be.
func (s state) allows(got *object) bool {
	switch {
	case got == nil:
		return s.kind == 0 || s.kind == 'f' && s.doubt && !s.acked
	case s.kind != got.kind || s.target != got.target:
		return false
	case s.kind != 'f' || bytes.Equal(got.data, s.now):
		return true
	case !s.doubt:
		return false
	case s.acked && bytes.Equal(got.data, s.was):
		return true
	case slices.ContainsFunc(s.tried, func(b []byte) bool { return bytes.Equal(got.data, b) }):
		return true
	}
	// A part of what was added, or of a new file.
	return bytes.HasPrefix(got.data, s.was) && bytes.HasPrefix(s.now, got.data)
}

func (s state) String() string {
	if s.kind == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%c %s %.8x (%d, acknowledged %v %.8x (%d), in doubt %v)", s.kind, s.target, s.now, len(s.now), s.acked, s.was, len(s.was), s.doubt)
}

func (o *object) String() string {
	if o == nil {
		return "nothing"
	}
	return fmt.Sprintf("%c %s %.8x (%d)", o.kind, o.target, o.data, len(o.data))
}

// concerned are the objects that a step is about.
func (p *plain) concerned(s step) map[*object]bool {
	all := map[*object]bool{}
	for _, slot := range []int{s.Slot, s.Slot + 1} {
		if d := p.slots[[2]int{s.Proc, slot}]; d != nil && slotted[s.Do] {
			all[d.o] = true
		}
	}
	for _, path := range []string{s.Path, s.To} {
		dirs, name, errno := p.walk(path)
		if errno != 0 || path == "" {
			continue
		}
		dir := last(dirs)
		_, o, _ := follow(dir, dir.child[name])
		for _, o := range []*object{dir.child[name], o} {
			o.each(func(o *object) { all[o] = true })
		}
	}
	return all
}

// each goes through an object and what is below it.
func (o *object) each(f func(*object)) {
	if o == nil {
		return
	}
	f(o)
	for _, c := range o.child {
		c.each(f)
	}
}

// closes notes that a descriptor was closed without an error.
func (d *descriptor) closes(others int) {
	reads := d.flags&syscall.O_ACCMODE == syscall.O_RDONLY && d.flags&syscall.O_TRUNC == 0
	switch {
	case d.o.kind != 'f' || reads && d.flags&syscall.O_CREAT == 0:
	case reads: // it sends if it has made the file
		d.o.sent.tried = append(d.o.sent.tried, bytes.Clone(d.o.data))
	case len(d.o.data) == 0 && others > 0: // an empty file, which another descriptor will send
		d.o.sent.tried = append(d.o.sent.tried, nil)
	default:
		d.o.sent = sent{acked: true, was: bytes.Clone(d.o.data)}
	}
}

// acknowledge notes what a step that succeeded has made sure of; d is the
// descriptor it used.
func (p *plain) acknowledge(s step, d *descriptor) {
	switch s.Do {
	case "close":
		d.closes(d.o.held)
	case "fsync": // what others wrote, too
		if d.o.kind == 'f' {
			d.o.sent = sent{acked: true, was: bytes.Clone(d.o.data)}
		}
	case "mapwrite":
		if len(d.o.data) > 0 {
			d.closes(0)
		}
	case "truncate", "rename":
		for o := range p.concerned(step{Path: s.To}) {
			o.published()
		}
		for o := range p.concerned(step{Path: s.Path}) {
			o.published()
		}
	}
}

// published notes that a file may have been sent, and was if nobody has it open.
func (o *object) published() {
	if o.kind != 'f' {
		return
	}
	o.sent.tried = append(o.sent.tried, bytes.Clone(o.data))
	if o.held == 0 {
		o.sent = sent{acked: true, was: bytes.Clone(o.data)}
	}
}

// sometimes tells what failed how often.
func sometimes(failures map[string]int) string {
	var all []string
	for _, what := range sortedKeys(failures) {
		all = append(all, fmt.Sprintf("%s: %d", what, failures[what]))
	}
	return strings.Join(all, ", ")
}
