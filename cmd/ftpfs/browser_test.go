//go:build browser

package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestStatusInABrowser: Chromium shows the page with its figures and pictures, and
// finds nothing that its policy forbids. TestStatus asks for the page's parts without.
func TestStatusInABrowser(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	dir := used(t, "--http=127.0.0.1:0")
	url := statusOf(t, dir).Status.Mount.HTTP
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--enable-logging=stderr", "--v=0", "--user-data-dir="+t.TempDir(), "--virtual-time-budget=10000", "--dump-dom", url)
	cmd.WaitDelay = 5 * time.Second
	var words strings.Builder
	cmd.Stderr = &words
	dom, err := cmd.Output()
	for _, want := range []string{dir, "The server is up for", "1 confirmed by the server", "out, 5 B so far", `class="mark in"`, "<title>create:"} {
		if !strings.Contains(string(dom), want) {
			t.Errorf("%v: %q is not in the page: %s\n%s", err, want, dom, words.String())
		}
	}
	if strings.Contains(words.String(), "Content Security Policy") || strings.Contains(words.String(), "Uncaught") {
		t.Error(words.String())
	}
}
