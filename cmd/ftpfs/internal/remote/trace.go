package remote

import (
	"fmt"
	"log/slog"
	"time"

	"ftpfs/ftpclient"
)

// newTrace writes everything that happens on the wire to log, a line each:
// #1 is the first control connection, > was sent, < came back. all selects
// commands, replies and transfers; without it only what a person should know
// of is told: learned facts at debug, names that cannot be shown as warnings.
func newTrace(log *slog.Logger, all bool) *ftpclient.Trace {
	hidden := &hiddenNames{log: log}
	t := &ftpclient.Trace{
		Learned: func(fact string) { log.Debug("learned: " + fact) },
		LocalTimes: func(ahead time.Duration) {
			offset := time.Time{}.In(time.FixedZone("", int(ahead/time.Second))).Format("-07:00")
			log.Warn("the server tells its local time for UTC: all times are off, unless it is told by --timezone " + offset)
		},
		Skipped: hidden.tell,
	}
	if all {
		traceWire(t, func(format string, args ...any) { log.Info(fmt.Sprintf(format, args...)) })
	}
	return t
}

func traceWire(t *ftpclient.Trace, say func(format string, args ...any)) {
	t.Connect = func(conn int, addr string, took time.Duration, err error) {
		if err != nil {
			say("#%d cannot connect to %s after %s: %v", conn, addr, short(took), err)
			return
		}
		say("#%d connected to %s in %s", conn, addr, short(took))
	}
	t.Disconnect = func(conn int, reason string) { say("#%d disconnected: %s", conn, reason) }
	t.Command = func(conn int, line string) { say("#%d > %s", conn, line) }
	t.Reply = func(conn int, code int, text string, took time.Duration) {
		say("#%d < %d %s (%s)", conn, code, text, short(took))
	}
	t.Data = func(conn int, bytes int64, took time.Duration, err error) {
		if err != nil {
			say("#%d data: %d bytes in %s: %v", conn, bytes, short(took), err)
			return
		}
		say("#%d data: %d bytes in %s", conn, bytes, short(took))
	}
}

// short rounds a duration for people.
func short(d time.Duration) time.Duration {
	if d < time.Millisecond {
		return d.Round(time.Microsecond)
	}
	return d.Round(100 * time.Microsecond)
}
