package model

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"
)

// step is one call of a random program. What a call does not need is zero.
type step struct {
	Do       string
	Proc     int // which process makes it
	Slot     int // which of the process's descriptors it uses
	Path, To string
	Flags    int
	Mode     uint32
	Off, N   int64
	Seed     uint64 // of the octets that are written
}

func (s step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "p%d %s", s.Proc, s.Do)
	if s.Path != "" {
		fmt.Fprintf(&b, " %q", s.Path)
	}
	if s.To != "" {
		fmt.Fprintf(&b, " to %q", s.To)
	}
	if slotted[s.Do] {
		fmt.Fprintf(&b, " fd%d", s.Slot)
	}
	fmt.Fprintf(&b, " flags %#o mode %#o off %d n %d seed %d", s.Flags, s.Mode, s.Off, s.N, s.Seed)
	return b.String()
}

// slotted are the calls that use a descriptor.
var slotted = map[string]bool{"open": true, "close": true, "read": true, "write": true, "ftruncate": true,
	"fstat": true, "fsync": true, "mapread": true, "mapwrite": true, "allocate": true, "data": true, "copy": true}

// outcome is what a call brought.
type outcome struct {
	Errno syscall.Errno
	N     int64
	Data  []byte
	Names []string // with their types, sorted
	Kind  byte     // of what stat is about: f, d, l
	Mode  uint32
	Time  int64 // seconds; -1: any
	Links uint64
}

// differ tells how got is not what was wanted; "" if it is.
func (want outcome) differ(got outcome) string {
	if want.Time < 0 {
		got.Time = want.Time
	}
	data := [2][]byte{want.Data, got.Data}
	want.Data, got.Data = nil, nil
	if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g {
		return fmt.Sprintf("{errno N data names kind mode time links} is %s, want %s", g, w)
	}
	if !bytes.Equal(data[0], data[1]) {
		at := 0
		for at < min(len(data[0]), len(data[1])) && data[0][at] == data[1][at] {
			at++
		}
		return fmt.Sprintf("%d octets, want %d; they differ from octet %d on: %x, want %x",
			len(data[1]), len(data[0]), at, head(data[1], at), head(data[0], at))
	}
	return ""
}

// head is a little of b from an octet on.
func head(b []byte, at int) []byte { return b[at:min(len(b), at+16)] }

// octets are those that a step writes.
func (s step) octets() []byte {
	b := make([]byte, s.N)
	var seed [32]byte
	for i := range 8 {
		seed[i] = byte(s.Seed >> (8 * i))
	}
	rand.NewChaCha8(seed).Read(b) // never fails
	return b
}

// A program is what is done at random: how often each call, and with what.
type program struct {
	weights map[string]int
	names   []string // in each of the directories
	dirs    []string
	procs   int
	slots   int
	most    int64 // octets of a file, about
	ttl     time.Duration
	mount   []string // other options
	breaks  bool     // the connections
}

// tree is a program that does everything that can be done in a tree of files.
func treeProgram(links bool) *program {
	p := &program{
		weights: map[string]int{"open": 20, "close": 8, "read": 10, "write": 14, "ftruncate": 3, "truncate": 2, "fstat": 4,
			"fsync": 2, "mapread": 2, "mapwrite": 2, "stat": 8, "list": 5, "mkdir": 5, "rmdir": 3, "unlink": 6, "rename": 9,
			"chmod": 2, "times": 2, "data": 1, "copy": 1, "settle": 1},
		names: []string{"a", "b", "c", "d", "e"}, dirs: []string{"", "d/", "e/", "d/e/"}, procs: 2, slots: 3, most: 40_000,
		ttl: 10 * time.Second,
	}
	if links {
		p.weights["symlink"], p.weights["readlink"] = 4, 3
	}
	return p
}

// fileProgram is one that hammers a single file.
func fileProgram() *program {
	return &program{
		weights: map[string]int{"open": 6, "close": 3, "read": 20, "write": 20, "ftruncate": 6, "truncate": 2, "fstat": 3,
			"fsync": 2, "mapread": 12, "mapwrite": 12, "allocate": 1, "data": 2, "copy": 2, "settle": 1},
		names: []string{"f"}, dirs: []string{""}, procs: 2, slots: 2, most: 256 << 10, ttl: 10 * time.Second,
	}
}

// crowdedProgram has few names, so that what is open and unsent is often removed,
// replaced or moved, or what it is in.
func crowdedProgram() *program {
	return &program{
		weights: map[string]int{"open": 24, "close": 5, "write": 10, "read": 3, "ftruncate": 2, "truncate": 2, "fstat": 3, "fsync": 1,
			"mapwrite": 1, "stat": 6, "list": 6, "mkdir": 14, "rmdir": 10, "unlink": 8, "rename": 24},
		names: []string{"a", "d"}, dirs: []string{"", "d/", "d/d/", "a/"}, procs: 2, slots: 3, most: 3000, ttl: 10 * time.Second,
	}
}

// without leaves calls out.
func (p *program) without(calls ...string) *program {
	for _, what := range calls {
		delete(p.weights, what)
	}
	return p
}

// openFlags are what is combined with an access mode.
var openFlags = []int{0, 0, syscall.O_CREAT, syscall.O_CREAT, syscall.O_CREAT | syscall.O_TRUNC, syscall.O_CREAT | syscall.O_EXCL,
	syscall.O_TRUNC, syscall.O_APPEND, syscall.O_CREAT | syscall.O_APPEND, syscall.O_CREAT | syscall.O_APPEND | syscall.O_TRUNC,
	syscall.O_CREAT | syscall.O_EXCL | syscall.O_TRUNC, syscall.O_DIRECTORY}

func (p *program) step(rng *rand.Rand, do string) step {
	path := func() string { return p.dirs[rng.IntN(len(p.dirs))] + p.names[rng.IntN(len(p.names))] }
	s := step{Do: do, Proc: rng.IntN(p.procs), Slot: rng.IntN(p.slots), Path: path(), Seed: rng.Uint64(),
		Off: rng.Int64N(p.most), N: 1 + rng.Int64N(1<<rng.IntN(17))}
	if slotted[do] && do != "open" {
		s.Path = ""
	}
	switch do {
	case "open":
		s.Flags = rng.IntN(3) | openFlags[rng.IntN(len(openFlags))]
		s.Mode = []uint32{0o644, 0o644, 0o600, 0o755}[rng.IntN(4)]
	case "rename":
		s.To = path()
		s.Flags = rng.IntN(4) / 3 // RENAME_NOREPLACE
	case "symlink":
		s.To = p.names[rng.IntN(len(p.names))]
	case "chmod":
		s.Mode = []uint32{0o644, 0o600, 0o755, 0o640}[rng.IntN(4)]
	case "mkdir":
		s.Mode = 0o755
	case "times":
		s.N = 1_000_000_000 + rng.Int64N(500_000_000)
	case "list":
		s.Path = p.dirs[rng.IntN(len(p.dirs))]
	case "theirs":
		s.N = 1 + rng.Int64N(p.most)
	}
	return s
}
