package model

import (
	"math/rand/v2"
	"syscall"
)

// steps are the first n of the program of a seed. Most of them can be done, as far
// as the tree in memory tells that goes along with them; the others show errors.
func (p *program) steps(seed uint64, n int) []step {
	rng := rand.New(rand.NewPCG(seed, 4))
	var do []string
	for _, what := range sortedKeys(p.weights) {
		for range p.weights[what] {
			do = append(do, what)
		}
	}
	model := newPlain()
	all := make([]step, n)
	for i := range all {
		what := do[rng.IntN(len(do))]
		s := p.step(rng, what)
		for try := 0; try < 20 && rng.IntN(20) > 0 && !model.apt(s); try++ {
			s = p.step(rng, what)
		}
		if d := model.slots[[2]int{s.Proc, s.Slot}]; d != nil && slotted[what] && what != "ftruncate" && rng.IntN(4) > 0 {
			s.Off %= int64(len(d.o.data)) + 1
		}
		model.goAlong(s)
		all[i] = s
	}
	return all
}

// goAlong does what a step does, but for what the other side does.
func (p *plain) goAlong(s step) {
	switch s.Do {
	case "settle":
		for at := range p.slots {
			p.close(at)
		}
	case "theirs":
	default:
		p.do(s)
	}
}

// apt tells whether a step will do something.
func (p *plain) apt(s step) bool {
	if slotted[s.Do] && s.Do != "open" {
		return p.aptHere(s)
	}
	there := func(path string) (o *object, parent bool) {
		dirs, name, errno := p.walk(path)
		if errno != 0 {
			return nil, false
		}
		return last(dirs).child[name], true
	}
	o, parent := there(s.Path)
	switch s.Do {
	case "mkdir", "symlink":
		return parent && o == nil
	case "open":
		return parent && aptToOpen(s.Flags, o)
	case "rename":
		_, target := there(s.To)
		return o != nil && target
	case "rmdir":
		return o != nil && o.kind == 'd'
	case "readlink":
		return o != nil && o.kind == 'l'
	case "unlink", "truncate", "chmod", "times":
		return o != nil && o.kind != 'd'
	case "list", "theirs", "settle":
		return parent
	}
	return o != nil
}

func aptToOpen(flags int, o *object) bool {
	switch {
	case o == nil:
		return flags&syscall.O_CREAT != 0 && flags&syscall.O_DIRECTORY == 0
	case o.kind == 'd':
		return flags&(syscall.O_ACCMODE|syscall.O_CREAT|syscall.O_TRUNC) == 0
	}
	return flags&(syscall.O_EXCL|syscall.O_DIRECTORY) == 0
}

// aptHere is apt for what is done with a descriptor.
func (p *plain) aptHere(s step) bool {
	d := p.slots[[2]int{s.Proc, s.Slot}]
	if d == nil {
		return false
	}
	mode := d.flags & syscall.O_ACCMODE
	switch s.Do {
	case "read", "mapread":
		return d.o.kind == 'f' && mode != syscall.O_WRONLY
	case "write", "ftruncate":
		return d.o.kind == 'f' && mode != syscall.O_RDONLY
	case "mapwrite":
		return d.o.kind == 'f' && mode == syscall.O_RDWR
	case "copy":
		to := p.slots[[2]int{s.Proc, s.Slot + 1}]
		return mode != syscall.O_WRONLY && to != nil && to.flags&syscall.O_ACCMODE != syscall.O_RDONLY
	case "data":
		return len(d.o.data) > 0
	}
	return true
}
