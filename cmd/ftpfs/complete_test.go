package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// completed is what a shell is told, and cobra's directive.
func completed(t *testing.T, args ...string) (words []string, directive string) {
	t.Helper()
	r := runProgram(t, command(t, append([]string{"__completeNoDesc"}, args...)...))
	if r.code != exit.OK {
		t.Fatalf("%+v", r)
	}
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	return lines[:len(lines)-1], lines[len(lines)-1]
}

func TestCompletion(t *testing.T) {
	sandbox(t)
	tree, addr := testServer(t)
	if err := tree.Mkdir("sub/a b", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv("HOME")+"/.netrc", []byte("machine 127.0.0.1 login me password sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	writeConfig(t, "[servers.nas]\nurl = 'ftp://h/'\n[servers.web]\nurl = 'ftp://h/'\n")
	url := "ftp://me@" + addr + "/"
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"mount", "n"}, []string{"nas"}},
		{[]string{"mount", url + "s"}, []string{url + "sub/"}},
		{[]string{"probe", url + "sub/"}, []string{url + "sub/a%20b/", url + "sub/deep/"}},
		{[]string{"mount", "ftp://me@" + addr}, nil},
		{[]string{"mount", "ftp://eve@" + addr + "/s"}, nil},
	} {
		if got, directive := completed(t, tt.args...); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q (%s), want %q", tt.args, got, directive, tt.want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if r := runProgram(t, command(t, "completion", shell)); r.code != exit.OK || !strings.Contains(r.stdout, "__complete") {
			t.Errorf("%s: code %d, %d octets, %s", shell, r.code, len(r.stdout), r.stderr)
		}
	}
}
