package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

// randomReads makes this program the reader of the work read-random, which no
// usual program is: one that reads here and there in one open file.
const randomReads = "bench-random-reads"

// readSize and readCount are what it reads.
const readSize, readCount = 4 << 10, 60

// acted reports whether this process was started as a part of a work, which is
// done then.
func acted() bool {
	if len(os.Args) != 3 || os.Args[1] != randomReads {
		return false
	}
	if err := readRandomly(os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
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
