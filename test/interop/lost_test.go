package interop

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"ftpfs/test/ftptest"
	"ftpfs/test/wan"
)

// lostSteps are the steps of an upload at which the server can be lost.
var lostSteps = []string{"noted", "begun", "half", "stored", "rename", "renamed", "published"}

// A loss is what becomes of the server at a step.
type loss struct {
	name     string
	start    func(t *testing.T, kind string) (s *ftptest.Server, lose, back func())
	returns  bool // before anybody has noticed
	everyday bool // tried also in short
}

var losses = []loss{
	{"killed", startKillable, false, true},
	{"restarted", startKillable, true, false},
	{"cut off", startCuttable, false, false},
}

func startKillable(t *testing.T, kind string) (s *ftptest.Server, lose, back func()) {
	s = ftptest.Start(t, kind)
	return s, s.Stop, s.Restart
}

// startCuttable starts a server at the other end of a link.
func startCuttable(t *testing.T, kind string) (s *ftptest.Server, lose, back func()) {
	link, err := wan.Open(wan.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := link.Close(); err != nil {
			t.Error(err)
		}
	})
	options := []ftptest.Option{ftptest.Inside(link.ServerAddr().String(), link.Start)}
	if kind == ftptest.Vsftpd { // which locks what is uploaded until it notices the end
		options = append(options, ftptest.Extra("data_connection_timeout=2"))
	}
	s = ftptest.Start(t, kind, options...)
	return s, func() { link.Cut(true) }, func() { link.Cut(false) }
}

// A change is what is done to a file while the server is lost.
type change struct {
	name, script string
	before, then []byte
	flags        []string
	steps        []string
}

// changes are those of test files: src has what is copied.
func changes(t *testing.T) (src string, all []change) {
	t.Helper()
	old, fresh := bytes.Repeat([]byte("old content\n"), 30_000), bytes.Repeat([]byte("NEW\n"), 100_000)
	long := bytes.Repeat([]byte("a long line that is new\n"), 100_000) // is followed
	src = t.TempDir()
	for name, data := range map[string][]byte{"new": fresh, "long": long} {
		if err := os.WriteFile(filepath.Join(src, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	inPlace := []string{"noted", "begun", "half", "stored", "published"}
	return src, []change{
		{"replace", `cp "$SRC/new" f`, old, fresh, nil, lostSteps},
		{"create", `cp "$SRC/new" f`, nil, fresh, nil, inPlace},
		{"long", `cp "$SRC/long" f`, old, long, nil, []string{"begun", "half", "published"}},
		{"append", `cat "$SRC/new" >>f`, old, append(bytes.Clone(old), fresh...), nil, inPlace},
		{"write-back", `cp "$SRC/new" f`, old, fresh, []string{"--write-back"}, lostSteps},
	}
}

// TestServerLost: the server dies, or cannot be reached, at each step of an upload, and
// comes back; then the mount works on. The server has the old or the new version, whole,
// and after another mount no temporary file; what a close has acknowledged is there.
// FTPFS_TEST_ALL tries each loss at each step of each change on each server.
func TestServerLost(t *testing.T) {
	t.Parallel()
	prog := mortal(t)
	src, all := changes(t)
	n := 0
	for _, l := range losses {
		for _, kind := range ftptest.Names() {
			if kind == ftptest.Bundled && l.name == "cut off" {
				continue // it is in this process
			}
			for i, c := range all {
				for j, at := range c.steps {
					if n++; !everything && (i+2*j+n)%7 != 0 {
						continue
					}
					t.Run(l.name+" "+kind+" "+c.name+" "+at, func(t *testing.T) {
						t.Parallel()
						(&lostAt{loss: l, change: c, at: at, src: src, prog: prog}).run(t, kind)
					})
				}
			}
		}
	}
}

// lostAt is one case.
type lostAt struct {
	loss
	change
	at, src, prog string

	s *ftptest.Server
	m *mount
}

func (c *lostAt) run(t *testing.T, kind string) {
	s, lose, back := c.start(t, kind)
	c.s = s
	s.WriteFile("d/other", []byte("x"))
	if c.before != nil {
		s.WriteFile("d/f", c.before)
	}
	marker := filepath.Join(t.TempDir(), "now")
	c.m = newMount(t, s.URL(), append([]string{"--timeout", "2s"}, c.flags...)...)
	c.m.program = c.prog
	c.m.env = []string{"FTPFS_KILL_AT=" + c.at, "FTPFS_KILL_IF=" + marker, "FTPFS_HOLD=1"}
	t.Cleanup(func() { os.Remove(marker) }) // nothing is held any more if the test has failed
	c.m.mount()
	shell(t, c.m.path("d"), `ls -l; test ! -e f || printf '' >>f`)
	if err := os.WriteFile(marker, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	ended := make(chan result, 1)
	go func() { ended <- shellNoFail(c.m.path("d"), c.script, "SRC="+c.src) }()
	await(t, "the step "+c.at, func() bool { _, err := os.Stat(marker + ".reached"); return err == nil })
	lose()
	if c.returns {
		back()
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	out := <-ended
	if out.code < 0 || c.returns && out.code != 0 {
		t.Errorf("%s: %v", c.script, out)
	}
	if !c.returns {
		back()
	}
	await(t, "the mount to work again", func() bool { return shellNoFail(c.m.path("d"), "cat other").out == "x" })
	await(t, "the server to have one version and nothing else", func() bool {
		isOld, isNew, _ := c.versions()
		return (isNew || isOld && out.code != 0) && len(c.temps()) == 0
	})
	c.m.umount()
	c.m.env = nil
	c.m.mount()
	c.m.umount()
	c.judge(t, out.code == 0)
}

// versions tells whether the server has the old or the new version. What was added to a
// file and not acknowledged may be there in part, as on a disk.
func (c *lostAt) versions() (isOld, isNew bool, octets int) {
	got, err := os.ReadFile(filepath.Join(c.s.Dir, "d", "f"))
	isOld, isNew = bytes.Equal(got, c.before), bytes.Equal(got, c.then)
	switch {
	case c.before == nil:
		isOld = os.IsNotExist(err)
	case c.change.name == "append":
		isOld = bytes.HasPrefix(got, c.before) && bytes.HasPrefix(c.then, got)
	}
	return isOld, isNew, len(got)
}

// temps are the temporary files on the server.
func (c *lostAt) temps() []string {
	left, _ := filepath.Glob(filepath.Join(c.s.Dir, "d", ".*")) // the pattern is well formed
	return left
}

// judge looks at what there is in the end.
func (c *lostAt) judge(t *testing.T, acknowledged bool) {
	t.Helper()
	isOld, isNew, octets := c.versions()
	switch {
	case !isOld && !isNew:
		t.Errorf("the file has %d octets: neither the old nor the new version", octets)
	case acknowledged && !isNew:
		t.Errorf("what was acknowledged is lost")
	}
	if left := c.temps(); len(left) > 0 {
		t.Errorf("left on the server: %q", left)
	}
	kept, _ := filepath.Glob(filepath.Join(filepath.Dir(c.m.dir), "spool", "mount-*", "files", "spool-*"))
	if acknowledged == (len(kept) > 0) {
		t.Errorf("acknowledged %v, and kept in the spool: %q", acknowledged, kept)
	}
}
