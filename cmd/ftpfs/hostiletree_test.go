package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// hostileTree is a server whose listing has these lines, and whose files all hold
// "mine\n".
func hostileTree(listing string) func(net.Conn) {
	return func(c net.Conn) {
		say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
		say("220 hello")
		var data net.Listener
		defer func() {
			if data != nil {
				data.Close()
			}
		}()
		send := func(text string) {
			say("150 here it comes")
			if d, err := data.Accept(); err == nil {
				io.WriteString(d, text)
				d.Close()
			}
			say("226 done")
		}
		for s := bufio.NewScanner(c); s.Scan(); {
			verb, _, _ := strings.Cut(strings.ToUpper(s.Text()), " ")
			switch verb {
			case "USER", "PASS", "TYPE", "CWD":
				say("230 fine")
			case "PWD":
				say(`257 "/" is here`)
			case "EPSV":
				if data != nil {
					data.Close()
				}
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return
				}
				data = l
				say("229 Extended (|||%d|)", l.Addr().(*net.TCPAddr).Port)
			case "LIST":
				send(listing)
			case "RETR":
				send("mine\n")
			default:
				say("502 no")
			}
		}
	}
}

// TestHostileNames: whatever a server calls its files, get -r makes none outside the
// directory they go to, and a terminal is told nothing that it would obey.
func TestHostileNames(t *testing.T) {
	sandbox(t)
	const row = "-rw-r--r-- 1 a a 5 Jan 01 2020 %s\r\n"
	var listing strings.Builder
	for _, name := range []string{"good", "../outside", "../../outside", "/tmp/outside", "..", "evil/../../outside", "red\x1b[31m\x07", `win\..\outside`} {
		fmt.Fprintf(&listing, row, name)
	}
	listing.WriteString("lrwxrwxrwx 1 a a 2 Jan 01 2020 out -> ..\r\n")
	listing.WriteString("drwxr-xr-x 1 a a 2 Jan 01 2020 ../up\r\n")
	at := badServer(t, hostileTree(listing.String()))
	base := t.TempDir()
	target := filepath.Join(base, "a", "b")
	if err := os.MkdirAll(target, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"get", "-r", "ftp://" + at + "/", target}, {"get", "-r", "-c", "ftp://" + at + "/", target},
		{"ls", "-l", "ftp://" + at + "/"}, {"mget", "-d", target, "ftp://" + at + "/*"}} {
		r := runProgram(t, command(t, args...))
		if strings.ContainsAny(r.stderr, "\x1b\x07") {
			t.Errorf("%q: the terminal is told %q", args, r.stderr)
		}
		if r.code != exit.Partly && args[0] != "mget" {
			t.Errorf("%q exits with %d: %s", args, r.code, r.stderr)
		}
	}
	var made []string
	err := filepath.WalkDir(base, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(base, name)
			made = append(made, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range made {
		if filepath.Dir(name) != filepath.Join("a", "b") {
			t.Errorf("made outside: %q", name)
		}
	}
	if data, err := os.ReadFile(filepath.Join(target, "good")); err != nil || string(data) != "mine\n" {
		t.Errorf("the good file has %q, %v; made were %q", data, err, made)
	}
	if _, err := os.Stat("/tmp/outside"); err == nil {
		t.Error("/tmp/outside is there")
	}
}
