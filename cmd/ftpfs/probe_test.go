package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/ftpclient"
)

// TestProbeCommand: a report in both forms, exit codes as of mount, no password.
func TestProbeCommand(t *testing.T) {
	sandbox(t)
	tree, addr := testServer(t)
	url := "ftp://me:sesame@" + addr + "/sub"
	text := runProgram(t, command(t, "probe", url))
	if text.code != exit.OK || text.stderr != "" || strings.Contains(text.stdout, "sesame") {
		t.Fatalf("%+v", text)
	}
	for _, want := range []string{"ftp://me@" + addr + "/sub\n", "looked at                     /sub\n", "  pipelining                    yes",
		"not tried without --write     RNTO replaces", "\nwhat ftpfs does\n  listings                      STAT, without a data connection; where there are"} {
		if !strings.Contains(text.stdout, want) {
			t.Errorf("no %q in\n%s", want, text.stdout)
		}
	}
	object := runProgram(t, command(t, "probe", "--json", "--write", "deep", "ftp://me:sesame@"+addr+"/sub"))
	if object.code != exit.OK || object.stderr != "" {
		t.Fatalf("no such directory to write in: %+v", object)
	}
	object = runProgram(t, command(t, "probe", "--json", "--write", "sub/deep", url))
	var r struct {
		URL string
		ftpclient.Report
	}
	if err := json.Unmarshal([]byte(object.stdout), &r); err != nil || object.code != exit.OK {
		t.Fatalf("%v: %+v", err, object)
	}
	if r.URL != "ftp://me@"+addr+"/sub" || len(r.Facts) < 30 || r.Plan[len(r.Plan)-1].Does != "STOR under another name, then RNTO over the old one" {
		t.Errorf("%+v", r)
	}
	if names, err := tree.ReadDir("sub/deep"); err != nil || len(names) > 0 {
		t.Errorf("left: %v, %v", names, err)
	}
	traced := runProgram(t, command(t, "probe", "--trace", url))
	if !strings.Contains(traced.stderr, "> EPSV") || !strings.Contains(traced.stderr, "PASS ***") || strings.Contains(traced.stderr, "sesame") {
		t.Errorf("traced: %s", traced.stderr)
	}
	for _, tt := range []struct {
		args string
		want exit.Code
	}{
		{"ftp://me:wrong@" + addr + "/", exit.Login},
		{"ftp://me:sesame@" + addr + "/nothing", exit.RemoteDir},
		{"ftpes://me:sesame@" + addr + "/", exit.TLS},
		{"ftp://127.0.0.1:1/", exit.Connect},
		{"sftp://h/", exit.Usage},
		{"--connections 0 ftp://h/", exit.Usage},
		{"--timezone Middle/Earth ftp://h/", exit.Usage},
		{"", exit.Usage},
	} {
		r := runProgram(t, command(t, append([]string{"probe"}, strings.Fields(tt.args)...)...))
		if r.oneLine(t); r.code != tt.want || r.stdout != "" {
			t.Errorf("%s: %+v, want %d", tt.args, r, tt.want)
		}
	}
}

// The report fits a terminal of 80 columns and cannot drive it.
func TestProbeText(t *testing.T) {
	long := strings.Repeat("a long word after another ", 20)
	r := &ftpclient.Report{Server: ftpclient.Identity{Greeting: []string{"\x1b[2J" + long}, Features: []string{strings.Repeat("type*;", 40)}},
		Problems: []string{long}, Left: []string{"/left\x07"}}
	for i := range 12 {
		for _, group := range []string{"one", "two"} {
			f := ftpclient.Fact{Name: strings.Repeat("n", min(3*i, nameColumns-3)), Value: strings.Repeat("v", 12*i), Evidence: long[:20*i] + "\xff\n" + strings.Repeat("é", 9*i)}
			r.Facts = append(r.Facts, ftpclient.ReportFact{Group: group, Fact: f})
		}
		r.Plan = append(r.Plan, ftpclient.Intention{Subject: fmt.Sprint(i), Does: long[:17*i]})
	}
	var b bytes.Buffer
	if err := printProbe(&b, "ftp://h/", r); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > probeColumns || strings.ContainsFunc(line, unicode.IsControl) || !utf8.ValidString(line) {
			t.Errorf("%d columns: %q", utf8.RuneCountInString(line), line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("spaces at the end of %q", line)
		}
	}
	if n := strings.Count(strings.Join(strings.Fields(b.String()), " "), "a long word after another"); n < 40+12 {
		t.Errorf("only %d times what was said", n)
	}
}
