package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// TestMountActive mounts in active mode, within a range of ports, over IPv4
// and, where there is one, by a literal address of IPv6.
func TestMountActive(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	tree, addr := testServer(t)
	log := t.TempDir() + "/log"
	dir := mountTest(t, "--active", "--active-ports=15000-16000", "--trace", "--log-file", log, "ftp://me:sesame@"+addr+"/")
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
	text, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(text), "> PORT 127,0,0,1,") || strings.Contains(string(text), "> EPSV") || strings.Contains(string(text), "> PASV") {
		t.Errorf("%v, the log:\n%s", err, text)
	}
}

// TestMountActiveFailures: a server that cannot connect to us is found out when
// it is mounted.
func TestMountActiveFailures(t *testing.T) {
	needFUSE(t)
	sandbox(t)
	replies := map[string]string{"USER": "230 in", "PWD": `257 "/"`, "TYPE": "200 ok", "CWD": "250 ok", "PORT": "200 ok", "EPRT": "200 ok"}
	with := func(more map[string]string) string {
		all := map[string]string{}
		for _, m := range []map[string]string{replies, more} {
			for verb, reply := range m {
				all[verb] = reply
			}
		}
		return badServer(t, scripted("220 hi", all))
	}
	used, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	_, port, err := net.SplitHostPort(used.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, flags string
		replies     map[string]string
		want        exit.Code
		says        string
	}{
		{"refused", "", map[string]string{"PORT": "500 Illegal PORT command.", "EPRT": "500 Illegal EPRT command."}, exit.Connect, "500 Illegal PORT"},
		{"425", "", map[string]string{"LIST": "425 Cannot connect."}, exit.Connect, "425 Cannot connect"},
		{"425 to a look at the directory", "", map[string]string{"LIST": "425 Cannot connect.", "CWD": "250 ok"}, exit.Connect, "425 Cannot connect"},
		{"silent", "", map[string]string{"LIST": "150 Opening."}, exit.Timeout, "--active-address"},
		{"no port", "--active-ports=" + port, nil, exit.Connect, port + "-" + port},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"mount", "--timeout=1s", "--active"}, strings.Fields(tt.flags)...)
			url := "ftp://" + with(tt.replies) + "/"
			if strings.HasSuffix(tt.name, "directory") {
				url += "sub/dir"
			}
			r := runProgram(t, command(t, append(args, url, t.TempDir())...))
			if r.code != tt.want || !strings.Contains(r.stderr, tt.says) {
				t.Errorf("%d %q, want %d %q", r.code, r.stderr, tt.want, tt.says)
			}
			if line := r.oneLine(t); !strings.Contains(line, "--active") {
				t.Errorf("%q does not say what to do", line)
			}
		})
	}
}
