package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"ftpfs/test/wan"
)

// provide lets the server have the fixture and nothing else. One that is there
// and that nobody changed stays; one that is kept is put aside for the next time.
func (s *site) provide(f *fixture) error {
	if s.fixture == f {
		return nil
	}
	if err := s.clear(); err != nil {
		return err
	}
	if aside := s.aside(f); isThere(aside) {
		s.fixture = f
		return moveAll(aside, s.served)
	}
	if err := f.make(s.served); err != nil {
		return err
	}
	s.fixture = f
	return filepath.WalkDir(s.served, func(name string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(name, s.uid, s.gid), aged(name))
	})
}

// anHour is by how much a fixture is older than the bench: what is a second old may
// change once more within that second, and is not believed like the rest.
const anHour = time.Hour

// aged makes what is younger an hour old.
func aged(name string) error {
	info, err := os.Lstat(name)
	if err != nil || info.Mode()&os.ModeSymlink != 0 || time.Since(info.ModTime()) > anHour {
		return err
	}
	then := time.Now().Add(-anHour)
	return os.Chtimes(name, then, then)
}

// clear empties the served directory.
func (s *site) clear() error {
	if s.fixture != nil && s.fixture.kept {
		aside := s.aside(s.fixture)
		err := os.MkdirAll(aside, 0o755)
		if err == nil {
			err = moveAll(s.served, aside)
		}
		if err != nil {
			return err
		}
	}
	s.fixture = nil
	entries, err := os.ReadDir(s.served)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(s.served, e.Name())))
	}
	return err
}

// aside is where a kept fixture is while the server has another.
func (s *site) aside(f *fixture) string { return filepath.Join(s.dir, "aside", f.name) }

func isThere(dir string) bool {
	_, err := os.Lstat(dir)
	return err == nil
}

func moveAll(from, to string) error {
	entries, err := os.ReadDir(from)
	for _, e := range entries {
		err = errors.Join(err, os.Rename(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())))
	}
	return err
}

// changed notes that the server's tree is not the fixture any more.
func (s *site) changed() { s.fixture = nil }

// localCopy returns a directory with a fixture that nobody changes.
func (s *site) localCopy(f *fixture) (string, error) {
	dir := filepath.Join(s.dir, "local", f.name)
	if isThere(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, f.make(dir)
}

// stats are those of the link, if there is one.
func (s *site) stats() wan.Stats {
	if s.link == nil {
		return wan.Stats{}
	}
	return s.link.Stats()
}

// quiet returns when no packet was on the link for a while that is long enough
// for one to be answered, or after at most 5 s: a mount has settled, or never does.
func (s *site) quiet(rtt time.Duration) {
	pause := max(2*rtt, 50*time.Millisecond)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	last := s.stats()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		<-tick.C
		now := s.stats()
		if now == last {
			return
		}
		last = now
	}
}
