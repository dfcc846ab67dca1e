package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// A local directory is the mount that does everything right: each work, done on
// the served directory itself, passes its check.
func TestWorksPassOnADisk(t *testing.T) {
	for _, w := range testedWorks() {
		t.Run(w.name, func(t *testing.T) {
			m := localMeasurement(t, w)
			m.places.mount = m.checking.served
			if err := doLocally(t, m); err != nil {
				t.Error(err)
			}
		})
	}
}

// A mount that shows other contents than the server has, and keeps what is
// written to itself, passes no check.
func TestWorksFailOnAnImpostor(t *testing.T) {
	for _, w := range testedWorks() {
		t.Run(w.name, func(t *testing.T) {
			m := localMeasurement(t, w)
			if err := w.fixture.make(m.places.mount); err != nil {
				t.Fatal(err)
			}
			if !w.changes || w.check == nil {
				falsify(t, m.places.mount)
			}
			if strings.HasPrefix(w.name, "git-") {
				falsify(t, filepath.Join(m.places.mount, "clone", "part0"))
			}
			if err := doLocally(t, m); err == nil {
				t.Error("passed")
			}
		})
	}
}

// testedWorks are those that need neither minutes nor gigabytes, nor a walk that
// takes its time, and of those that differ in a number only, the least.
func testedWorks() (tested []*work) {
	for _, w := range works {
		if !slices.Contains([]string{"ls-10000", "ls-1000000", "stat-in-walk", "stat-in-reads"}, w.name) {
			tested = append(tested, w)
		}
	}
	return tested
}

// localMeasurement provides a served directory on the disk.
func localMeasurement(t *testing.T, w *work) *measurement {
	t.Helper()
	s := &site{served: t.TempDir(), dir: t.TempDir(), uid: os.Getuid(), gid: os.Getgid()}
	if err := s.provide(w.fixture); err != nil {
		t.Fatal(err)
	}
	m, err := s.prepare(&tool{mount: rcloneMount("")}, w, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// doLocally does the work with m.places.mount for a mount, and checks.
func doLocally(t *testing.T, m *measurement) error {
	t.Helper()
	env := append(m.env, "M="+m.places.mount)
	m.checking.mount, m.checking.took = m.places.mount, time.Second
	for _, script := range []string{m.work.before, m.work.script} {
		if script == "" {
			continue
		}
		if _, _, err := runScript(t.Context(), script, env, m.checking.output, time.Minute, func() {}); err != nil {
			return err
		}
	}
	return m.check(&m.checking)
}

// falsify changes a byte of each file below dir, and makes it longer by one.
func falsify(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for i := 0; i < len(data); i += 500 {
			data[i]++
		}
		return os.WriteFile(name, append(data, 'x'), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) {
	if acted() || benchInstead() {
		return
	}
	big = 4 << 20
	ftptest.Main(m)
}
