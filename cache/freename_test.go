package cache

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRenameFree: what has the name already stays, and so do both.
func TestRenameFree(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, unsentPrefix+"1")
	if err := os.WriteFile(taken, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := newSpool(dir, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.file.Close()
	own := filepath.Join(dir, copyPrefix+"1")
	if err := os.Rename(s.name, own); err != nil {
		t.Fatal(err)
	}
	s.name = own
	if _, err := s.writeAt([]byte("mine"), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.mark(true); err != nil {
		t.Fatal(err)
	}
	if s.name == taken {
		t.Fatalf("it has the name %s", taken)
	}
	for name, want := range map[string]string{taken: "theirs", s.name: "mine"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s has %q, %v", name, got, err)
		}
	}
	if ok, _ := filepath.Match(unsentPrefix+"*", filepath.Base(s.name)); !ok {
		t.Errorf("the name is %s", s.name)
	}
}
