package main

import (
	"io"
	"slices"
	"testing"
)

// Every run of every suite is one that the flags allow, and every work but the
// largest is in one of them.
func TestSuites(t *testing.T) {
	done := map[string]bool{"spool-10G": true}
	for _, s := range suites {
		for _, args := range s.args {
			o, err := parse(append(args, "-server", "proftpd"), t.Output())
			if err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
			if o.server != "proftpd" {
				t.Errorf("%s: the server is %s", s.name, o.server)
			}
			for _, w := range o.works {
				done[w.name] = true
			}
		}
	}
	for _, w := range works {
		if !done[w.name] {
			t.Errorf("%s is in no suite", w.name)
		}
	}
	for _, args := range [][]string{{"-suite", "nonsense"}, {"-suite", "all", "-json", "x"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}

func TestWithout(t *testing.T) {
	got := without([]string{"-suite", "all", "-tls=explicit", "--suite=all", "-server", "suite"}, "suite")
	if want := []string{"-tls=explicit", "-server", "suite"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
