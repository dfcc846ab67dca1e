package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// randomReads makes this program the reader of the work read-random, which no
// usual program is: one that reads here and there in one open file.
const randomReads = "bench-random-reads"

// readSize and readCount are what it reads.
const readSize, readCount = 4 << 10, 60

// statsInWalk makes it a person who looks at one file after the other while
// ls -lR goes through another tree of the mount.
const statsInWalk = "bench-stats-in-walk"

// statsInReads makes it one who does so while eight large files are read.
const statsInReads = "bench-stats-in-reads"

// acted reports whether this process was started as a part of a work, which is
// done then.
func acted() bool {
	if len(os.Args) != 3 {
		return false
	}
	act := map[string]func(string, io.Writer) error{randomReads: readRandomly, statsInWalk: statInWalk, statsInReads: statInReads, videoPlay: playVideo}[os.Args[1]]
	if act == nil {
		return false
	}
	if err := act(os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

const (
	statCount = 400
	statLeast = 300 // for a 99th percentile
	statEvery = 10 * time.Millisecond

	statInReadsEvery = 200 * time.Millisecond
	statInReadsLeast = 50
)

// statInWalk looks at a file in each of the directories aside, none of which was
// listed, in no order, as long as the walk goes on, and prints how many milliseconds
// each look took.
func statInWalk(mount string, w io.Writer) error {
	return statBeside(exec.Command("ls", "-lR", filepath.Join(mount, "wide")), statEvery, mount, w)
}

// statInReads is that while the files of the fixture eight are read.
func statInReads(mount string, w io.Writer) error {
	all := `for i in 0 1 2 3 4 5 6 7; do cat "$0/eight/part$i" >/dev/null & done; wait`
	return statBeside(exec.Command("sh", "-c", all, mount), statInReadsEvery, mount, w)
}

func statBeside(walk *exec.Cmd, every time.Duration, mount string, w io.Writer) error {
	if err := walk.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- walk.Wait() }()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(statCount) {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		begin := time.Now()
		if _, err := os.Stat(filepath.Join(mount, asidePath(i))); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%.1f\n", float64(time.Since(begin).Microseconds())/1000); err != nil {
			return err
		}
	}
	if err := walk.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-ended // killed
	return nil
}

// readRandomly reads blocks of a file at places that are the same every time and
// writes a digest of them.
func readRandomly(name string, w io.Writer) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2))
	digest := sha256.New()
	block := make([]byte, readSize)
	for range readCount {
		if _, err := file.ReadAt(block, r.Int64N(info.Size()-readSize)); err != nil {
			return err
		}
		digest.Write(block)
	}
	_, err = fmt.Fprintf(w, "%x\n", digest.Sum(nil))
	return err
}
