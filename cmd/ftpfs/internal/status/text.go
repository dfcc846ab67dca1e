package status

import (
	"fmt"
	"strings"
	"time"
)

// Text is the snapshot for people, a line each, the first one the mount's. The lines
// are as long as what they say, and have what a server or a file's name has in them:
// they are not fit for a terminal before that is escaped.
func (s Snapshot) Text() []string {
	w := &textLines{now: s.Time}
	mode := ""
	if s.Mount.ReadOnly {
		mode += ", read-only"
	}
	if s.Mount.WriteBack {
		mode += ", write-back"
	}
	w.addf("%s  %s  pid %d, mounted for %s%s", s.Mount.Mountpoint, s.Mount.Source, s.Mount.PID, w.ago(s.Mount.Started), mode)
	w.server(s.Server)
	w.connections(s.Connections)
	w.head("traffic", "in %s, out %s; %s in and %s out by %s, %s", Rate(s.Traffic.ReceiveRate), Rate(s.Traffic.SendRate),
		Size(s.Traffic.Received), Size(s.Traffic.Sent), Count(s.Traffic.Transfers, "transfer", "transfers"), Count(s.Traffic.Commands, "command", "commands"))
	w.transfers(s.Transfers)
	w.caches(s.Caches)
	w.uploads(s.Uploads)
	w.operations(s.Operations)
	w.errors(s.Errors)
	if s.Mount.HTTP != "" {
		w.head("page", "%s", s.Mount.HTTP)
	}
	return w.lines
}

// textLines are lines in the making.
type textLines struct {
	now   time.Time
	lines []string
}

func (w *textLines) addf(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// head adds a line with the name of what it is about.
func (w *textLines) head(name, format string, args ...any) {
	w.addf("  %-12s %s", name, fmt.Sprintf(format, args...))
}

func (w *textLines) ago(t time.Time) string { return Duration(w.now.Sub(t)) }

func (w *textLines) server(s Server) {
	security := "not encrypted"
	if s.TLS != "" {
		security = s.TLS
	}
	switch {
	case s.Since.IsZero():
		w.head("server", "not tried yet")
	case s.State == "down":
		w.head("server", "DOWN for %s: %s", w.ago(s.Since), s.LastError)
		return
	case s.State == "idle":
		w.head("server", "up for %s, no connection is needed now; %s", w.ago(s.Since), security)
	default:
		w.head("server", "up for %s; %s", w.ago(s.Since), security)
	}
	if s.LastErrorAt != nil {
		w.addf("  %-12s last trouble %s ago: %s", "", w.ago(*s.LastErrorAt), s.LastError)
	}
}

func (w *textLines) connections(c Connections) {
	text := fmt.Sprintf("%d of %d, %d busy", c.Open, c.Limit, c.Busy)
	if c.Dialing > 0 {
		text += fmt.Sprintf(", %d being made", c.Dialing)
	}
	if c.Waiting > 0 {
		text += ", " + Count(c.Waiting, "operation waits", "operations wait") + " for one"
	}
	w.head("connections", "%s", text)
	for _, one := range c.List {
		w.addf("    #%-3d %-6s  %s, %s ago", one.ID, one.State, one.Command, Duration(time.Duration(one.Ago*1e9)))
	}
}

func (w *textLines) transfers(list []Transfer) {
	if len(list) == 0 {
		return
	}
	w.head("transfers", "%d", len(list))
	for _, t := range list {
		done := Size(t.Bytes)
		if p := t.Progress(); p >= 0 {
			done = fmt.Sprintf("%s %3.0f%% of %s", Bar(p, 16), 100*p, Size(t.Size))
			if left := float64(t.Size - t.From - t.Bytes); t.Rate > 0 && left > 0 && t.State == "busy" {
				done += ", " + Duration(time.Duration(left/t.Rate*1e9)) + " left"
			}
		}
		rate := Rate(t.Rate)
		if t.State == "parked" {
			rate = "rests"
		}
		w.addf("    #%-3d %-8s  %10s  %s  %s", t.Connection, t.Kind, rate, done, t.Path)
	}
}

func (w *textLines) caches(c Caches) {
	read := "nothing was read"
	if c.Content.HitRate >= 0 {
		read = fmt.Sprintf("%s of the %s read were there", Percent(c.Content.HitRate), Size(c.Content.Hits+c.Content.Waits))
	}
	w.head("content", "%s; %s of %s in use by %s", read, Size(c.Content.Bytes), Size(c.Content.Limit), Count(c.Content.Files, "file", "files"))
	asked := "nothing was asked"
	if c.Listings.HitRate >= 0 {
		asked = fmt.Sprintf("%s of %s answered at once", Percent(c.Listings.HitRate), Count(c.Listings.Hits+c.Listings.Misses, "question was", "questions were"))
	}
	w.head("listings", "%s; %s of %s in use by %s", asked, Size(c.Listings.Bytes), Size(c.Listings.Limit), Count(c.Listings.Directories, "directory", "directories"))
	if d := c.Disk; d != nil {
		w.head("disk", "%s read from it; %s of %s in use in %s", Size(d.Hits), Size(d.Bytes), Size(d.Limit), d.Dir)
	}
}

func (w *textLines) uploads(u Uploads) {
	limit := ""
	if u.SpoolLimit > 0 {
		limit = " of " + Size(u.SpoolLimit)
	}
	w.head("uploads", "%d pending (%s), %d failed; %d confirmed, %d given up; %s%s written and held here", u.Pending, Size(u.PendingBytes), u.Failed,
		u.Confirmed, u.GivenUp, Size(u.SpoolBytes), limit)
	for _, up := range u.List[:min(len(u.List), 8)] {
		text := ""
		if up.Error != "" {
			text = ": " + up.Error
		}
		w.addf("    %-9s  %10s  for %s  /%s%s", up.State, Size(up.Size), w.ago(up.Since), up.Path, text)
	}
	if u.Failed > 0 {
		w.addf("    ftpfs uploads tells what can be done about what has failed")
	}
}

func (w *textLines) operations(ops []Operation) {
	if len(ops) == 0 {
		return
	}
	w.addf("  %-12s %9s %8s %8s %9s %9s %9s", "operations", "count", "failed", "running", "mean", "50%", "99%")
	for _, o := range ops {
		w.addf("    %-10s %9d %8d %8d %9s %9s %9s", o.Name, o.Count, o.Failed, o.Running, Latency(o.Mean), Latency(o.P50), Latency(o.P99))
	}
}

func (w *textLines) errors(list []ErrorEntry) {
	if len(list) == 0 {
		return
	}
	w.head("errors", "the newest first")
	for _, e := range list[:min(len(list), 8)] {
		times := ""
		if e.Count > 1 {
			times = fmt.Sprintf(" (%d times)", e.Count)
		}
		w.addf("    %s%s  %s", e.Time.Local().Format(time.DateTime), times, strings.ReplaceAll(e.Text, "\n", "; "))
	}
}
