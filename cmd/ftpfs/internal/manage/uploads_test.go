package manage

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSaveLeavesNoPiece: what cannot be copied whole is not there, so that it can be
// tried again; a file that is there stays.
func TestSaveLeavesNoPiece(t *testing.T) {
	to := filepath.Join(t.TempDir(), "saved")
	if err := copyFile(t.TempDir(), to); err == nil {
		t.Error("a directory was copied")
	}
	if _, err := os.Lstat(to); !os.IsNotExist(err) {
		t.Errorf("a piece is left: %v", err)
	}
	from := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(from, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(from, to); err != nil {
		t.Error(err)
	}
	if err := copyFile(t.TempDir(), to); !os.IsExist(err) {
		t.Errorf("onto a file that is there: %v", err)
	}
	if text, err := os.ReadFile(to); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
}
