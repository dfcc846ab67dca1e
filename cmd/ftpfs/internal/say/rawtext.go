package say

import "strconv"

// Raw is a string of any bytes, which JSON alone cannot hold.
type Raw string

// MarshalText implements encoding.TextMarshaler.
func (t Raw) MarshalText() ([]byte, error) {
	q := strconv.Quote(string(t))
	return []byte(q[1 : len(q)-1]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Raw) UnmarshalText(b []byte) error {
	s, err := strconv.Unquote(`"` + string(b) + `"`)
	*t = Raw(s)
	return err
}
