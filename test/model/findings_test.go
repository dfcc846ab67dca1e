package model

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// findings are what is wrong with a run. They are told when they are found, and
// once more, with the way to repeat the run, after all that server and mount have
// logged: of a long record the end is kept. Its methods may be called by several
// goroutines.
type findings struct {
	t testing.TB

	mu   sync.Mutex
	told []string
}

// findingsOctets bounds each of them where they are told once more.
const findingsOctets = 700

// findingsMost bounds how many are told once more.
const findingsMost = 30

// newFindings is called before anything else that cleans up; again is how the run
// is repeated.
func newFindings(t testing.TB, again string) *findings {
	f := &findings{t: t}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		name, _, _ := strings.Cut(t.Name(), "/")
		t.Logf("again: go test ./test/model -run %s -args %s\n%s", name, again, strings.Join(f.told, "\n"))
	})
	return f
}

// wrongf fails the run.
func (f *findings) wrongf(format string, args ...any) {
	f.t.Helper()
	s := fmt.Sprintf(format, args...)
	f.t.Error(s)
	f.note(s)
}

// note tells something once more at the end, if the run fails.
func (f *findings) note(s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(s) > findingsOctets {
		s = s[:findingsOctets/2] + " … " + s[len(s)-findingsOctets/2:]
	}
	if len(f.told) < findingsMost {
		f.told = append(f.told, strings.TrimRight(s, "\n"))
	}
}
