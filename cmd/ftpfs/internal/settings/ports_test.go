package settings

import "testing"

func TestParsePorts(t *testing.T) {
	for s, want := range map[string][2]int{"50000-50100": {50000, 50100}, "2000": {2000, 2000}, "1-65535": {1, 65535}} {
		if a, b, err := ParsePorts(s); err != nil || a != want[0] || b != want[1] {
			t.Errorf("%q = %d, %d, %v", s, a, b, err)
		}
	}
	for _, s := range []string{"", "x", "1-", "-1", "2-1", "0-5", "1-65536", "1-2-3"} {
		if _, _, err := ParsePorts(s); err == nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}
