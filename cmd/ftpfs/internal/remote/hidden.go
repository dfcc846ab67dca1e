package remote

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"ftpfs/ftpclient"
)

// mostHidden is of how many directories hiddenNames keeps that it has told.
const mostHidden = 1000

// hiddenNames tells the log what is on the server and cannot be shown, once for
// each directory: it is listed again and again.
type hiddenNames struct {
	log *slog.Logger

	mu   sync.Mutex
	told map[string]bool // guarded by mu
}

// tell is ftpclient.Trace's Skipped.
func (h *hiddenNames) tell(dir string, skipped []ftpclient.Skipped) {
	for _, s := range skipped {
		h.log.Debug("listing line without a name to show", "dir", dir, "line", s.Line, "reason", s.Reason)
	}
	first, last := h.note(dir)
	if first {
		h.log.Warn("the server has names here that cannot be shown", "dir", dir, "names", len(skipped),
			"reasons", reasonsOf(skipped), "first", skipped[0].Line)
	}
	if last {
		h.log.Warn("further directories with names that cannot be shown are not told: see --verbose")
	}
}

// note reports whether a directory has not been told yet, and whether it is the
// last one to be told.
func (h *hiddenNames) note(dir string) (first, last bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told[dir] || len(h.told) >= mostHidden {
		return false, false
	}
	if h.told == nil {
		h.told = make(map[string]bool)
	}
	h.told[dir] = true
	return true, len(h.told) == mostHidden
}

// reasonsOf counts the lines by reason.
func reasonsOf(skipped []ftpclient.Skipped) string {
	count := make(map[string]int)
	for _, s := range skipped {
		count[s.Reason]++
	}
	var texts []string
	for _, reason := range slices.Sorted(maps.Keys(count)) {
		texts = append(texts, fmt.Sprintf("%s (%d)", reason, count[reason]))
	}
	return strings.Join(texts, ", ")
}
