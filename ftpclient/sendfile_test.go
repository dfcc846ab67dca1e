package ftpclient

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// fileSections gives a file in pieces, and can fail after it or find it cut.
type fileSections struct {
	file *os.File
	pos  int64
	size int64
	err  error // at the end
}

func (f *fileSections) Read(p []byte) (int, error) {
	n, err := f.file.ReadAt(p[:min(int64(len(p)), f.size-f.pos)], f.pos)
	if f.pos += int64(n); n == 0 {
		return 0, f.err
	}
	return n, err
}

func (f *fileSections) NextSection(most int64) (*os.File, int64, int64, error) {
	off, n := f.pos, min(most, f.size-f.pos)
	if f.pos += n; n == 0 {
		return nil, 0, 0, f.err
	}
	return f.file, off, n, nil
}

// TestSectionsAreSent: what the system sends from a file arrives as it is; an error of
// the source, or a file that has become shorter, is one of Store.
func TestSectionsAreSent(t *testing.T) {
	data := make([]byte, 24<<20)           // more than the system takes at once
	rand.NewChaCha8([32]byte{}).Read(data) // returns no error
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for what, src := range map[string]*fileSections{
		"whole":   {size: int64(len(data)), err: io.EOF},
		"small":   {size: 1000, err: io.EOF},
		"fails":   {size: int64(len(data)), err: os.ErrPermission},
		"shorter": {size: int64(len(data)) + 50_000, err: io.EOF},
	} {
		src.file = file
		f := newTCPFake(t, map[string]string{})
		s, err := f.newClient().Store(t.Context(), "/f", src, StoreOptions{})
		got, _ := f.get("/f")
		switch {
		case what == "fails" || what == "shorter":
			if err == nil {
				t.Errorf("%s: %d octets and no error", what, s.Sent)
			}
		case err != nil || s.Sent != src.size || got != string(data[:src.size]):
			t.Errorf("%s: sent %d of %d, arrived %d, %v", what, s.Sent, src.size, len(got), err)
		}
	}
}
