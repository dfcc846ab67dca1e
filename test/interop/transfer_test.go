package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/test/ftptest"
)

// A tool is the program as it is used without a mount.
type tool struct {
	t       *testing.T
	s       *ftptest.Server
	program string
	base    string // a directory of the test
	flags   []string
}

func newTool(t *testing.T, s *ftptest.Server) *tool {
	t.Helper()
	k := &tool{t: t, s: s, program: program(t), base: t.TempDir()}
	if s.CAFile != "" {
		k.flags = []string{"--ca-file", s.CAFile}
	}
	return k
}

// cmd is a run of the program. {} in an argument is the server's URL.
func (k *tool) cmd(name string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(k.t.Context(), patience)
	k.t.Cleanup(cancel)
	all := append([]string{name}, k.flags...)
	for _, a := range args {
		all = append(all, strings.ReplaceAll(a, "{}", strings.TrimSuffix(k.s.URL(), "/")))
	}
	cmd := exec.CommandContext(ctx, k.program, all...)
	cmd.Dir = k.base
	cmd.Env = append(os.Environ(), "HOME="+k.base)
	return cmd
}

// try runs the program and returns what it said and its exit code.
func (k *tool) try(stdin, name string, args ...string) (stdout, stderr string, code int) {
	k.t.Helper()
	cmd := k.cmd(name, args...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		k.t.Fatalf("ftpfs %s %q: %v", name, args, err)
	}
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

// do runs the program, which must succeed, and returns its standard output.
func (k *tool) do(name string, args ...string) string {
	k.t.Helper()
	stdout, stderr, code := k.try("", name, args...)
	if code != 0 {
		k.t.Fatalf("ftpfs %s %q exited with %d: %s", name, args, code, stderr)
	}
	return stdout
}

// snapshot is the content of a tree, with times of the files to the second.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		if d.IsDir() {
			all[rel+"/"] = ""
			return nil
		}
		data, err := os.ReadFile(name)
		info, statErr := os.Stat(name)
		if err == nil && statErr == nil {
			all[rel] = fmt.Sprintf("%x %s", data, info.ModTime().UTC().Format(time.DateTime))
		}
		return errors.Join(err, statErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameTrees(t *testing.T, what, got, want string) {
	t.Helper()
	a, b := snapshot(t, got), snapshot(t, want)
	if maps.Equal(a, b) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if a[name] != b[name] {
			t.Errorf("%s: %q is %.40q..., want %.40q...", what, name, a[name], b[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if _, ok := b[name]; !ok {
			t.Errorf("%s: %q is too many", what, name)
		}
	}
}

// write writes a local file with a time of its own.
func (k *tool) write(rel string, data []byte) string {
	k.t.Helper()
	name := filepath.Join(k.base, rel)
	old := time.Date(2020, 2, 3, 4, 5, 6+len(data)%50, 0, time.UTC)
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err = errors.Join(err, os.WriteFile(name, data, 0o644), os.Chtimes(name, old, old)); err != nil {
		k.t.Fatal(err)
	}
	return name
}

func randomly(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(data) // returns no error
	return data
}

// TestTransfers moves trees and files to each server and back, in the clear and over
// TLS, and compares both disks.
func TestTransfers(t *testing.T) {
	t.Parallel()
	for _, mode := range []ftptest.TLSMode{ftptest.NoTLS, ftptest.Explicit} {
		t.Run(fmt.Sprintf("tls %v", mode != ftptest.NoTLS), func(t *testing.T) {
			for _, name := range ftptest.Names() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					options := []ftptest.Option{ftptest.TLS(mode)}
					if name == ftptest.Vsftpd { // else it only says that it takes TYPE A
						options = append(options, ftptest.Extra("ascii_upload_enable=YES", "ascii_download_enable=YES"))
					}
					if !ftptest.Can(name, options...) {
						return
					}
					k := newTool(t, ftptest.Start(t, name, options...))
					k.trees()
					if mode == ftptest.NoTLS {
						k.files()
						k.names()
					}
					k.resumed()
				})
			}
		})
	}
}

// TestLineEndsKept: a server that takes TYPE A and changes no line ends is told of.
func TestLineEndsKept(t *testing.T) {
	t.Parallel()
	k := newTool(t, ftptest.Start(t, ftptest.Vsftpd))
	k.write("text", []byte("one\ntwo\n"))
	if _, stderr, code := k.try("", "put", "--ascii", "text", "{}/text"); code != 0 || !strings.Contains(stderr, "keeps CR LF") {
		t.Errorf("put --ascii exits with %d: %s", code, stderr)
	}
	if got, err := os.ReadFile(filepath.Join(k.s.Dir, "text")); err != nil || string(got) != "one\r\ntwo\r\n" {
		t.Errorf("there is %q, %v: vsftpd has changed", got, err)
	}
	if _, stderr, code := k.try("", "put", "text", "{}/text"); code != 0 || strings.Contains(stderr, "CR LF") {
		t.Errorf("put exits with %d: %s", code, stderr)
	}
}

// trees copies a tree there, again with changes, and back.
func (k *tool) trees() {
	t := k.t
	for d := range 6 {
		for f := range 5 {
			k.write(fmt.Sprintf("tree/dir %d/sub/file%d", d, f), randomly(100*d+f))
		}
	}
	k.write("tree/large [1]", randomly(2<<20))
	k.write("tree/empty", nil)
	local, served := filepath.Join(k.base, "tree"), filepath.Join(k.s.Dir, "up")
	k.do("put", "-r", "tree", "{}/up")
	sameTrees(t, "put -r", served, local)
	k.write("tree/large [1]", randomly(2<<20+1))
	k.write("tree/dir 1/sub/file0", randomly(7))
	if _, stderr, code := k.try("", "put", "-r", "-c", "tree/", "{}/up/"); code != 0 || !strings.Contains(stderr, "2 files sent") {
		t.Errorf("put -r -c of two changed files exits with %d: %s", code, stderr)
	}
	sameTrees(t, "put -r again", served, local)
	k.do("get", "-r", "{}/up", "down")
	sameTrees(t, "get -r", filepath.Join(k.base, "down"), local)
	if _, stderr, code := k.try("", "get", "-r", "-c", "{}/up/", "down"); code != 0 || !strings.Contains(stderr, "0 files fetched") {
		t.Errorf("get -r -c of what is there exits with %d: %s", code, stderr)
	}
	k.do("copy", "-r", "{}/up", "{}/copied")
	sameTrees(t, "copy -r", filepath.Join(k.s.Dir, "copied"), local)
	lines := strings.Split(strings.TrimSuffix(k.do("ls", "-0", "-r", "{}/up"), "\x00"), "\x00")
	if len(lines) != 6*7+2 || !slices.Contains(lines, k.s.Path("up/dir 1/sub/file0")) {
		t.Errorf("ls -r tells %d names, want 44: %q", len(lines), lines)
	}
	k.do("rm", "-r", "{}/up", "{}/copied")
	if left, err := os.ReadDir(k.s.Dir); err != nil || len(left) > 0 {
		t.Errorf("rm -r leaves %v, %v", left, err)
	}
}

// resumed kills the program while it sends, and while it fetches, and has it go on:
// the octets that were there are not moved again.
func (k *tool) resumed() {
	t := k.t
	const size = 24 << 20
	k.write("big", randomly(size))
	for _, way := range []struct {
		args  []string
		parts string // where what has arrived is
		whole string
	}{
		{[]string{"put", "-c", "big", "{}/big"}, k.s.Dir, filepath.Join(k.s.Dir, "big")},
		{[]string{"get", "-c", "{}/big", "back"}, k.base, filepath.Join(k.base, "back")},
	} {
		part := k.killedAt(way.parts, size/4, way.args...)
		if _, err := os.Stat(way.whole); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was killed at %d octets, and the file is there: %v", way.args[0], part, err)
		}
		_, stderr, code := k.try("", way.args[0], way.args[1:]...)
		var moved float64
		fmt.Sscanf(stderr[strings.Index(stderr, ", ")+2:], "%f MiB", &moved)
		if most := float64(size-part)/(1<<20) + 0.1; code != 0 || moved > most {
			t.Errorf("%s goes on at %d octets and moves %.1f MiB, more than %.1f; it exits with %d: %s", way.args[0], part, moved, most, code, stderr)
		}
		got, err := os.ReadFile(way.whole)
		if err != nil || !bytes.Equal(got, randomly(size)) {
			t.Errorf("%s has made %d octets of %d, or others: %v", way.args[0], len(got), size, err)
		}
		if left, _ := filepath.Glob(filepath.Join(way.parts, ".*.ftpfs-part-*")); len(left) > 0 {
			t.Errorf("%s has left %q", way.args[0], left)
		}
	}
}

// killedAt kills the program when a part below dir has so many octets, and returns
// how many it has then.
func (k *tool) killedAt(dir string, least int64, args ...string) int64 {
	k.t.Helper()
	cmd := k.cmd(args[0], append([]string{"--limit-rate", "8M"}, args[1:]...)...)
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	sizeOf := func() int64 {
		parts, _ := filepath.Glob(filepath.Join(dir, ".*.ftpfs-part-*"))
		for _, p := range parts {
			if info, err := os.Stat(p); err == nil {
				return info.Size()
			}
		}
		return 0
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); sizeOf() < least; {
		if <-tick.C; time.Now().After(deadline) {
			k.t.Fatalf("ftpfs %q has moved %d octets in %v", args, sizeOf(), patience)
		}
	}
	cmd.Process.Kill()
	cmd.Wait() // killed
	was, quiet := sizeOf(), 0
	for quiet < 300 { // the server writes what it has got
		<-tick.C
		now := sizeOf()
		if quiet++; now != was {
			was, quiet = now, 0
		}
	}
	return was
}

// files does what is done with single ones.
func (k *tool) files() {
	t := k.t
	k.do("mkdir", "-p", "{}/a/b/c")
	k.do("mkdir", "-p", "{}/a/b/c")
	if _, _, code := k.try("", "mkdir", "{}/a/b/c"); code == 0 {
		t.Error("mkdir of what is there succeeds")
	}
	if _, stderr, code := k.try("first\n", "put", "-", "{}/a/notes.txt"); code != 0 {
		t.Fatalf("put - exits with %d: %s", code, stderr)
	}
	k.s.WriteFile("a/other.txt", []byte("second\n"))
	if got := k.do("cat", "{}/a/*.txt"); got != "first\nsecond\n" {
		t.Errorf("cat of two files: %q", got)
	}
	if got := k.do("get", "{}/a/notes.txt", "-"); got != "first\n" {
		t.Errorf("get to standard output: %q", got)
	}
	k.do("mget", "-d", "both", "{}/a/[no]*.txt")
	if got, err := os.ReadDir(filepath.Join(k.base, "both")); err != nil || len(got) != 2 {
		t.Errorf("mget has fetched %v, %v", got, err)
	}
	k.do("mv", "{}/a/*.txt", "{}/a/b")
	k.do("mv", "{}/a/b/notes.txt", "{}/a/b/other.txt")
	if got, err := os.ReadFile(filepath.Join(k.s.Dir, "a/b/other.txt")); err != nil || string(got) != "first\n" {
		t.Errorf("after mv there is %q, %v", got, err)
	}
	k.write("text", []byte("one\ntwo\n"))
	k.do("put", "--ascii", "text", "{}/a/text")
	if got, err := os.ReadFile(filepath.Join(k.s.Dir, "a/text")); err != nil || string(got) != "one\ntwo\n" {
		t.Errorf("after put --ascii there is %q, %v", got, err)
	}
	if got := k.do("cat", "--ascii", "{}/a/text", "{}/a/b/other.txt"); got != "one\ntwo\nfirst\n" {
		t.Errorf("cat --ascii: %q", got)
	}
	if got := k.do("stat", "{}/a/text"); !strings.Contains(got, "type: file") || !strings.Contains(got, "size: 8") {
		t.Errorf("stat: %q", got)
	}
	_, stderr, code := k.try("", "mget", "-d", "both", "{}/a/none", "{}/a/text")
	if code != 17 || !strings.Contains(stderr, "/a/none") || !strings.Contains(stderr, "1 file fetched") {
		t.Errorf("mget of one file that is there and one that is not exits with %d: %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(k.base, "both/text")); err != nil {
		t.Errorf("one failure has stopped the others: %v", err)
	}
	if _, _, code := k.try("", "rm", "{}/a"); code != 17 {
		t.Errorf("rm of a directory exits with %d", code)
	}
}

// names: what a link leads to is not touched by rm, and patterns can be taken at
// their letters.
func (k *tool) names() {
	t := k.t
	k.s.WriteFile("kept/file", []byte("x"))
	k.s.WriteFile("odd/st*r", []byte("star"))
	k.s.WriteFile("odd/stir", []byte("stir"))
	if err := os.Symlink("../kept", filepath.Join(k.s.Dir, "odd/link")); err != nil {
		t.Fatal(err)
	}
	if got := k.do("cat", "{}/odd/st%2Ar"); got != "star" {
		t.Errorf("cat of st%%2Ar: %q", got)
	}
	k.do("rm", "-r", "{}/odd")
	if _, err := os.Stat(filepath.Join(k.s.Dir, "kept/file")); err != nil {
		t.Errorf("rm -r went through a link: %v", err)
	}
	if _, err := os.Stat(filepath.Join(k.s.Dir, "odd")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rm -r has left it: %v", err)
	}
}
