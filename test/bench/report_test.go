package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/test/wan"
)

// sampleResults are ftpfs, one that takes twice as long, one that failed, and one
// that is not there.
func sampleResults() *results {
	good := sample{Seconds: 1, CPU: 0.25, FTP: ftpCount{Commands: map[string]int{"LIST": 3}, DataStreams: 3}, Sent: wan.Count{Bytes: 2048}, PeakKiB: 20 << 10}
	slow, failed := good, good
	slow.Seconds, slow.FTP.Hidden, slow.Late = 2, true, 1.5
	failed.Seconds, failed.Problem = 9, "given up"
	rows := []row{
		{Work: "ls-lR", Tool: "ftpfs", RTT: 0.1, Median: good}, {Work: "ls-lR", Tool: "a<b", RTT: 0.1, Median: slow},
		{Work: "ls-lR", Tool: "failed", RTT: 0.1, Median: failed}, {Work: "ls-lR", Tool: "absent", RTT: 0.1, Median: sample{Problem: "not installed"}},
		{Work: "ls-lR", Tool: "ftpfs", RTT: 0.3, Median: slow},
	}
	return &results{Server: "vsftpd", Runs: 1, Rows: rows, Link: []selfCheck{{0.1, 0.1, 0.2, 1e6}}}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := writeTable(sampleResults(), &b); err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(b.String()) {
		rows = append(rows, strings.Fields(line))
	}
	for i, want := range []string{
		"100 ms ls-lR ftpfs 1.000 10.0 0 3 3 0 2.0 0.0 0.25 20 1.00",
		"100 ms ls-lR a<b 2.000 20.0 0 - 3 0 2.0 0.0 0.25 20 2.00 on the server 1.5 s later",
		"100 ms ls-lR failed 9.000 90.0 0 3 3 0 2.0 0.0 0.25 20 - given up",
		"100 ms ls-lR absent - - - - - - - - - - - not installed",
	} {
		if got := strings.Join(rows[3+i], " "); got != want {
			t.Errorf("row %d: %s\nwant   %s", i, got, want)
		}
	}
}

// The plot is well-formed and has a line for each tool that came to an end.
func TestPlot(t *testing.T) {
	svg := plot(sampleResults(), works[0])
	d := xml.NewDecoder(strings.NewReader(svg))
	lines, points := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			switch e.Name.Local {
			case "polyline":
				lines++
			case "circle":
				points++
			}
		}
	}
	if lines != 2 || points != 3 {
		t.Errorf("%d lines with %d points, want 2 with 3", lines, points)
	}
}

func TestTick(t *testing.T) {
	for _, c := range []struct{ most, want float64 }{{0, 1}, {1, 0.2}, {5, 1}, {300, 100}, {49.6, 10}, {12, 2.5}} {
		if got := tick(c.most); got != c.want {
			t.Errorf("tick(%v) = %v, want %v", c.most, got, c.want)
		}
	}
}

func TestPublishWritesFiles(t *testing.T) {
	dir := t.TempDir()
	o := options{json: filepath.Join(dir, "out.json"), plot: filepath.Join(dir, "out.svg"), works: works[:1]}
	if err := publish(sampleResults(), o, io.Discard); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{o.json: `"LIST": 3`, o.plot: "</svg>"} {
		data, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(data), text) {
			t.Errorf("%s has no %s: %v", name, text, err)
		}
	}
	o.json = filepath.Join(dir, "missing", "out.json")
	if err := publish(sampleResults(), o, io.Discard); err == nil {
		t.Error("a file that cannot be written is no error")
	}
}
