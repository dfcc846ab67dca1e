package status

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"ftpfs/fusefs"
)

// Recent remembers the last warnings and errors of a log. A nil Recent is empty.
type Recent struct {
	mu   sync.Mutex
	list []ErrorEntry // the oldest first; guarded by mu
}

// keptLines is how many are remembered.
const keptLines = 20

// Watch returns a log that writes to log, and has its warnings and errors
// remembered, but those about failed operations, which fusefs.Stats has.
func (r *Recent) Watch(log *slog.Logger) *slog.Logger {
	return slog.New(&watched{Handler: log.Handler(), recent: r})
}

// entries are the lines that are remembered.
func (r *Recent) entries() []ErrorEntry {
	if r == nil {
		return []ErrorEntry{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]ErrorEntry{}, r.list...)
}

func (r *Recent) add(at time.Time, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := ErrorEntry{Time: at.UTC(), Count: 1, From: "log", Text: text}
	if i := slices.IndexFunc(r.list, func(o ErrorEntry) bool { return o.Text == text }); i >= 0 {
		e.Count += r.list[i].Count
		r.list = slices.Delete(r.list, i, i+1)
	}
	if r.list = append(r.list, e); len(r.list) > keptLines {
		r.list = slices.Delete(r.list, 0, 1)
	}
}

// watched is the handler of such a log.
type watched struct {
	slog.Handler
	recent *Recent
	attrs  string
	group  string
}

func (w *watched) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn || w.Handler.Enabled(ctx, l)
}

func (w *watched) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn && r.Message != fusefs.FailureMessage {
		var b strings.Builder
		b.WriteString(r.Message + w.attrs)
		r.Attrs(func(a slog.Attr) bool {
			b.WriteString(text(w.group, a))
			return true
		})
		w.recent.add(r.Time, b.String())
	}
	if !w.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return w.Handler.Handle(ctx, r)
}

func (w *watched) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *w
	next.Handler = w.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		next.attrs += text(w.group, a)
	}
	return &next
}

func (w *watched) WithGroup(name string) slog.Handler {
	next := *w
	next.Handler = w.Handler.WithGroup(name)
	if name != "" {
		next.group += name + "."
	}
	return &next
}

func text(group string, a slog.Attr) string {
	return ", " + group + a.Key + " " + a.Value.Resolve().String()
}
