package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/transfer"
	"ftpfs/ftpclient"
)

func newLsCommand(p *secret.Process) *cobra.Command {
	var long, asJSON, null bool
	cmd := &cobra.Command{
		Use:   "ls [flags] URL...",
		Short: "List directories of a server",
		Long: `ls lists the directories that the URLs name, by name, and shows the files. With -r
it also lists the directories in them, many at a time. Characters that a terminal
would obey are shown as \x..; where the output is no terminal, and with -0, names
are printed as they are.
` + patternHelp,
		Example: `  ftpfs ls ftp://ftp.debian.org/debian/
  ftpfs ls -lr ftp://me@nas.local/projects
  ftpfs ls --json ftp://me@nas.local/ | jq -r .name`,
		Args: cobra.MinimumNArgs(1),
	}
	flags := func(c *remoteCommand, f *pflag.FlagSet) {
		f.BoolVarP(&long, "long", "l", false, "with mode, size, time and where links lead to")
		f.BoolVarP(&c.o.Recursive, "recursive", "r", false, "directories in them too")
		f.BoolVar(&asJSON, "json", false, "print JSON, an object for each name on a line of its own")
		f.BoolVarP(&null, "null", "0", false, "print paths, each ended by NUL, for xargs -0")
	}
	return newRemoteCommand(p, cmd, flags, all, func(ctx context.Context, c *remoteCommand, _ []string) error {
		out := newListingPrinter(os.Stdout, asJSON, long)
		out.null = null
		err := c.each(ctx, "listed", func(p serverPlace) (r transfer.Result) {
			found, failures := expand(ctx, []serverPlace{p}, false)
			r.Failures = failures
			heads := len(c.places) > 1 || len(found) > 1 || c.o.Recursive
			for _, m := range found {
				r.Failures = append(r.Failures, c.list(ctx, p, m, out, heads)...)
			}
			return r
		})
		return out.end(err)
	})
}

// list shows a match: a directory, or a link to one that was named, by what is in it.
func (c *remoteCommand) list(ctx context.Context, p serverPlace, m transfer.Match, out *listingPrinter, heads bool) (failures []transfer.Failure) {
	if m.Entry.Type != ftpclient.TypeDir && (m.Globbed || m.Entry.Type != ftpclient.TypeSymlink) {
		out.entry("", m.Path, m.Entry)
		return nil
	}
	err := transfer.List(ctx, p.client, m.Path, c.o.Recursive, c.o.Parallel, func(d transfer.Directory) {
		if d.Err != nil {
			failures = append(failures, transfer.Failure{Path: d.Path, Err: d.Err})
			return
		}
		out.directory(d, heads)
		for _, s := range d.Skipped {
			failures = append(failures, transfer.Failure{Path: d.Path, Err: fmt.Errorf("a line without a name to show (%s): %s", s.Reason, say.Short(say.Printable(s.Line)))})
		}
	})
	if err != nil {
		return nil // interrupted, which is told
	}
	return failures
}

// listingPrinter prints entries. Its errors are kept for end.
type listingPrinter struct {
	w          *bufio.Writer
	json, long bool
	null       bool
	terminal   bool
	printed    bool // a directory was
}

func newListingPrinter(f *os.File, asJSON, long bool) *listingPrinter {
	return &listingPrinter{w: bufio.NewWriter(f), json: asJSON, long: long, terminal: term.IsTerminal(int(f.Fd()))}
}

// end writes what is left. The first error counts.
func (p *listingPrinter) end(err error) error {
	if flushErr := p.w.Flush(); flushErr != nil && err == nil {
		return exit.Errorf(exit.Partly, "standard output: %w", say.Reason(flushErr))
	}
	return err
}

// name is a name as it is printed.
func (p *listingPrinter) name(s string) string {
	if p.terminal && !p.null {
		return say.Printable(s)
	}
	return s
}

func (p *listingPrinter) directory(d transfer.Directory, head bool) {
	if head && !p.json && !p.null {
		if p.printed {
			fmt.Fprintln(p.w)
		}
		fmt.Fprintf(p.w, "%s:\n", p.name(d.Path))
	}
	p.printed = true
	for _, e := range d.Entries {
		p.entry(d.Path, e.Name, e)
	}
	if p.terminal {
		p.w.Flush() // the next Write has the error again
	}
}

// entry prints an entry of a directory; dir is empty where name is its path.
func (p *listingPrinter) entry(dir, name string, e ftpclient.Entry) {
	full := name
	if dir != "" {
		full = strings.TrimSuffix(dir, "/") + "/" + name
	}
	switch {
	case p.null:
		io.WriteString(p.w, full+"\x00") // bufio keeps the error
	case p.json:
		p.object(full, e)
	case p.long:
		fmt.Fprintf(p.w, "%s %12s  %s  %s%s\n", modeText(e), sizeText(e), timeText(e), p.name(name), p.target(e))
	default:
		fmt.Fprintln(p.w, p.name(name))
	}
}

func (p *listingPrinter) target(e ftpclient.Entry) string {
	if e.Target == "" {
		return ""
	}
	return " -> " + p.name(e.Target)
}

// object prints JSON. Bytes that are no UTF-8 are escaped as in Go strings.
func (p *listingPrinter) object(full string, e ftpclient.Entry) {
	o := struct {
		Path   say.Raw    `json:"path"`
		Name   say.Raw    `json:"name"`
		Type   string     `json:"type"`
		Size   *int64     `json:"size,omitempty"`
		Time   *time.Time `json:"time,omitempty"`
		Exact  string     `json:"time_precision,omitempty"`
		Mode   string     `json:"mode,omitempty"`
		Owner  string     `json:"owner,omitempty"`
		Group  string     `json:"group,omitempty"`
		Target say.Raw    `json:"target,omitempty"`
	}{Path: say.Raw(full), Name: say.Raw(full[strings.LastIndexByte(full, '/')+1:]), Type: typeText(e.Type), Owner: e.Owner, Group: e.Group, Target: say.Raw(e.Target)}
	if e.Size >= 0 && e.Type == ftpclient.TypeFile {
		o.Size = &e.Size
	}
	if !e.ModTime.IsZero() {
		o.Time, o.Exact = &e.ModTime, e.Precision.String()
	}
	if e.HasMode {
		o.Mode = fmt.Sprintf("%04o", e.Mode)
	}
	enc := json.NewEncoder(p.w)
	enc.SetEscapeHTML(false)
	enc.Encode(o) // bufio keeps the error
}

// stat prints all that is known of a match.
func (p *listingPrinter) stat(m transfer.Match) {
	if p.json {
		p.object(m.Path, m.Entry)
		return
	}
	e := m.Entry
	fmt.Fprintf(p.w, "%s\n  type: %s\n", p.name(m.Path), typeText(e.Type))
	line := func(name, value string) {
		if value != "" && value != "-" {
			fmt.Fprintf(p.w, "  %s: %s\n", name, value)
		}
	}
	if e.Type == ftpclient.TypeFile {
		line("size", sizeText(e))
	}
	line("time", strings.TrimSpace(timeText(e)))
	if e.HasMode {
		line("mode", fmt.Sprintf("%04o", e.Mode))
	}
	line("owner", say.Printable(e.Owner))
	line("group", say.Printable(e.Group))
	if e.Target != "" {
		line("leads to", p.name(e.Target))
	}
}

func typeText(t ftpclient.Type) string {
	switch t {
	case ftpclient.TypeFile:
		return "file"
	case ftpclient.TypeDir:
		return "directory"
	case ftpclient.TypeSymlink:
		return "link"
	case ftpclient.TypeOther:
		return "other"
	}
	return "unknown"
}

// modeText is type and mode as ls -l has them.
func modeText(e ftpclient.Entry) string {
	kind := map[ftpclient.Type]string{ftpclient.TypeFile: "-", ftpclient.TypeDir: "d", ftpclient.TypeSymlink: "l"}[e.Type]
	if kind == "" {
		kind = "?"
	}
	if !e.HasMode {
		return kind + "?????????"
	}
	const all = "rwxrwxrwx"
	bits := []byte(all)
	for i := range bits {
		if e.Mode&(1<<(8-i)) == 0 {
			bits[i] = '-'
		}
	}
	return kind + string(bits)
}

func sizeText(e ftpclient.Entry) string {
	if e.Size < 0 || e.Type == ftpclient.TypeDir {
		return "-"
	}
	return fmt.Sprint(e.Size)
}

// timeText is the time in UTC, as exact as it is known.
func timeText(e ftpclient.Entry) string {
	layout := "2006-01-02 15:04:05"
	switch {
	case e.ModTime.IsZero():
		return fmt.Sprintf("%-19s", "-")
	case e.Precision > time.Hour:
		layout = "2006-01-02"
	case e.Precision > time.Second:
		layout = "2006-01-02 15:04"
	}
	return fmt.Sprintf("%-19s", e.ModTime.UTC().Format(layout))
}
