package say

import "testing"

func TestBufferIsBounded(t *testing.T) {
	var c Buffer
	for range 10 {
		if n, err := c.Write(make([]byte, cappedBytes/4)); n != cappedBytes/4 || err != nil {
			t.Fatal(n, err)
		}
	}
	if len(c.String()) != cappedBytes {
		t.Errorf("%d bytes kept", len(c.String()))
	}
}
