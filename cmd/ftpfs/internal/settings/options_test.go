package settings

import "testing"

func TestByteSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1000": 1000, "64K": 64 << 10, "64kb": 64 << 10, "256MiB": 256 << 20, "2g": 2 << 30, "1T": 1 << 40,
	} {
		var b ByteSize
		if err := b.Set(s); err != nil || int64(b) != want {
			t.Errorf("%q = %d, %v; want %d", s, b, err, want)
		}
		var again ByteSize
		if err := again.Set(b.String()); err != nil || again != b {
			t.Errorf("%q does not survive: %q", s, b.String())
		}
	}
	for _, s := range []string{"", "-1", "1.5M", "x", "9999999999T", "M"} {
		var b ByteSize
		if err := b.Set(s); err == nil {
			t.Errorf("%q taken as %d", s, b)
		}
	}
}
