package faults

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"slices"

	"ftpfs/cache"
)

// writing is a change of one file through a volume, as a program makes it.
type writing struct {
	name string
	fits func(before, want, got []byte) bool // what a failure may leave besides both
	// plan chooses what is written: what the file holds before, nil for no file,
	// what it shall hold, and how that is done.
	plan func(size int, rng *rand.Rand) (before, want []byte, do func(context.Context, *cache.Volume) error)
}

var writings = []writing{
	{"create", begun, planCreate},
	{"overwrite", nothingElse, planOverwrite},
	{"append", grown, planAppend},
	{"truncate", nothingElse, planTruncate},
	{"write at random", nothingElse, planRandom},
}

func nothingElse(_, _, _ []byte) bool { return false }

// begun: of a new file a part may be there where the server cannot be reached to
// delete it.
func begun(_, want, got []byte) bool { return bytes.HasPrefix(want, got) }

// grown: an addition that fails may leave a part of itself, of which a server in ASCII
// mode has changed the ends of lines.
func grown(before, want, got []byte) bool {
	rest, ok := bytes.CutPrefix(got, before)
	added := want[min(len(before), len(want)):]
	return ok && (bytes.HasPrefix(added, rest) || bytes.HasPrefix(bytes.ReplaceAll(added, []byte("\r\n"), []byte("\n")), rest))
}

// pieces is how much a program writes at a time, in octets.
const pieces = 64 << 10

// edit opens the file as open(2) does, changes it and closes it.
func edit(ctx context.Context, v *cache.Volume, flags int, change func(h *cache.Handle) error) error {
	var h *cache.Handle
	var err error
	if flags&os.O_CREATE != 0 {
		h, _, err = v.Create(ctx, "f", flags, 0o644)
	} else {
		h, err = v.Open(ctx, "f", flags)
	}
	if err != nil {
		return err
	}
	defer h.Release()
	if err := change(h); err != nil {
		return err
	}
	return h.Flush(ctx)
}

func inPieces(ctx context.Context, data []byte) func(h *cache.Handle) error {
	return func(h *cache.Handle) error {
		off := int64(0)
		for piece := range slices.Chunk(data, pieces) {
			n, err := h.WriteAt(ctx, piece, off)
			if err != nil {
				return err
			}
			off += int64(n)
		}
		return nil
	}
}

// random is content with line ends of each kind in it, for those who convert them.
func random(n int, rng *rand.Rand) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = "\r\nabcdefghijklmnopqrstuvwxyz0123"[rng.IntN(32)]
	}
	return b
}

func planCreate(size int, rng *rand.Rand) (before, want []byte, do func(context.Context, *cache.Volume) error) {
	want = random(size, rng)
	return nil, want, func(ctx context.Context, v *cache.Volume) error {
		return edit(ctx, v, os.O_WRONLY|os.O_CREATE, inPieces(ctx, want))
	}
}

func planOverwrite(size int, rng *rand.Rand) (before, want []byte, do func(context.Context, *cache.Volume) error) {
	before, want = random(size*2/3, rng), random(size, rng)
	return before, want, func(ctx context.Context, v *cache.Volume) error {
		return edit(ctx, v, os.O_WRONLY|os.O_TRUNC, inPieces(ctx, want))
	}
}

func planAppend(size int, rng *rand.Rand) (before, want []byte, do func(context.Context, *cache.Volume) error) {
	before = random(size/2+1, rng)
	added := random(size/2+1, rng)
	return before, slices.Concat(before, added), func(ctx context.Context, v *cache.Volume) error {
		return edit(ctx, v, os.O_WRONLY|os.O_APPEND, inPieces(ctx, added))
	}
}

func planTruncate(size int, rng *rand.Rand) (before, want []byte, do func(context.Context, *cache.Volume) error) {
	before = random(size, rng)
	end := rng.Int64N(int64(size))
	return before, before[:end], func(ctx context.Context, v *cache.Volume) error {
		return edit(ctx, v, os.O_WRONLY, func(h *cache.Handle) error {
			_, err := h.SetAttr(ctx, cache.Change{Size: &end})
			return err
		})
	}
}

func planRandom(size int, rng *rand.Rand) (before, want []byte, do func(context.Context, *cache.Volume) error) {
	before = random(size, rng)
	want = bytes.Clone(before)
	type change struct {
		off  int64
		data []byte
	}
	var changes []change
	for range 5 {
		c := change{rng.Int64N(int64(size)), random(1+rng.IntN(size/8), rng)}
		c.data = c.data[:min(int64(len(c.data)), int64(size)-c.off)]
		copy(want[c.off:], c.data)
		changes = append(changes, c)
	}
	return before, want, func(ctx context.Context, v *cache.Volume) error {
		return edit(ctx, v, os.O_RDWR, func(h *cache.Handle) error {
			for _, c := range changes {
				if _, err := h.WriteAt(ctx, c.data, c.off); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
