package manage

import (
	"slices"
	"testing"
)

// TestCompletedOnce: what was given is not completed again.
func TestCompletedOnce(t *testing.T) {
	t.Chdir("/tmp")
	got := without([]string{"/mnt/nas", "/tmp/a", "/tmp/b"}, []string{"/mnt/nas/", "b"})
	if !slices.Equal(got, []string{"/tmp/a"}) {
		t.Errorf("%q", got)
	}
}
