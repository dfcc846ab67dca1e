package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A fixture fills a directory with what a work needs. The same names, sizes and
// contents every time. One that is kept is made once in a run.
type fixture struct {
	name string
	make func(dir string) error
	kept bool
}

var (
	nothing = &fixture{name: "nothing", make: func(string) error { return nil }}
	tree    = &fixture{name: "tree", make: func(dir string) error { return makeTree(dir, 50, 20) }}
	deep    = &fixture{name: "deep", make: makeDeep}
	source  = &fixture{name: "src", make: func(dir string) error { return makeSource(filepath.Join(dir, "src"), 279, 1_800_000) }}
	large   = &fixture{name: "large", make: func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "large"), noise("large", 64<<20), 0o644)
	}}
	middle = &fixture{name: "8 MiB", make: func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "middle"), noise("middle", 8<<20), 0o644)
	}}
	heads  = &fixture{name: "heads", make: makeHeads}
	twenty = &fixture{name: "twenty", make: func(dir string) error { return makeSource(filepath.Join(dir, "twenty"), 20, 40_000) }}
	small  = &fixture{name: "small", make: func(dir string) error { return makeSource(filepath.Join(dir, "small"), 100, 200_000) }}
	notes  = &fixture{name: "notes", make: func(dir string) error { return os.WriteFile(filepath.Join(dir, "notes"), []byte("first\n"), 0o644) }}
	clone  = &fixture{name: "clone", make: makeClone}
)

// many is a directory of n empty files.
func many(n int) *fixture {
	return &fixture{name: fmt.Sprintf("many-%d", n), make: func(dir string) error {
		dir = filepath.Join(dir, "many")
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		for i := range n {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("entry-%07d", i)), nil, 0o644); err != nil {
				return err
			}
		}
		return nil
	}}
}

// makeTree makes directories with files of different sizes in each.
func makeTree(dir string, dirs, files int) error {
	for d := range dirs {
		sub := filepath.Join(dir, fmt.Sprintf("dir%02d", d))
		if err := os.Mkdir(sub, 0o755); err != nil {
			return err
		}
		for f := range files {
			if err := writeNoise(filepath.Join(sub, fmt.Sprintf("file%02d", f)), 10*d+f); err != nil {
				return err
			}
		}
	}
	return nil
}

// deepPath is six levels down.
const deepPath = "one/two/three/four/five/file"

func makeDeep(dir string) error {
	for d := filepath.Dir(deepPath); d != "."; d = filepath.Dir(d) {
		if err := makeSource(filepath.Join(dir, d, "beside"), 10, 1000); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, deepPath), []byte("deep\n"), 0o644)
}

// makeSource makes n files of text, total bytes together, in a directory and, if
// they are many, in directories of it.
func makeSource(dir string, n, total int) error {
	r := rand.New(rand.NewPCG(uint64(n), uint64(total)))
	for i := range n {
		sub := dir
		if n > 100 {
			sub = filepath.Join(dir, fmt.Sprintf("part%d", i%9))
		}
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		size := total / (n - i)
		if i < n-1 {
			size = r.IntN(2*size + 1)
			size = min(size, total)
		}
		total -= size
		if err := writeNoise(filepath.Join(sub, fmt.Sprintf("source%03d.go", i)), size); err != nil {
			return err
		}
	}
	return nil
}

// makeHeads makes 40 directories with one file of 64 KiB each.
func makeHeads(dir string) error {
	for i := range 40 {
		sub := filepath.Join(dir, fmt.Sprintf("dir%02d", i))
		if err := os.Mkdir(sub, 0o755); err != nil {
			return err
		}
		if err := writeNoise(filepath.Join(sub, "file"), 64<<10); err != nil {
			return err
		}
	}
	return nil
}

// makeClone makes a git repository with 300 files, as old as a clone that one
// comes back to.
func makeClone(dir string) error {
	dir = filepath.Join(dir, "clone")
	if err := makeSource(dir, 300, 1_000_000); err != nil {
		return err
	}
	old := time.Now().Add(-240 * time.Hour).Truncate(time.Hour)
	err := filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(name, old, old)
	})
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "."},
		{"-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", "all"},
	} {
		if err == nil {
			cmd := exec.Command("git", append([]string{"-C", dir, "-c", "gc.auto=0"}, args...)...)
			var out []byte
			if out, err = cmd.CombinedOutput(); err != nil {
				err = fmt.Errorf("git %s: %w: %s", args[0], err, out)
			}
		}
	}
	return err
}

// writeNoise writes a file whose name and directory decide what is in it.
func writeNoise(name string, size int) error {
	return os.WriteFile(name, noise(filepath.Base(filepath.Dir(name))+"/"+filepath.Base(name), size), 0o644)
}

// noise returns bytes that do not compress, the same for the same seed.
func noise(seed string, size int) []byte {
	var key [32]byte
	copy(key[:], seed)
	data := make([]byte, size)
	rand.NewChaCha8(key).Read(data) // never fails
	return data
}
