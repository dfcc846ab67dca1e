// Package logs writes the log: to a terminal, a file, syslog or the journal, as lines of
// text or as JSON objects, of which nothing in a record can break one.
package logs

import (
	"context"
	"log/slog"
	"log/syslog"
	"os"
	"strings"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
)

// LineHandler is a slog.Handler that writes one readable line per record:
// the message, then the attributes as key=value. Nothing in a record can
// break the line or drive a terminal: servers have a hand in the texts.
type LineHandler struct {
	Level slog.Leveler
	Write func(level slog.Level, line string) error
	attrs string
	group string
}

func (h *LineHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.Level.Level() }

func (h *LineHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(say.Printable(r.Message))
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, h.group, a)
		return true
	})
	return h.Write(r.Level, b.String())
}

func (h *LineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		writeAttr(&b, h.group, a)
	}
	next := *h
	next.attrs += b.String()
	return &next
}

func (h *LineHandler) WithGroup(name string) slog.Handler {
	next := *h
	if name != "" {
		next.group += name + "."
	}
	return &next
}

func writeAttr(b *strings.Builder, group string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range v.Group() {
			writeAttr(b, group, inner)
		}
		return
	}
	text := say.Printable(v.String())
	if strings.ContainsAny(text, ` "=`) || text == "" {
		text = `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
	}
	b.WriteString(" " + say.Printable(group+a.Key) + "=" + text)
}

// Open is OpenAs with lines of text.
func Open(file string, foreground, verbose bool) (*slog.Logger, func() error, error) {
	return OpenAs(Text, file, foreground, verbose)
}

// OfCall returns the log of a command that a person waits for: lines on stderr, of
// warnings, and with trace of what is said on the wire, too.
func OfCall(trace bool) *slog.Logger {
	level := slog.LevelWarn
	if trace {
		level = slog.LevelInfo
	}
	return slog.New(&LineHandler{Level: level, Write: Text.Sink(os.Stderr, false)})
}

// OpenAs returns the log of a mount. In the foreground it is stderr; in the
// background the file, or the system log, or nothing if there is neither.
// The returned function closes it.
func OpenAs(format Format, file string, foreground, verbose bool) (*slog.Logger, func() error, error) {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	if file != "" {
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, nil, exit.Errorf(exit.Usage, "log file %s: %w", file, say.Unreadable(err))
		}
		return slog.New(format.Handler(level, format.Sink(f, false))), f.Close, nil
	}
	if foreground {
		return slog.New(format.Handler(level, format.Sink(os.Stderr, IsJournal(os.Stderr)))), func() error { return nil }, nil
	}
	w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, "ftpfs")
	if err != nil {
		return slog.New(slog.DiscardHandler), func() error { return nil }, nil
	}
	return slog.New(format.Handler(level, toSyslog(w))), w.Close, nil
}

func toSyslog(w *syslog.Writer) func(slog.Level, string) error {
	return func(level slog.Level, line string) error {
		switch {
		case level >= slog.LevelError:
			return w.Err(line)
		case level >= slog.LevelWarn:
			return w.Warning(line)
		case level >= slog.LevelInfo:
			return w.Info(line)
		}
		return w.Debug(line)
	}
}
