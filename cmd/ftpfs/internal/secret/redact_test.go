package secret

import (
	"errors"
	"log/slog"
	"testing"

	"ftpfs/cmd/ftpfs/internal/logs"
)

// TestRedactor: what a server repeats of a password does not get into the log.
func TestRedactor(t *testing.T) {
	var got []string
	log := slog.New(&logs.LineHandler{Level: slog.LevelInfo, Write: func(l slog.Level, line string) error {
		got = append(got, l.String()+" "+line)
		return nil
	}})
	r := NewRedactor("sesame", "open sesame please", "abc", "")
	log = r.Log(log).With("a", "sesame")
	log.WithGroup("g").Warn("PASS sesame?", "err", errors.New("530 open sesame please is wrong"), "n", 3, slog.Group("h", "k", "sesame", "l", "abc"))
	want := `WARN PASS ***? a=*** g.err="530 *** is wrong" g.n=3 g.h.k=*** g.h.l=abc`
	if len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %q", got, want)
	}
}
