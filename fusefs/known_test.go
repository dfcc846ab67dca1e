package fusefs

import "testing"

// KNOWN-1: that the kernel does not forget as fast as it gets to know is noticed, and
// that it has caught up.
func TestKNOWN1_Behind(t *testing.T) {
	k := newKnown(10) // of which nobody forgets
	for i := range 20 {
		if got, want := k.behind(), i > 12; got != want {
			t.Errorf("%d of 10 are known: %v, want %v", i, got, want)
		}
		k.add(&node{})
	}
	for k.take() != nil {
	}
	if k.behind() {
		t.Error("the oldest were taken, and it is behind")
	}
}
