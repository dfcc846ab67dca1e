package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/logs"
	"ftpfs/ftpclient"
)

// lines collects what a LineHandler writes.
func lines(level slog.Level) (*slog.Logger, *[]string) {
	var got []string
	return slog.New(&logs.LineHandler{Level: level, Write: func(l slog.Level, line string) error {
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
		log, done, err := logs.Open(name, false, verbose)
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
	if _, _, err := logs.Open(name+"/x", false, false); exit.CodeOf(err) != exit.Usage {
		t.Errorf("a log below a file: %v", err)
	}
}

func TestTraceLines(t *testing.T) {
	log, got := lines(slog.LevelInfo)
	tr := newTrace(log, true)
	tr.Connect(1, "h:21", 2*time.Millisecond, nil)
	tr.Connect(2, "h:21", time.Second, errors.New("refused"))
	tr.Command(1, "PASS ***")
	tr.Reply(1, 230, "Logged\nin", 1500*time.Microsecond)
	tr.Data(1, 42, time.Second, nil)
	tr.Data(1, 7, time.Second, errors.New("reset"))
	tr.Disconnect(1, "idle")
	tr.Learned("not told")
	tr.Skipped("/d", []ftpclient.Skipped{{Line: "x\x1by", Reason: "no date"}})
	want := []string{
		"INFO #1 connected to h:21 in 2ms",
		"INFO #2 cannot connect to h:21 after 1s: refused",
		"INFO #1 > PASS ***",
		`INFO #1 < 230 Logged\nin (1.5ms)`,
		"INFO #1 data: 42 bytes in 1s",
		"INFO #1 data: 7 bytes in 1s: reset",
		"INFO #1 disconnected: idle",
		`WARN the server has names here that cannot be shown dir=/d names=1 reasons="no date (1)" first=x\x1by`,
	}
	if strings.Join(*got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(*got, "\n"), strings.Join(want, "\n"))
	}
	if quiet := newTrace(log, false); quiet.Command != nil || quiet.Reply != nil || quiet.Skipped == nil {
		t.Error("without --trace only what matters is told")
	}
}
