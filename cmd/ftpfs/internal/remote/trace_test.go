package remote

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

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
