package interop

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"ftpfs/test/ftptest"
)

// entriesEnv is how many entries the directory of TestReaddirWhileChanging has, in
// place of a few.
const entriesEnv = "FTPFS_TEST_ENTRIES"

// TestReaddirWhileChanging reads a directory while entries come, go and get other
// names (READDIR-1): who reads on finds each name that stays exactly once, and none
// that had gone before the directory was opened. telldir's places stay.
func TestReaddirWhileChanging(t *testing.T) {
	n := 1500
	if many, err := strconv.Atoi(os.Getenv(entriesEnv)); err == nil {
		n = many
	}
	for _, name := range ftptest.Names() {
		t.Run(name, func(t *testing.T) {
			var options []ftptest.Option
			if name == ftptest.PureFTPd { // it lists 10 000, else
				options = append(options, ftptest.Extra("-L", fmt.Sprintf("%d:8", n+1000)))
			}
			s := ftptest.Start(t, name, options...)
			t.Parallel()
			changeCrowd(t, s, n)
		})
	}
}

// changeCrowd makes a directory of n entries and reads it while it changes.
func changeCrowd(t *testing.T, s *ftptest.Server, n int) {
	t.Helper()
	disk := filepath.Join(s.Dir, "d")
	s.Mkdir("d")
	for i := range n {
		if err := os.WriteFile(filepath.Join(disk, entryName("f", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := mounted(t, s)
	for round := range 2 { // the second time much of it is known
		readWhileChanging(t, m.path("d"), n, round)
	}
	want := slices.DeleteFunc(namesIn(t, disk), func(name string) bool { return strings.HasPrefix(name, ".") })
	if got := namesIn(t, m.path("d")); !slices.Equal(got, want) {
		t.Errorf("%d names are shown in the end, and %d there", len(got), len(want))
	}
}

func entryName(kind string, i int) string { return fmt.Sprintf("%s-%07d", kind, i) }

// changesWhile is how many entries go, come, and get other names in each round.
const changesWhile = 40

// readWhileChanging reads dir to its end, and again from the middle, and has
// something changed after each part of it.
func readWhileChanging(t *testing.T, dir string, n, round int) {
	t.Helper()
	fd, err := syscall.Open(dir, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	r := &direntReader{t: t, fd: fd, buf: make([]byte, 2048)}
	seen := map[string]int{}
	var order []dirent
	changed := 0
	for part := r.read(); len(part) > 0; part = r.read() {
		for _, e := range part {
			seen[e.name]++
		}
		order = append(order, part...)
		if changed < changesWhile {
			changeEntry(t, dir, n, round, changed)
			changed++
		}
	}
	for i := range n {
		name := entryName("f", i)
		if kind := fate(n, round, i); kind == "stays" && seen[name] != 1 || kind == "gone" && seen[name] > 0 || seen[name] > 1 {
			t.Errorf("round %d: %s, which is %s, was read %d times", round, name, kind, seen[name])
		}
	}
	if seen["."] != 1 || seen[".."] != 1 {
		t.Errorf(". was read %d times, .. %d times", seen["."], seen[".."])
	}
	readFromMiddle(t, r, order, n, round)
}

// readFromMiddle goes back to where half of the entries had been read.
func readFromMiddle(t *testing.T, r *direntReader, order []dirent, n, round int) {
	t.Helper()
	at := len(order) / 2
	if _, err := syscall.Seek(r.fd, order[at].next, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	again := map[string]int{}
	for part := r.read(); len(part) > 0; part = r.read() {
		for _, e := range part {
			again[e.name]++
		}
	}
	for i, e := range order {
		var number int
		if _, err := fmt.Sscanf(e.name, "f-%d", &number); err != nil || fate(n, round, number) != "stays" {
			continue
		}
		if want := boolInt(i > at); again[e.name] != want {
			t.Errorf("round %d: from the middle on %s was read %d times, want %d", round, e.name, again[e.name], want)
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// touchedEntry is the entry that a change is about: they lie all over the directory.
func touchedEntry(n, round, change int) int {
	return (round*changesWhile + change) * (n / (2 * changesWhile))
}

// fate is what becomes of entry i in a round: it "stays", it was "gone" before, or it
// "goes" meanwhile.
func fate(n, round, i int) string {
	step := n / (2 * changesWhile)
	number := i / step
	switch {
	case i%step != 0 || number >= (round+1)*changesWhile:
		return "stays"
	case number < round*changesWhile:
		return "gone"
	}
	return "goes"
}

func changeEntry(t *testing.T, dir string, n, round, change int) {
	t.Helper()
	old := filepath.Join(dir, entryName("f", touchedEntry(n, round, change)))
	fresh := filepath.Join(dir, entryName("new", round*changesWhile+change))
	var err error
	switch change % 3 {
	case 0:
		err = os.Remove(old)
	case 1:
		err = os.Rename(old, fresh)
	case 2:
		if err = os.Remove(old); err == nil {
			err = os.WriteFile(fresh, []byte("x"), 0o644)
		}
	}
	if err != nil {
		t.Errorf("change %d of round %d: %v", change, round, err)
	}
}

// dirent is an entry and the place behind it (d_off).
type dirent struct {
	name string
	next int64
}

type direntReader struct {
	t   *testing.T
	fd  int
	buf []byte
}

// read reads some entries; none at the end.
func (r *direntReader) read() (all []dirent) {
	r.t.Helper()
	n, err := syscall.Getdents(r.fd, r.buf)
	if err != nil {
		r.t.Fatal(err)
	}
	for b := r.buf[:n]; len(b) > 0; {
		size := binary.NativeEndian.Uint16(b[16:])
		name, _, _ := bytes.Cut(b[19:size], []byte{0})
		all = append(all, dirent{string(name), int64(binary.NativeEndian.Uint64(b[8:]))})
		b = b[size:]
	}
	return all
}
