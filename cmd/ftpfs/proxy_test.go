package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/proxy"
)

// TestMountThroughProxy: everything goes through the proxy, by the server's
// name, and the proxy's password is seen nowhere, however it was given.
func TestMountThroughProxy(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	for _, tt := range []struct{ scheme, user, give string }{
		{"socks5", "", "flag"},
		{"socks5", "me", "flag="},
		{"socks5h", "me", "-o"},
		{"http", "", "flag"},
		{"http", "me", "environment"},
	} {
		t.Run(tt.scheme+", "+tt.user+", "+tt.give, func(t *testing.T) {
			tree, addr := testServer(t)
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				t.Fatal(err)
			}
			p := &testProxy{user: tt.user}
			proxy := tt.scheme + "://"
			if tt.user != "" {
				p.password = "sesame,/@:%"
				proxy += "me:sesame,%2F%40%3A%25@"
			}
			proxy += p.start(t, tt.scheme)
			var args []string
			switch tt.give {
			case "flag":
				args = []string{"--proxy", proxy}
			case "flag=":
				args = []string{"--proxy=" + proxy}
			case "-o":
				args = []string{"-o", "rw,proxy=" + strings.ReplaceAll(proxy, ",", `\,`) + ",uid=0"}
			case "environment":
				t.Setenv("FTPFS_PROXY", proxy)
			}
			dir := mountTest(t, append(args, "ftp://me:sesame@"+proxiedHost+":"+port+"/")...)
			assertSecret(t, dir)
			if text, err := os.ReadFile(dir + "/sub/file"); err != nil || string(text) != "content\n" {
				t.Errorf("read %q, %v", text, err)
			}
			if err := os.WriteFile(dir+"/new", []byte("written"), 0o644); err != nil {
				t.Error(err)
			}
			umount(t, exit.OK, dir)
			if got := treeText(t, tree, "new"); got != "written" {
				t.Errorf("the server has %q", got)
			}
			asked := p.targets()
			for _, target := range asked {
				if !strings.HasPrefix(target, proxiedHost+":") {
					t.Errorf("asked for %s", target)
				}
			}
			if len(asked) < 3 || asked[0] != proxiedHost+":"+port {
				t.Errorf("asked for %q, want control and data connections", asked)
			}
		})
	}
}

// TestProxyFailures: what the proxy says is told in one line, with its name.
func TestProxyFailures(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	_, addr := testServer(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	socks := func(p *testProxy) string { return p.start(t, "socks5") }
	web := func(p *testProxy) string { return p.start(t, "http") }
	silent := badServer(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	ftp := badServer(t, scripted("220 hi", nil))
	for _, tt := range []struct {
		proxy string
		want  exit.Code
		says  string
	}{
		{"socks5://" + closed.Addr().String(), exit.Connect, "cannot be reached"},
		{"http://" + closed.Addr().String(), exit.Connect, "cannot be reached"},
		{"http://me:sesame@" + web(&testProxy{user: "me", password: "other"}), exit.Login, "407 Show yourself"},
		{"http://" + web(&testProxy{user: "me"}), exit.Login, "407 Show yourself"},
		{"http://" + web(&testProxy{answer: "HTTP/1.1 403 No FTP here\r\n\r\n"}), exit.Connect, "403 No FTP here"},
		{"http://" + web(&testProxy{answer: "HTTP/1.1 200 OK"}), exit.Connect, "does not connect"},
		{"http://" + ftp, exit.Connect, "does not connect"},
		{"socks5://" + ftp, exit.Connect, "does not connect"},
		{"socks5://me:sesame@" + socks(&testProxy{user: "me", password: "other"}), exit.Connect, "authentication failed"},
		{"socks5://" + socks(&testProxy{user: "me"}), exit.Connect, "no acceptable authentication"},
		{"socks5://" + socks(&testProxy{code: 5}), exit.Connect, "connection refused"},
		{"socks5://" + socks(&testProxy{code: 2}), exit.Connect, "not allowed by ruleset"},
		{"socks5://" + silent, exit.Timeout, "does not answer in time"},
		{"http://" + silent, exit.Timeout, "does not answer in time"},
	} {
		t.Run(tt.proxy+" "+tt.says, func(t *testing.T) {
			r := runProgram(t, command(t, "mount", "--timeout=1s", "--proxy", tt.proxy, "ftp://me:sesame@"+proxiedHost+":"+port+"/", t.TempDir()))
			if r.code != tt.want || !strings.Contains(r.stderr, tt.says) || strings.Contains(r.stderr, "sesame") {
				t.Errorf("%d %q, want %d %q", r.code, r.stderr, tt.want, tt.says)
			}
			if line := r.oneLine(t); !strings.Contains(line, "proxy "+strings.Replace(tt.proxy, ":sesame@", "@", 1)) {
				t.Errorf("%q does not name the proxy", line)
			}
		})
	}
}

// TestProxyDial: the connection is TCP's own, which can be closed by half;
// deadlines of dialing do not stay; a cancelled context ends the wait.
func TestProxyDial(t *testing.T) {
	echo := badServer(t, func(c net.Conn) {
		c.Write([]byte("220 hi\r\n"))
		line, err := bufio.NewReader(c).ReadBytes('\n')
		if err == nil {
			c.Write(line)
		}
	})
	_, port, err := net.SplitHostPort(echo)
	if err != nil {
		t.Fatal(err)
	}
	silent := badServer(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	for _, scheme := range []string{"socks5", "http"} {
		t.Run(scheme, func(t *testing.T) {
			p, err := proxy.Parse(scheme + "://" + new(testProxy).start(t, scheme))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			nc, err := p.Dial(ctx, "tcp", proxiedHost+":"+port)
			<-ctx.Done() // what follows is past the deadline of dialing
			if cancel(); err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if _, ok := nc.(*net.TCPConn); !ok {
				t.Errorf("it is a %T", nc)
			}
			said := bufio.NewReader(nc)
			greeting, err := said.ReadString('\n')
			if err != nil || greeting != "220 hi\r\n" {
				t.Errorf("greeted with %q, %v", greeting, err)
			}
			nc.Write([]byte("hello\n"))
			if back, err := said.ReadString('\n'); err != nil || back != "hello\n" {
				t.Errorf("heard %q, %v", back, err)
			}

			p.At.Host, p.At.Port = "127.0.0.1", mustPort(t, silent)
			ctx, cancel = context.WithCancel(t.Context())
			defer time.AfterFunc(20*time.Millisecond, cancel).Stop()
			if nc, err = p.Dial(ctx, "tcp", "h:21"); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v, %v", nc, err)
			}
		})
	}
}

func mustPort(t *testing.T, addr string) int {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return a.Port
}

func TestParseProxy(t *testing.T) {
	for raw, want := range map[string]string{
		"socks5://h":                    "socks5://h:1080",
		"SOCKS5H://h:99/":               "socks5h://h:99",
		"http://h":                      "http://h:80",
		"http://me:sesame@h:3128":       "http://me@h:3128",
		"socks5://me:a%40b@[::1]:1":     "socks5://me@[::1]:1",
		"socks5://u%20v@[fe80::1%25lo]": "socks5://u%20v@[fe80::1%lo]:1080",
	} {
		p, err := proxy.Parse(raw)
		if err != nil || p.String() != want {
			t.Errorf("%s: %s, %v; want %s", raw, p, err, want)
		}
		again, err := proxy.Parse(ftpurl.Redact(raw))
		again.At.Password, again.At.HasPassword = p.At.Password, p.At.HasPassword
		if err != nil || again != p {
			t.Errorf("%s: without its password %+v, %v", raw, again, err)
		}
	}
	for _, raw := range []string{
		"", "h:1080", "socks4://h", "https://h", "ftp://h", "socks5://", "socks5://:1080", "socks5://h:0", "socks5://h:x",
		"http://h/path", "http://h?q", "http://me:ses/ame@h", "http://:sesame@h", "socks5://me:sesame@", "http://me:sesame%@h",
		"socks5://" + strings.Repeat("u", 256) + ":sesame@h",
	} {
		if p, err := proxy.Parse(raw); exit.CodeOf(err) != exit.Usage || strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "ame@") {
			t.Errorf("%s: %+v, %v", raw, p, err)
		}
	}
}
