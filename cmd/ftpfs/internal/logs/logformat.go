package logs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Format is how a line of the log is written: Text, JSON.
type Format string

const (
	Text Format = "text" // message key=value ...
	JSON Format = "json" // {"time":..., "level":..., "msg":..., ...}
)

func (f *Format) Type() string   { return "format" }
func (f *Format) String() string { return string(*f) }

func (f *Format) Set(s string) error {
	if s != string(Text) && s != string(JSON) {
		return fmt.Errorf("%q is not text or json", s)
	}
	*f = Format(s)
	return nil
}

// Handler returns what makes lines of records and gives them to write.
func (f Format) Handler(level slog.Leveler, write func(slog.Level, string) error) slog.Handler {
	if f != JSON {
		return &LineHandler{Level: level, Write: write}
	}
	out := &jsonLine{write: write}
	return &jsonHandler{slog.NewJSONHandler(&out.line, &slog.HandlerOptions{Level: level}), out}
}

// jsonHandler gives each line of slog's own handler to a writer with its level.
type jsonHandler struct {
	slog.Handler
	out *jsonLine
}

// jsonLine is the line that is being made.
type jsonLine struct {
	mu    sync.Mutex
	line  bytes.Buffer // guarded by mu
	write func(slog.Level, string) error
}

func (h *jsonHandler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	h.out.line.Reset()
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	return h.out.write(r.Level, strings.TrimSuffix(h.out.line.String(), "\n"))
}

func (h *jsonHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &jsonHandler{h.Handler.WithAttrs(attrs), h.out}
}

func (h *jsonHandler) WithGroup(name string) slog.Handler {
	return &jsonHandler{h.Handler.WithGroup(name), h.out}
}

// Sink is where lines go that are written to w: as they are where they say when
// they were written, or the journal does, which wants a priority before them.
func (f Format) Sink(w io.Writer, journal bool) func(slog.Level, string) error {
	switch {
	case journal:
		return toLines(w, func(b *bytes.Buffer, l slog.Level) { fmt.Fprintf(b, "<%d>", priority(l)) })
	case f == JSON:
		return toLines(w, func(*bytes.Buffer, slog.Level) {})
	}
	return toLines(w, func(b *bytes.Buffer, l slog.Level) {
		b.WriteString(time.Now().Format("2006-01-02T15:04:05.000Z07:00 "))
		fmt.Fprintf(b, "%-5s ", l)
	})
}

// toLines writes lines with what comes before them, each by one Write.
func toLines(w io.Writer, before func(*bytes.Buffer, slog.Level)) func(slog.Level, string) error {
	var mu sync.Mutex
	return func(level slog.Level, line string) error {
		var b bytes.Buffer
		before(&b, level)
		b.WriteString(line)
		b.WriteByte('\n')
		mu.Lock()
		defer mu.Unlock()
		_, err := w.Write(b.Bytes())
		return err
	}
}

// priority is a level as syslog(3) counts them.
func priority(l slog.Level) int {
	switch {
	case l >= slog.LevelError:
		return 3
	case l >= slog.LevelWarn:
		return 4
	case l >= slog.LevelInfo:
		return 6
	}
	return 7
}

// IsJournal tells whether a file is the stream to systemd's journal that
// JOURNAL_STREAM (systemd.exec(5)) names by device and inode.
func IsJournal(f *os.File) bool {
	device, inode, ok := strings.Cut(os.Getenv("JOURNAL_STREAM"), ":")
	info, err := f.Stat()
	if !ok || err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && device == strconv.FormatUint(st.Dev, 10) && inode == strconv.FormatUint(st.Ino, 10)
}
