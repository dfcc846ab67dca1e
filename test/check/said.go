package main

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// A record of a run may keep only its end, so that the end says once more what
// failed tests said, briefly, and where the time went.
const (
	saidLines = 12  // of a test
	saidWidth = 400 // octets of a line
	slowMost  = 12  // tests
)

// testSays matches what a test prints by t.Error and its like; others of a
// test's lines are of what it runs.
var testSays = regexp.MustCompile(`^\s+\w+_test\.go:\d+: `)

// said returns the messages in a test's output, with their further lines, and
// no more than saidLines of them.
func said(output string) []string {
	var lines []string
	inMessage := false
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\n")
		deeper := strings.HasPrefix(line, "        ")
		inMessage = testSays.MatchString(line) || inMessage && deeper
		if inMessage && !serverLine.MatchString(line) {
			lines = append(lines, line[:min(len(line), saidWidth)])
		}
		if len(lines) == saidLines {
			break
		}
	}
	return lines
}

// A slow test is one that has no test above it.
type slow struct {
	name    string
	seconds float64
}

// slowest sorts what tests took, the longest first, and returns the first.
func slowest(all []slow) []slow {
	slices.SortFunc(all, func(a, b slow) int { return cmp.Compare(b.seconds, a.seconds) })
	return all[:min(len(all), slowMost)]
}
