package fusefs

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"ftpfs/test/fakeremote"
)

// Operations on one directory at once, with the kernel's views and the tree of
// nodes refreshed under them, end in the state that each of them left.
func TestLOOKUP1_ManyAtOnce(t *testing.T) {
	tree := fakeremote.New()
	tree.PutDir("/d")
	m := mount(t, tree)
	const workers, rounds = 8, 20
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for r := range rounds {
				if err := oneRound(m, fmt.Sprintf("w%d-r%d", w, r)); err != nil {
					t.Errorf("worker %d, round %d: %v", w, r, err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range rounds {
			m.volume.Refresh("")
			if _, err := os.ReadDir(m.path("d")); err != nil {
				t.Errorf("readdir: %v", err)
			}
		}
	})
	wg.Wait()
	if got := tree.Names("/d"); len(got) != workers*rounds {
		t.Errorf("the server has %d names", len(got))
	}
	m.volume.Refresh("")
	entries, err := os.ReadDir(m.path("d"))
	var shown []string
	for _, e := range entries {
		shown = append(shown, e.Name())
	}
	if err != nil || !slices.Equal(shown, tree.Names("/d")) {
		t.Errorf("the mount shows %d names, %v", len(shown), err)
	}
}

// oneRound makes a file, renames it, reads it back through the new name, makes
// and removes a directory.
func oneRound(m *mounted, name string) error {
	tmp, to, dir := m.path("d/."+name), m.path("d/"+name), m.path("d/"+name+".d")
	if err := os.WriteFile(tmp, []byte(name), 0o644); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil {
		return err
	}
	got, err := os.ReadFile(to)
	if err != nil || string(got) != name {
		return fmt.Errorf("read %q, %w", got, err)
	}
	return os.Remove(dir)
}
