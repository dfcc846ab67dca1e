package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/logs"
)

// TestLogJSON: each line is a JSON object with all that the record has.
func TestLogJSON(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	log, done, err := logs.OpenAs(logs.JSON, name, false, false)
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("not this")
	log.With("a", 1).WithGroup("g").Warn("evil\nline", "err", errors.New("550 no"), "path", "/\xff")
	log.Info("second")
	if err := done(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	var first struct {
		Time, Level, Msg string
		A                int
		G                struct{ Err, Path string }
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	if first.Msg != "evil\nline" || first.Level != "WARN" || first.Time == "" || first.A != 1 || first.G.Err != "550 no" || first.G.Path != "/\uFFFD" {
		t.Errorf("%+v", first)
	}
}

// TestLogForTheJournal: lines have priorities in place of times where stderr is the
// journal, and only there.
func TestLogForTheJournal(t *testing.T) {
	for _, format := range []logs.Format{logs.Text, logs.JSON} {
		var out bytes.Buffer
		log := slog.New(format.Handler(slog.LevelDebug, format.Sink(&out, true)))
		log.Error("e")
		log.Warn("w")
		log.Info("i")
		log.Debug("d")
		for i, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
			if want := []string{"<3>", "<4>", "<6>", "<7>"}[i]; !strings.HasPrefix(line, want) || format == logs.Text && len(line) != 4 {
				t.Errorf("%q, want %s", line, want)
			}
		}
	}
	f, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	for stream, want := range map[string]bool{"": false, "1:2": false, "nonsense": false, fmt.Sprintf("%d:%d", st.Dev, st.Ino): true} {
		t.Setenv("JOURNAL_STREAM", stream)
		if got := logs.IsJournal(f); got != want {
			t.Errorf("JOURNAL_STREAM=%s: %v", stream, got)
		}
	}
}

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
