package main

import (
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

func TestParsePage(t *testing.T) {
	for in, want := range map[string]string{
		":9121": "127.0.0.1:9121", "0.0.0.0:80": "0.0.0.0:80", "[::1]:0": "[::1]:0", "nas.local:9121": "nas.local:9121",
		"9121": "", "": "", ":http": "", ":65536": "", "::1": "",
	} {
		got, err := parsePage(in)
		if got != want || (err != nil) != (want == "") || err != nil && exit.CodeOf(err) != exit.Usage {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
