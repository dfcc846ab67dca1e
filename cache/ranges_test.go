package cache

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRangesAgainstBits compares the set with a plain array of bits over random
// operations.
func TestRangesAgainstBits(t *testing.T) {
	const size = 64
	rng := rand.New(rand.NewPCG(1, 2))
	for round := 0; round < 2000; round++ {
		var r ranges
		var bits [size]bool
		for op := 0; op < 12; op++ {
			lo := rng.Int64N(size)
			hi := lo + rng.Int64N(size-lo+1)
			if rng.IntN(4) == 0 {
				r = r.cut(lo)
				clear(bits[lo:])
			} else {
				r = r.add(lo, hi)
				for i := lo; i < hi; i++ {
					bits[i] = true
				}
			}
			checkRanges(t, r, bits[:])
			var want []span
			for i := lo; i < hi; i++ {
				if bits[i] {
					continue
				}
				if n := len(want); n > 0 && want[n-1].hi == i {
					want[n-1].hi++
				} else {
					want = append(want, span{i, i + 1})
				}
			}
			if got := r.missing(lo, hi); !slices.Equal(got, want) {
				t.Fatalf("missing(%d,%d) of %v = %v, want %v", lo, hi, r, got, want)
			}
		}
	}
}

func checkRanges(t *testing.T, r ranges, bits []bool) {
	t.Helper()
	for i, s := range r {
		if s.lo >= s.hi || i > 0 && r[i-1].hi >= s.lo {
			t.Fatalf("not sorted, disjoint and apart: %v", r)
		}
	}
	for i, b := range bits {
		if in := len(r.missing(int64(i), int64(i)+1)) == 0; in != b {
			t.Fatalf("octet %d in %v: %v, want %v", i, r, in, b)
		}
	}
}
