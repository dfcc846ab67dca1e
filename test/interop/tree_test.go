package interop

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// oddNames end the names of files in the sample tree.
var oddNames = []string{"plain.txt", "two words", "täst-ü", "日本語", `"double"`, "it's", "[x]", "what?", "#%20;x",
	"a -> b", "~tilde", "{a,b}", "$HOME", "&|<>", "x=y; z"}

// A treeSize says how much a sample tree holds.
type treeSize struct{ files, dirs, big, huge int }

// sampleTree makes a tree of files with odd names: most of at most 32 KiB,
// some of 1 MiB, a few of 8 MiB, and always the same ones.
func sampleTree(t *testing.T, dir string, size treeSize) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	random := rand.NewChaCha8([32]byte{3})
	var dirs []string
	for i := range size.dirs {
		parent := ""
		if i > 5 {
			parent = dirs[rnd.IntN(len(dirs))]
		}
		dirs = append(dirs, filepath.Join(parent, fmt.Sprintf("d%02d %s", i, oddNames[i%len(oddNames)])))
		if err := os.MkdirAll(filepath.Join(dir, dirs[i]), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i := range size.files {
		name := fmt.Sprintf("%s%04d %s", []string{"", "-", "."}[i%3], i, oddNames[i%len(oddNames)])
		n := rnd.IntN(32 << 10)
		switch {
		case i < size.huge:
			n = 8 << 20
		case i < size.huge+size.big:
			n = 1 << 20
		case i%50 == 49:
			n = 0
		}
		path := filepath.Join(dir, dirs[i%len(dirs)], name)
		writeRandom(t, path, random, n, fs.FileMode([]uint32{0o644, 0o600, 0o755}[i/3%3]))
		mtime := time.Unix(1_500_000_000+int64(i)*86_413, 0)
		if err := os.Chtimes(path, mtime, mtime); err != nil {
			t.Fatal(err)
		}
	}
}

func writeRandom(t *testing.T, path string, random io.Reader, n int, mode fs.FileMode) {
	t.Helper()
	data := make([]byte, n)
	if _, err := io.ReadFull(random, data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// What a digest tells of a file besides type, size and content.
const (
	withMode  = 1 << iota // of files
	withMtime             // of files
)

// digest describes each path below dir in a line.
func digest(t *testing.T, dir string, with int) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		all[rel], err = describe(path, d, with)
		return err
	})
	if err != nil {
		t.Errorf("digest: %v", err)
	}
	return all
}

func describe(path string, d fs.DirEntry, with int) (string, error) {
	info, err := d.Info()
	if err != nil {
		return "", err
	}
	line := info.Mode().Type().String()
	switch {
	case info.Mode().Type() == fs.ModeSymlink:
		target, err := os.Readlink(path)
		return line + " -> " + target, err
	case !info.Mode().IsRegular():
		return line, nil
	}
	if with&withMode != 0 {
		line += " " + info.Mode().Perm().String()
	}
	if with&withMtime != 0 {
		line += " " + info.ModTime().UTC().Truncate(time.Second).Format(time.DateTime)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return fmt.Sprintf("%s %d %x", line, n, h.Sum(nil)[:8]), err
}

// same reports how got differs from want, in a few lines.
func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	const most = 8
	differ := 0
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			if differ++; differ <= most {
				t.Errorf("%s: %q is %q, want %q", what, name, got[name], want[name])
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			if differ++; differ <= most {
				t.Errorf("%s: %q should not be there", what, name)
			}
		}
	}
	if differ > most {
		t.Errorf("%s: %d differences in all", what, differ)
	}
}
