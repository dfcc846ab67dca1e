package logs

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
)

// lines collects what a LineHandler writes.
func lines(level slog.Level) (*slog.Logger, *[]string) {
	var got []string
	return slog.New(&LineHandler{Level: level, Write: func(l slog.Level, line string) error {
		got = append(got, l.String()+" "+line)
		return nil
	}}), &got
}

func TestLogLines(t *testing.T) {
	log, got := lines(slog.LevelInfo)
	log.Debug("not this")
	log.Info("plain")
	log.Warn("with", "path", "/a b", "n", 3, "empty", "", "err", errors.New(`say "x"`))
	log.With("a", 1).WithGroup("g").With("b", 2).Error("nested", slog.Group("h", "c", "d"))
	log.Info("evil\nline \x1b[31m\xff \u2028", "k", "v\r\nw")
	want := []string{
		"INFO plain",
		`WARN with path="/a b" n=3 empty="" err="say \"x\""`,
		"ERROR nested a=1 g.b=2 g.h.c=d",
		`INFO evil\nline \x1b[31m\xff \u2028 k=v\r\nw`,
	}
	if strings.Join(*got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(*got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLogFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	for _, verbose := range []bool{false, true} {
		log, done, err := Open(name, false, verbose)
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("small talk")
		log.Info("hello")
		if err := done(); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), "INFO  hello\n") != 2 || strings.Count(string(text), "DEBUG small talk\n") != 1 {
		t.Errorf("%s", text)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, _, err := Open(name+"/x", false, false); exit.CodeOf(err) != exit.Usage {
		t.Errorf("a log below a file: %v", err)
	}
}

// TestLogJSON: each line is a JSON object with all that the record has.
func TestLogJSON(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	log, done, err := OpenAs(JSON, name, false, false)
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
	for _, format := range []Format{Text, JSON} {
		var out bytes.Buffer
		log := slog.New(format.Handler(slog.LevelDebug, format.Sink(&out, true)))
		log.Error("e")
		log.Warn("w")
		log.Info("i")
		log.Debug("d")
		for i, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
			if want := []string{"<3>", "<4>", "<6>", "<7>"}[i]; !strings.HasPrefix(line, want) || format == Text && len(line) != 4 {
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
		if got := IsJournal(f); got != want {
			t.Errorf("JOURNAL_STREAM=%s: %v", stream, got)
		}
	}
}
