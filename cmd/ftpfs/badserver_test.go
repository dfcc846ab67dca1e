package main

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// badServer listens on loopback and lets play answer each connection. It is
// gone, with all its connections, when the test ends.
func badServer(t *testing.T, play func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			running.Go(func() {
				defer c.Close()
				play(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return "127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// scripted answers commands by their verb; unknown ones with 500.
func scripted(greeting string, replies map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := io.WriteString(c, greeting+"\r\n"); err != nil {
			return
		}
		s := bufio.NewScanner(c)
		for s.Scan() {
			verb, _, _ := strings.Cut(strings.ToUpper(s.Text()), " ")
			reply, ok := replies[verb]
			if !ok {
				reply = "500 Unknown command."
			}
			if _, err := io.WriteString(c, reply+"\r\n"); err != nil {
				return
			}
		}
	}
}

// scriptedSilence never says a word. It tells of each connection.
func scriptedSilence(asked chan<- struct{}) func(net.Conn) {
	return func(c net.Conn) {
		select {
		case asked <- struct{}{}:
		default:
		}
		// It ends when either side closes; how does not matter.
		_, _ = io.Copy(io.Discard, c)
	}
}

// TestMountOfBadServers: each fails with its code and one line, and leaves
// neither process nor mount behind.
func TestMountOfBadServers(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	silent := scriptedSilence(make(chan struct{}, 8))
	http := func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
	}
	login := map[string]string{"USER": "331 Password", "PASS": "230 In", "PWD": `257 "/home" is it`, "CWD": "550 No such directory.", "TYPE": "200 ok", "SYST": "215 UNIX", "FEAT": "502 no"}
	for _, tt := range []struct {
		name string
		url  string
		want exit.Code
		says string
	}{
		{"unknown host", "ftp://no-such-host.invalid/", exit.Host, "unknown host"},
		{"refused", "ftp://127.0.0.1:1/", exit.Connect, "refuses"},
		{"silent", "ftp://" + badServer(t, silent) + "/", exit.Timeout, "does not answer"},
		{"http", "ftp://" + badServer(t, http) + "/", exit.NotFTP, "not an FTP server"},
		{"ssh", "ftp://" + badServer(t, scripted("SSH-2.0-OpenSSH_9.2p1", nil)) + "/", exit.NotFTP, "SSH"},
		{"full", "ftp://" + badServer(t, scripted("421 Too many connections (8) from this IP", nil)) + "/", exit.TooMany, "Too many connections (8)"},
		{"password", "ftp://me:sesame@" + badServer(t, scripted("220 hi", map[string]string{"USER": "331 Password", "PASS": "530 Login incorrect."})) + "/", exit.Login, "530 Login incorrect."},
		{"no anonymous", "ftp://" + badServer(t, scripted("220 hi", map[string]string{"USER": "530 No anonymous login."})) + "/", exit.Login, "give a user"},
		{"no directory", "ftp://me:sesame@" + badServer(t, scripted("220 hi", login)) + "/gone", exit.RemoteDir, "/gone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := runProgram(t, command(t, "mount", "--timeout", "2s", tt.url, dir))
			if text := r.oneLine(t); r.code != tt.want || !strings.Contains(text, tt.says) || strings.Contains(text, "sesame") {
				t.Errorf("exit code %d, %q; want %d, %q", r.code, text, tt.want, tt.says)
			}
			assertNotMounted(t, dir)
		})
	}
}
