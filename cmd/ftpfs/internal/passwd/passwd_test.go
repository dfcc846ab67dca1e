package passwd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// cheap is a hash that takes no time to speak of.
func cheap(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestHash(t *testing.T) {
	hash, err := Hash("sesame")
	if err != nil || !Valid(hash) || strings.Contains(hash, "sesame") {
		t.Fatal(hash, err)
	}
	c := NewChecker(hash)
	for _, tt := range []struct {
		password string
		right    bool
	}{{"sesame", true}, {"sesame", true}, {"Sesame", false}, {"", false}, {"sesame ", false}, {"sesame", true}} {
		if c.Check(tt.password) != tt.right {
			t.Errorf("%q: %v", tt.password, !tt.right)
		}
	}
	for _, bad := range []string{"", strings.Repeat("x", 73)} {
		if _, err := Hash(bad); err == nil {
			t.Errorf("a password of %d bytes", len(bad))
		}
	}
	if Valid("sesame") || Valid("") {
		t.Error("what is no hash is valid")
	}
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users")
	anna, ben := cheap(t, "a"), cheap(t, "b")
	for _, step := range []struct{ user, hash string }{{"anna", ben}, {"ben", ben}, {"anna", anna}} {
		if err := Set(name, step.user, step.hash); err != nil {
			t.Fatal(err)
		}
	}
	users, err := Read(name)
	if err != nil || len(users) != 2 || users["anna"] != anna || users["ben"] != ben {
		t.Fatal(users, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(name, []byte("# ours\n\nanna:"+anna), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Set(name, "ben", ben); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "# ours\n\nanna:"+anna+"\nben:"+ben+"\n" {
		t.Errorf("%q, %v", text, err)
	}
	if err := Set(name, "anna", ""); err != nil {
		t.Fatal(err)
	}
	if users, err := Read(name); err != nil || len(users) != 1 {
		t.Error(users, err)
	}
	if left, err := filepath.Glob(name + "*"); err != nil || len(left) != 1 {
		t.Error(left, err)
	}
}

func TestFileErrors(t *testing.T) {
	hash := cheap(t, "a")
	for text, line := range map[string]string{
		"anna:secret\n":                          ":1: ",
		"# x\nanna\n":                            ":2: ",
		"anna:" + hash + "\nanna:" + hash + "\n": ":2: ",
		"an na:" + hash:                          ":1: ",
		":" + hash:                               ":1: ",
	} {
		name := filepath.Join(t.TempDir(), "users")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(name); err == nil || !strings.HasPrefix(err.Error(), name+line) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
