package model

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// scene is a mounted server with processes that use it, one program after the
// other.
type scene struct {
	t       *testing.T
	found   *findings
	server  *ftptest.Server
	mount   string
	workers []*worker
	modes   bool // the server sets them
	serial  int
	name    string // of the directories that are used
	clock   int64  // of what the other side writes

	ttl      time.Duration  // of the mount
	breaks   *breaker       // if connections break
	failures map[string]int // by call and error
}

func newScene(t *testing.T, f *findings, s *ftptest.Server, mount, name string, procs int) *scene {
	sc := &scene{t: t, found: f, server: s, mount: mount, name: name, modes: s.User != "anonymous", clock: 1_000_000_000, failures: map[string]int{}}
	for range procs {
		sc.workers = append(sc.workers, startWorker(t))
	}
	return sc
}

// trial is a run of a program in a directory of its own.
type trial struct {
	*scene
	dir   string
	model *plain
}

// run runs steps and returns which of them differed, and how; -1 if none did.
func (sc *scene) run(steps []step) (at int, why string) {
	sc.serial++
	tr := &trial{scene: sc, dir: fmt.Sprintf("%s-%d", sc.name, sc.serial), model: newPlain()}
	if err := tr.begin(); err != nil {
		return 0, err.Error()
	}
	for _, w := range sc.workers {
		if o := w.do(step{Do: "begin", Path: filepath.Join(sc.mount, tr.dir)}); o.Errno != 0 {
			return 0, fmt.Sprintf("begin: %v %s", o.Errno, o.Data)
		}
	}
	for i, s := range steps {
		if why := tr.step(s); why != "" {
			return i, why
		}
	}
	if why := tr.step(step{Do: "settle"}); why != "" {
		return len(steps) - 1, "at the end: " + why
	}
	return -1, ""
}

// begin makes the directory.
func (tr *trial) begin() error {
	if tr.breaks != nil {
		tr.breaks.rest(true)
		defer tr.breaks.rest(false)
	}
	err := os.Mkdir(filepath.Join(tr.mount, tr.dir), 0o755)
	for try := 0; tr.breaks != nil && faulty[errnoOf(err)] && try < 20; try++ {
		if err = os.Mkdir(filepath.Join(tr.mount, tr.dir), 0o755); os.IsExist(err) {
			err = nil
		}
	}
	return err
}

// step makes one step and tells what was wrong.
func (tr *trial) step(s step) string {
	if tr.breaks != nil {
		return tr.doubtful(s)
	}
	switch s.Do {
	case "settle":
		return tr.settle()
	case "theirs":
		return tr.theirs(s)
	}
	want, got := tr.model.do(s), tr.workers[s.Proc].do(s)
	if !tr.modes {
		want.Mode, got.Mode = 0, 0
	}
	if want.Kind != 'f' {
		want.Mode, want.Time, want.Links, got.Mode, got.Time, got.Links = 0, 0, 0, 0, 0, 0
	}
	if d := want.differ(got); d != "" {
		return s.String() + ": " + d
	}
	return ""
}

// settle closes all descriptors and compares the server's disk with the model.
func (tr *trial) settle() string {
	for at := range tr.model.slots {
		tr.model.close(at)
	}
	for i, w := range tr.workers {
		if o := w.do(step{Do: "end"}); o.Errno != 0 {
			return fmt.Sprintf("p%d closes all: %v", i, o.Errno)
		}
	}
	want, got := map[string]string{}, map[string]string{}
	tr.model.root.tell("", tr.modes, want)
	// What a process has closed is released, and sent with write-back, a moment later.
	for deadline := time.Now().Add(30 * time.Second); ; {
		clear(got)
		if err := tell(filepath.Join(tr.server.Dir, tr.dir), tr.modes, got); err != nil && !os.IsNotExist(err) {
			return err.Error()
		}
		why := differs(want, got)
		if why == "" || time.Now().After(deadline) {
			return why
		}
		<-time.After(20 * time.Millisecond)
	}
}

// tell describes what is below an object, by its path.
func (o *object) tell(path string, modes bool, all map[string]string) {
	for name, c := range o.child {
		p := path + name
		switch c.kind {
		case 'd':
			all[p] = "directory"
			c.tell(p+"/", modes, all)
		case 'l':
			all[p] = "link to " + c.target
		default:
			all[p] = described(c.data, c.mode, modes)
		}
	}
}

func described(data []byte, mode uint32, modes bool) string {
	if !modes {
		mode = 0
	}
	return fmt.Sprintf("file %o %s", mode, data)
}

// tell describes what is below a directory of the disk.
func tell(dir string, modes bool, all map[string]string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel := strings.TrimPrefix(path, dir+"/")
		switch d.Type() {
		case fs.ModeDir:
			all[rel] = "directory"
		case fs.ModeSymlink:
			to, err := os.Readlink(path)
			all[rel] = "link to " + to
			return err
		default:
			info, err := d.Info()
			if err != nil {
				return err
			}
			data, err := os.ReadFile(path)
			all[rel] = described(data, uint32(info.Mode().Perm()), modes)
			return err
		}
		return nil
	})
}

// differs tells how the disk is not what it should be.
func differs(want, got map[string]string) string {
	var names []string
	for _, m := range []map[string]string{want, got} {
		names = append(names, sortedKeys(m)...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if want[name] != got[name] {
			return fmt.Sprintf("on the server %q is %.40q (%d), want %.40q (%d)", name, got[name], len(got[name]), want[name], len(want[name]))
		}
	}
	return ""
}

// theirs changes something on the server that nobody in the mount has open: a file
// comes, is replaced, or goes. It is another version to the second.
func (tr *trial) theirs(s step) string {
	dirs, name, errno := tr.model.walk(s.Path)
	if errno != 0 {
		return ""
	}
	dir := last(dirs)
	o := dir.child[name]
	if o != nil && (o.kind != 'f' || o.held > 0) {
		return ""
	}
	path := filepath.Join(tr.server.Dir, tr.dir, s.Path)
	if o != nil && s.Seed%3 == 0 {
		tr.model.remove(dir, name)
		return said(os.Remove(path))
	}
	if o != nil {
		o.links = 0
	}
	tr.clock++
	data := s.octets()
	o = &object{kind: 'f', data: bytes.Clone(data), mode: 0o644, time: tr.clock, links: 1}
	dir.child[name] = o
	next := filepath.Join(tr.server.Dir, tr.name+".next")
	when := time.Unix(tr.clock, 0)
	return said(os.WriteFile(next, data, 0o644), os.Chown(next, tr.server.UID, tr.server.GID), os.Chtimes(next, when, when), os.Rename(next, path))
}

func said(errs ...error) string {
	for _, err := range errs {
		if err != nil {
			return "the other side: " + err.Error()
		}
	}
	return ""
}
