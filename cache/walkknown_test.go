package cache

import (
	"fmt"
	"testing"
)

// TestWalkOfALargeTree: what a walk knows does not grow with the tree, and nothing that is
// ahead of its reader is queued twice.
func TestWalkOfALargeTree(t *testing.T) {
	w := &walk{known: map[string]bool{}, ahead: map[string]int{}}
	for i := range 3 * walkKnown / 10 {
		names := make([]string, 10)
		for j := range names {
			names[j] = fmt.Sprint(i, ".", j)
		}
		w.push("d", names, true)
		w.push("d", names, false)
		if len(w.queue) != 10 {
			t.Fatalf("%d directories wait", len(w.queue))
		}
		w.queue = nil // he has been there
		if len(w.known) > walkKnown+10 {
			t.Fatalf("%d directories are known", len(w.known))
		}
	}
}
