package main

import (
	"errors"
	"log/slog"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// TestRedactor: what a server repeats of a password does not get into the log.
func TestRedactor(t *testing.T) {
	log, got := lines(slog.LevelInfo)
	r := newRedactor("sesame", "open sesame please", "abc", "")
	log = r.log(log).With("a", "sesame")
	log.WithGroup("g").Warn("PASS sesame?", "err", errors.New("530 open sesame please is wrong"), "n", 3, slog.Group("h", "k", "sesame", "l", "abc"))
	want := `WARN PASS ***? a=*** g.err="530 *** is wrong" g.n=3 g.h.k=*** g.h.l=abc`
	if len(*got) != 1 || (*got)[0] != want {
		t.Errorf("%q, want %q", *got, want)
	}
}

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
