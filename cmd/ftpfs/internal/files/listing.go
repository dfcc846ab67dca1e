package files

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/transfer"
	"ftpfs/ftpclient"
)

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
