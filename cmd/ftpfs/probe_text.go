package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpclient"
)

// probeColumns is the width of a report in characters; single words may be
// wider.
const probeColumns = 80

// printProbe prints a report for people. What the server said is printable
// already; it is made so again, since a terminal is no place to rely on that.
func printProbe(w io.Writer, source string, r *ftpclient.Report) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", source)
	printServer(&b, r.Server)
	group := ""
	var later []string
	for i, f := range r.Facts {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n%s\n", group)
		}
		if f.Evidence == "not tried: needs --write" {
			later = append(later, f.Name)
		} else {
			printFact(&b, f.Fact)
		}
		if last := i+1 == len(r.Facts) || r.Facts[i+1].Group != group; last && len(later) > 0 {
			printRow(&b, "not tried without --write", strings.Join(later, ", "))
			later = nil
		}
	}
	fmt.Fprint(&b, "\nwhat ftpfs does\n")
	for _, p := range r.Plan {
		printRow(&b, p.Subject, p.Does)
	}
	printList(&b, "what came to no end", r.Problems)
	printList(&b, "what could not be removed", r.Left)
	fmt.Fprintf(&b, "\nit took %.1f s; %s\n", float64(r.Took)/1000, versionText())
	_, err := w.Write(b.Bytes())
	return err
}

func printServer(b *bytes.Buffer, s ftpclient.Identity) {
	for _, row := range []struct{ name, value string }{
		{"address", s.Address},
		{"greeting", strings.Join(s.Greeting, " / ")},
		{"system", s.System},
		{"status", strings.Join(s.Status, " / ")},
		{"features", strings.Join(s.Features, ", ")},
		{"help", strings.Join(s.Help, " / ")},
		{"login directory", s.Home},
		{"looked at", s.Dir},
		{"TLS", s.TLS},
	} {
		if row.value != "" {
			printRow(b, row.name, row.value)
		}
	}
}

func printList(b *bytes.Buffer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, line := range lines {
		wrap(b, "  ", line)
	}
}

// nameColumns is where the second column begins, valueColumns how wide it is
// before the evidence.
const (
	nameColumns  = 32
	valueColumns = 9
)

// printFact prints name, value and evidence, which goes into the lines below
// where it is too long.
func printFact(b *bytes.Buffer, f ftpclient.Fact) {
	name, value, evidence := say.Printable(f.Name), say.Printable(f.Value), say.Printable(f.Evidence)
	line := "  " + pad(name, nameColumns-2) + value
	long := "  " + pad(name, nameColumns-2) + pad(value, valueColumns) + evidence
	switch {
	case evidence == "":
		fmt.Fprintln(b, line)
	case columns(value) < valueColumns && columns(long) <= probeColumns:
		fmt.Fprintln(b, long)
	case columns(line) <= probeColumns:
		fmt.Fprintln(b, line)
		wrap(b, "      ", evidence)
	default:
		printRow(b, f.Name, f.Value)
		wrap(b, "      ", evidence)
	}
}

// printRow prints a name and a text of any length beside it.
func printRow(b *bytes.Buffer, name, text string) {
	var lines bytes.Buffer
	wrap(&lines, strings.Repeat(" ", nameColumns), text)
	first := strings.TrimLeft(lines.String(), " ")
	fmt.Fprintln(b, strings.TrimRight("  "+pad(say.Printable(name), nameColumns-2)+first, " \n"))
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(1, n-columns(s))) }

func columns(s string) int { return utf8.RuneCountInString(s) }

// wrap prints a text in lines of probeColumns, broken at spaces, else after
// what fits.
func wrap(b *bytes.Buffer, indent, text string) {
	room := probeColumns - columns(indent)
	line := ""
	flush := func() {
		if line != "" {
			fmt.Fprintln(b, indent+line)
		}
		line = ""
	}
	for _, word := range strings.Fields(say.Printable(text)) {
		if line != "" && columns(line)+1+columns(word) > room {
			flush()
		}
		if line != "" {
			line += " "
		}
		line += word
		for columns(line) > room {
			r := []rune(line)
			fmt.Fprintln(b, indent+string(r[:room]))
			line = string(r[room:])
		}
	}
	flush()
}
