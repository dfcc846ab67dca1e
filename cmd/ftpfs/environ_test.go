package main

import (
	"os"
	"os/exec"
	"os/user"
	"testing"
)

func TestCompleteEnviron(t *testing.T) {
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	home := who.HomeDir
	t.Setenv("HOME", "")
	t.Setenv("PATH", "")
	if err := completeEnviron(); err != nil {
		t.Fatal(err)
	}
	if got := os.Getenv("HOME"); got != home {
		t.Errorf("HOME is %q, want %q", got, home)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Errorf("PATH is of no use: %v", err)
	}
	t.Setenv("HOME", "/elsewhere")
	t.Setenv("PATH", "/nowhere")
	if err := completeEnviron(); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("HOME") != "/elsewhere" || os.Getenv("PATH") != "/nowhere" {
		t.Errorf("what was set has changed: HOME %q, PATH %q", os.Getenv("HOME"), os.Getenv("PATH"))
	}
}
