package main

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// big is how many octets the large files have, more or less. Tests take less.
var big int64 = 1 << 30

var (
	huge    = &fixture{name: "huge", kept: true, make: func(dir string) error { return writeBig(filepath.Join(dir, "huge"), big) }}
	zipped  = &fixture{name: "zip", kept: true, make: makeZip}
	tarred  = &fixture{name: "tar", kept: true, make: makeTar}
	textual = &fixture{name: "text", kept: true, make: makeText}
	dbase   = &fixture{name: "database", kept: true, make: makeDatabase}
	sparse  = &fixture{name: "sparse", kept: true, make: makeSparse}
	eight   = &fixture{name: "eight", kept: true, make: func(dir string) error {
		if err := os.Mkdir(filepath.Join(dir, "eight"), 0o755); err != nil {
			return err
		}
		for i := range 8 {
			if err := writeNoise(filepath.Join(dir, "eight", fmt.Sprintf("part%d", i)), int(big/1024*24)); err != nil {
				return err
			}
		}
		return nil
	}}
)

// wide is a tree of 100 000 directories, and files aside of it.
var wide = &fixture{name: "wide", kept: true, make: func(dir string) error {
	for i := range 100_000 {
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("wide/%03d/%02d", i/100, i%100)), 0o755); err != nil {
			return err
		}
	}
	return makeAside(dir)
}}

// eightAside is the fixture eight, and files aside of it.
var eightAside = &fixture{name: "eight-aside", kept: true, make: func(dir string) error {
	return errors.Join(eight.make(dir), makeAside(dir))
}}

// makeAside makes the files that are looked at beside other work.
func makeAside(dir string) error {
	for i := range statCount {
		name := filepath.Join(dir, asidePath(i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := writeNoise(name, 0); err != nil {
			return err
		}
	}
	return nil
}

func asidePath(i int) string { return fmt.Sprintf("aside/dir%03d/file", i) }

// noiseOf returns size octets of noise to read.
func noiseOf(seed string, size int64) io.Reader {
	var key [32]byte
	copy(key[:], seed)
	return io.LimitReader(rand.NewChaCha8(key), size)
}

// create makes a file of what write writes.
func create(name string, write func(w io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	return errors.Join(write(w), w.Flush(), file.Close())
}

func writeBig(name string, size int64) error {
	return create(name, func(w io.Writer) error {
		_, err := io.Copy(w, noiseOf("big", size))
		return err
	})
}

// makeZip makes an archive of a thousand files that are stored.
func makeZip(dir string) error {
	return create(filepath.Join(dir, "huge.zip"), func(w io.Writer) error {
		z := zip.NewWriter(w)
		for i := range 1000 {
			entry, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("dir%02d/file%03d", i/50, i), Method: zip.Store})
			if err == nil {
				_, err = io.Copy(entry, noiseOf(fmt.Sprint(i), big/1000))
			}
			if err != nil {
				return err
			}
		}
		return z.Close()
	})
}

// makeTar makes an archive of 64 files.
func makeTar(dir string) error {
	return create(filepath.Join(dir, "huge.tar"), func(w io.Writer) error {
		t := tar.NewWriter(w)
		for i := range 64 {
			err := t.WriteHeader(&tar.Header{Name: fmt.Sprintf("file%02d", i), Mode: 0o644, Size: big / 64})
			if err == nil {
				_, err = io.Copy(t, noiseOf(fmt.Sprint(i), big/64))
			}
			if err != nil {
				return err
			}
		}
		return t.Close()
	})
}

// makeText makes a log of lines.
func makeText(dir string) error {
	return create(filepath.Join(dir, "log"), func(w io.Writer) error {
		for i := range big / 64 {
			if _, err := fmt.Fprintf(w, "line %012d of a log that somebody looks at the end of\n", i); err != nil {
				return err
			}
		}
		return nil
	})
}

// databaseSQL makes a table with an index on its names, of rows of half a KiB.
const databaseSQL = `pragma page_size=4096; pragma journal_mode=off; pragma synchronous=off;
create table t(id integer primary key, name text, body text);
with recursive n(i) as (select 1 union all select i+1 from n where i < %d)
insert into t select i, printf('name-%%08d', i*7919 %% 1000003), replace(hex(zeroblob(60)), '00', printf('%%08x', i*2654435761 %% 4294967296)) from n;
create index byname on t(name);`

// makeDatabase makes a database of a tenth of big.
func makeDatabase(dir string) error {
	cmd := exec.Command("sqlite3", filepath.Join(dir, "database"), fmt.Sprintf(databaseSQL, big/10/550))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("sqlite3: %w: %s", err, out)
	}
	return nil
}

// makeSparse makes 64 files of a quarter of big each, which have a little in each
// MiB of their beginning and nothing else on the disk.
func makeSparse(dir string) error {
	for i := range 64 {
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("file%02d", i+10)))
		if err != nil {
			return err
		}
		err = file.Truncate(big / 4)
		for mb := int64(0); err == nil && mb < 16; mb++ {
			_, err = file.WriteAt(noise(fmt.Sprint(i, mb), 4<<10), mb*big>>10)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// queries are what the work sqlite asks for: one row each by its name.
func queries() string {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "select id, name, length(body) from t where name = 'name-%08d';", (i*9001+1)*7919%1000003)
	}
	return b.String()
}
