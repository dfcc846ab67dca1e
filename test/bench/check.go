package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checking is what a check may look at after a work.
type checking struct {
	served string // the directory on the server's disk
	local  string // $L
	read   string // $T
	mount  string // $M
	output string // the file that holds what the script printed
	script string
	rate   int64 // of the link; 0: no limit

	took     time.Duration
	ftp      ftpCount
	received int64 // octets over the link, if there is one

	said string // by the check, what is worth telling
}

// looks checks that all looks were made, and says how long they took.
func looks(c *checking) error { return looksAtLeast(c, statLeast) }

// fewLooks is looks for a work that leaves less time.
func fewLooks(c *checking) error { return looksAtLeast(c, statInReadsLeast) }

func looksAtLeast(c *checking, least int) error {
	var took []float64
	err := eachLine(c.output, func(line string) error {
		ms, err := strconv.ParseFloat(line, 64)
		took = append(took, ms)
		return err
	})
	if err == nil && len(took) < least {
		err = fmt.Errorf("%d looks until the rest ended, too few", len(took))
	}
	if err != nil {
		return err
	}
	slices.Sort(took)
	c.said = fmt.Sprintf("%d stats: median %.0f ms, 99th percentile %.0f ms, the longest %.0f ms", len(took), took[len(took)/2], took[(len(took)*99+99)/100-1], took[len(took)-1])
	return nil
}

// prints returns a check that the script printed this.
func prints(want string) func(*checking) error {
	return func(c *checking) error {
		return sameFileContent(c.output, []byte(want))
	}
}

// listsAll checks an ls -l: as many files, directories and bytes as there are.
func listsAll(c *checking) error {
	var want, got struct{ files, dirs, bytes int64 }
	err := walkServed(c, func(_ string, d fs.DirEntry) error {
		if d.IsDir() {
			want.dirs++
			return nil
		}
		info, err := d.Info()
		if err == nil {
			want.files++
			want.bytes += info.Size()
		}
		return err
	})
	if err != nil {
		return err
	}
	err = eachLine(c.output, func(line string) error {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 9:
		case line[0] == 'd':
			got.dirs++
		case line[0] == '-':
			size, err := strconv.ParseInt(fields[4], 10, 64)
			got.files++
			got.bytes += size
			return err
		}
		return nil
	})
	if want.dirs == 1 && got.dirs == 0 {
		got.dirs = 1 // the one that was listed
	}
	if err == nil && got != want {
		err = fmt.Errorf("listed (files, directories, bytes) %v of %v", got, want)
	}
	return err
}

// findsAll checks find's names and sizes of all files that are not empty.
func findsAll(c *checking) error {
	var want, got []string
	err := walkServed(c, func(rel string, d fs.DirEntry) error {
		info, err := d.Info()
		if err == nil && d.Type().IsRegular() && info.Size() > 0 {
			want = append(want, fmt.Sprintf("%s %d", rel, info.Size()))
		}
		return err
	})
	if err != nil {
		return err
	}
	err = eachLine(c.output, func(line string) error { got = append(got, line); return nil })
	slices.Sort(got)
	slices.Sort(want)
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("found %d files of %d, or others", len(got), len(want))
	}
	return err
}

// readsAll returns a check that the contents of all files below dir were printed
// in the order of their paths.
func readsAll(dir string) func(*checking) error {
	return func(c *checking) error {
		var names []string
		err := fs.WalkDir(os.DirFS(filepath.Join(c.served, dir)), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				names = append(names, "./"+name)
			}
			return err
		})
		if err != nil {
			return err
		}
		slices.Sort(names)
		var want []byte
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(c.served, dir, name))
			if err != nil {
				return err
			}
			want = append(want, data...)
		}
		return sameFileContent(c.output, want)
	}
}

// readsHeads checks the first 512 bytes of each file.
func readsHeads(c *checking) error {
	var want []byte
	for i := range 40 {
		data, err := os.ReadFile(filepath.Join(c.served, fmt.Sprintf("dir%02d/file", i)))
		if err != nil {
			return err
		}
		want = append(want, data[:512]...)
	}
	return sameFileContent(c.output, want)
}

// fetched returns a check that $T has a file or tree as the server has.
func fetched(name string) func(*checking) error {
	return func(c *checking) error {
		return sameTree(filepath.Join(c.read, name), filepath.Join(c.served, name))
	}
}

// readParts checks that the files of $T, in the order of their names, are the
// large file.
func readParts(c *checking) error {
	entries, err := os.ReadDir(c.read)
	if err != nil {
		return err
	}
	var got []byte
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(c.read, e.Name()))
		if err != nil {
			return err
		}
		got = append(got, data...)
	}
	return sameFileContent(filepath.Join(c.served, "large"), got)
}

// stored returns a check that the server has a file or tree as $L has.
func stored(name string) func(*checking) error {
	return func(c *checking) error {
		return sameTree(filepath.Join(c.served, name), filepath.Join(c.local, name))
	}
}

func appended(c *checking) error {
	want := "first\n"
	for i := range 10 {
		want += fmt.Sprintf("line %d\n", i)
	}
	return sameFileContent(filepath.Join(c.served, "notes"), []byte(want))
}

func changed(c *checking) error {
	want := noise("middle", 8<<20)
	copy(want[4_000_000:], "HELLO")
	return sameFileContent(filepath.Join(c.served, "middle"), want)
}

func gone(name string) func(*checking) error {
	return func(c *checking) error {
		if _, err := os.Lstat(filepath.Join(c.served, name)); !os.IsNotExist(err) {
			return fmt.Errorf("%s is still there (%v)", name, err)
		}
		return nil
	}
}

func there(name string) func(*checking) error {
	return func(c *checking) error {
		_, err := os.Lstat(filepath.Join(c.served, name))
		return err
	}
}

func moved(c *checking) error {
	if err := gone("dir07")(c); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(c.served, "moved"))
	if err == nil && len(entries) != 20 {
		err = fmt.Errorf("moved has %d entries, not 20", len(entries))
	}
	return err
}

// sameTree compares names and contents.
func sameTree(got, want string) error {
	err := filepath.WalkDir(want, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return sameFile(filepath.Join(got, strings.TrimPrefix(name, want)), name)
	})
	if err != nil {
		return err
	}
	count := func(root string) (n int, err error) {
		err = filepath.WalkDir(root, func(_ string, _ fs.DirEntry, err error) error { n++; return err })
		return n, err
	}
	has, err := count(got)
	if err != nil {
		return err
	}
	if shall, err := count(want); err != nil || has != shall {
		return fmt.Errorf("%s has %d entries, not %d (%v)", filepath.Base(got), has, shall, err)
	}
	return nil
}

func sameFileContent(name string, want []byte) error {
	got, err := os.ReadFile(name)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%s: %d bytes, want %d, or others", filepath.Base(name), len(got), len(want))
	}
	return err
}

// walkServed calls f for all below the served directory.
func walkServed(c *checking, f func(rel string, d fs.DirEntry) error) error {
	return filepath.WalkDir(c.served, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == c.served {
			return err
		}
		return f(strings.TrimPrefix(name, c.served+"/"), d)
	})
}

func eachLine(name string, f func(line string) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if err := f(lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// readsRandom checks the digest that readRandomly printed.
func readsRandom(c *checking) error {
	var want bytes.Buffer
	if err := readRandomly(filepath.Join(c.served, "large"), &want); err != nil {
		return err
	}
	return sameFileContent(c.output, want.Bytes())
}

// printsLines returns a check that this many lines or a few more were printed.
func printsLines(n int) func(*checking) error {
	return func(c *checking) error {
		got := 0
		err := eachLine(c.output, func(string) error { got++; return nil })
		if err == nil && (got < n || got > n+n/20+1) {
			err = fmt.Errorf("%d lines printed, want %d", got, n)
		}
		return err
	}
}
