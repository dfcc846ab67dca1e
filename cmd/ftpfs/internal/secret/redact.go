package secret

import (
	"context"
	"log/slog"
	"slices"
	"strings"
)

// Redactor replaces secrets in texts, whoever wrote them: a server may repeat the
// password that it was told.
type Redactor struct{ *strings.Replacer }

// leastSecret is the length from which on a secret is replaced: a shorter one is
// found in every other word.
const leastSecret = 4

// NewRedactor returns one for secrets, of which those that are short are left out.
func NewRedactor(secrets ...string) Redactor {
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may be in another
	var pairs []string
	for _, s := range secrets {
		if len(s) >= leastSecret {
			pairs = append(pairs, s, "***")
		}
	}
	return Redactor{strings.NewReplacer(pairs...)}
}

// Log returns a log whose lines have no secret.
func (r Redactor) Log(log *slog.Logger) *slog.Logger {
	return slog.New(&redacting{log.Handler(), r})
}

type redacting struct {
	slog.Handler
	redactor Redactor
}

func (h *redacting) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.redactor.Replace(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.redactor.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

func (h *redacting) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.redactor.attr(a)
	}
	return &redacting{h.Handler.WithAttrs(clean), h.redactor}
}

func (h *redacting) WithGroup(name string) slog.Handler {
	return &redacting{h.Handler.WithGroup(name), h.redactor}
}

// attr replaces in texts and errors, the only values that have words of others.
func (r Redactor) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch err, isError := v.Any().(error); {
	case isError:
		return slog.String(a.Key, r.Replace(err.Error()))
	case v.Kind() == slog.KindString:
		return slog.String(a.Key, r.Replace(v.String()))
	case v.Kind() == slog.KindGroup:
		var inner []any
		for _, b := range v.Group() {
			inner = append(inner, r.attr(b))
		}
		return slog.Group(a.Key, inner...)
	}
	return a
}
