package exit

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestCodeOf(t *testing.T) {
	busy := Errorf(Busy, "x: %w", fs.ErrExist)
	for _, tt := range []struct {
		err  error
		want Code
	}{
		{nil, OK},
		{errors.New("x"), Failure},
		{busy, Busy},
		{fmt.Errorf("y: %w", busy), Busy},
		{errors.Join(errors.New("x"), busy), Busy},
	} {
		if got := CodeOf(tt.err); got != tt.want {
			t.Errorf("codeOf(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
	if !errors.Is(busy, fs.ErrExist) {
		t.Error("a failure hides its cause")
	}
}
