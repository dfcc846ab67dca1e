package ftpclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fake is a small FTP server over net.Pipe, so that it lives in a synctest
// bubble. Like vsftpd it says nothing but 550 when something is wrong. A hook
// sees every command first and may answer it in its own way.
type fake struct {
	t        testing.TB
	greeting string
	feat     []string
	hook     func(s *fakeSession, verb, arg string) (handled bool)
	unhooked atomic.Bool        // the hook is not asked any more
	admit    func(n int) string // refuses the n-th session in these words
	start    func(s *fakeSession)
	end      func(s *fakeSession)
	dialErr  func(addr string) error

	mu       sync.Mutex
	tree     map[string]string // files; a directory's path ends in a slash
	dials    []string
	log      []string
	flights  []string // what came in one piece each, commands with " | " between them
	sessions int
	open     int
	ports    map[int]chan net.Conn
	wg       sync.WaitGroup
}

func newFake(t testing.TB, tree map[string]string) *fake {
	if tree == nil {
		tree = map[string]string{}
	}
	tree["/"] = ""
	return &fake{t: t, greeting: "220 fake", tree: tree, ports: map[int]chan net.Conn{}}
}

// client makes a client of the fake, closed at the end of the test.
func (f *fake) client(change func(*Options)) *Client {
	f.t.Helper()
	o := Options{Host: "server.test", Dial: f.dial}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		c.Close()
		f.wg.Wait()
	})
	return c
}

func (f *fake) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dials = append(f.dials, addr)
	if f.dialErr != nil {
		if err := f.dialErr(addr); err != nil {
			return nil, err
		}
	}
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	if ch := f.ports[port]; ch != nil {
		ch <- theirs
		return ours, nil
	}
	if port != 21 && port != 990 {
		return nil, fmt.Errorf("nothing listens at %s", addr)
	}
	f.sessions++
	f.open++
	s := &fakeSession{fake: f, n: f.sessions, nc: theirs, in: bufio.NewReaderSize(theirs, 64<<10), cwd: "/"}
	f.wg.Go(s.run)
	return ours, nil
}

// commands returns what was sent, without the login.
func (f *fake) commands() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var cmds []string
	for _, line := range f.log {
		switch firstWord(line) {
		case "USER", "PASS", "FEAT", "SYST", "PWD", "TYPE", "OPTS", "QUIT":
		default:
			cmds = append(cmds, line)
		}
	}
	return cmds
}

// withoutPorts are the commands without those that ask for a data connection
// ahead of need, which come at any time.
func withoutPorts(cmds []string) []string {
	return slices.DeleteFunc(cmds, func(line string) bool { return isPortVerb(line) })
}

func (f *fake) count(verb string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, line := range f.log {
		if firstWord(line) == verb {
			n++
		}
	}
	return n
}

// get returns a file, or ok false.
func (f *fake) get(path string) (content string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, ok = f.tree[path]
	return content, ok
}

func (f *fake) isDir(path string) bool {
	_, ok := f.get(strings.TrimRight(path, "/") + "/")
	return ok
}

// names returns what a directory holds, those of directories with a slash.
func (f *fake) names(dir string) (names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir = strings.TrimRight(dir, "/") + "/"
	for p := range f.tree {
		rest, ok := strings.CutPrefix(p, dir)
		if ok && rest != "" && !strings.Contains(strings.TrimSuffix(rest, "/"), "/") {
			names = append(names, rest)
		}
	}
	sort.Strings(names)
	return names
}

func (f *fake) put(path, content string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tree[path] = content
}

func (f *fake) drop(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.tree, path)
}

// fakeSession is one control connection of the fake.
type fakeSession struct {
	*fake
	n      int
	nc     net.Conn
	in     *bufio.Reader
	cwd    string
	data   chan net.Conn
	rest   int
	rename string
	gone   bool
	inside bool                       // more of what came in one piece is to be read
	secure func(nc net.Conn) net.Conn // what data connections become
	call   func() net.Conn            // connects to the client; nil: it connects to us
}

func (s *fakeSession) run() {
	defer func() {
		s.nc.Close()
		if s.end != nil {
			s.end(s)
		}
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
	}()
	if s.admit != nil {
		if no := s.admit(s.n); no != "" {
			s.say(no)
			return
		}
	}
	if s.start != nil {
		s.start(s)
	}
	s.say(s.greeting)
	for !s.gone {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		s.mu.Lock()
		s.log = append(s.log, line)
		if s.inside && len(s.flights) > 0 {
			s.flights[len(s.flights)-1] += " | " + line
		} else {
			s.flights = append(s.flights, line)
		}
		s.inside = s.in.Buffered() > 0
		s.mu.Unlock()
		verb, arg, _ := strings.Cut(line, " ")
		if s.hook != nil && !s.unhooked.Load() && s.hook(s, verb, arg) {
			continue
		}
		s.handle(verb, arg)
	}
}

// say sends lines. That the client may be gone is its right.
func (s *fakeSession) say(lines ...string) {
	io.WriteString(s.nc, strings.Join(lines, "\r\n")+"\r\n")
}

// hangUp ends the session without a word.
func (s *fakeSession) hangUp() { s.gone = true }

func (s *fakeSession) handle(verb, arg string) {
	simple := map[string]string{
		"USER": "331 password?", "PASS": "230 in", "SYST": "215 UNIX Type: L8", "PWD": `257 "/"`,
		"TYPE": "200 ok", "OPTS": "200 ok", "NOOP": "200 zzz", "QUIT": "221 bye",
	}
	if answer, ok := simple[verb]; ok {
		s.say(answer)
		return
	}
	switch verb {
	case "FEAT":
		s.say(slices.Concat([]string{"211-Features"}, indent(s.feat), []string{"211 End"})...)
	case "EPSV":
		s.say(fmt.Sprintf("229 ok (|||%d|)", s.listen()))
	case "PASV":
		port := s.listen()
		s.say(fmt.Sprintf("227 ok (10,9,8,7,%d,%d)", port>>8, port&255))
	case "REST":
		s.rest, _ = strconv.Atoi(arg)
		s.say("350 ok")
	case "CWD", "LIST", "MLSD", "MLST", "RETR", "STOR", "APPE", "SIZE", "MDTM":
		s.look(verb, arg)
	case "DELE", "MKD", "RMD", "RNFR", "RNTO":
		s.change(verb, arg)
	default:
		s.say("500 what?")
	}
}

func indent(lines []string) (out []string) {
	for _, l := range lines {
		out = append(out, " "+l)
	}
	return out
}

// listen opens a port that exists in the fake only.
func (s *fakeSession) listen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	port := 30000 + len(s.ports)
	s.data = make(chan net.Conn, 1)
	s.ports[port] = s.data
	return port
}

// accept returns the data connection, nil if the client has not dialed. In
// active mode it is the one that connects.
func (s *fakeSession) accept() net.Conn {
	if s.call != nil {
		nc := s.call()
		if s.secure != nil {
			return s.secure(nc)
		}
		return nc
	}
	select {
	case nc := <-s.data:
		if s.secure != nil {
			return s.secure(nc)
		}
		return nc
	case <-time.After(time.Second):
		return nil
	}
}

// send is a whole transfer to the client.
func (s *fakeSession) send(content string) {
	nc := s.accept()
	s.say("150 coming")
	_, err := io.WriteString(nc, content)
	nc.Close()
	if err != nil {
		s.say("426 failure writing network stream")
		return
	}
	s.say("226 done")
}

const fakeTime = "Nov 21 02:35"

func (s *fakeSession) row(name string, content string) string {
	if dir, ok := strings.CutSuffix(name, "/"); ok {
		return "drwxr-xr-x    2 0        0            4096 " + fakeTime + " " + dir + "\r\n"
	}
	return fmt.Sprintf("-rw-r--r--    1 0        0        %8d %s %s\r\n", len(content), fakeTime, name)
}

func (s *fakeSession) look(verb, arg string) {
	content, isFile := s.get(arg)
	switch {
	case verb == "CWD" && s.isDir(arg):
		s.cwd = arg
		s.say("250 ok")
	case verb == "LIST":
		var rows strings.Builder
		for _, n := range s.names(s.cwd) {
			c, _ := s.get(joinPath(s.cwd, n))
			rows.WriteString(s.row(n, c))
		}
		s.send(rows.String())
	case verb == "MLSD" && s.isDir(arg):
		rows := "type=cdir; .\r\n"
		for _, n := range s.names(arg) {
			c, _ := s.get(joinPath(arg, n))
			rows += facts(n, c) + "\r\n"
		}
		s.send(rows)
	case verb == "MLST" && (isFile || s.isDir(arg)):
		if s.isDir(arg) {
			arg += "/"
		}
		s.say("250-Listing", " "+facts(arg, content), "250 End")
	case verb == "RETR" && isFile && s.rest <= len(content):
		s.send(content[s.rest:])
		s.rest = 0
	case (verb == "STOR" || verb == "APPE") && !s.isDir(arg) && s.isDir(parentDir(arg)):
		s.store(verb, arg, content)
	case verb == "SIZE" && isFile:
		s.say(fmt.Sprintf("213 %d", len(content)))
	case verb == "MDTM" && isFile:
		s.say("213 19991121023517")
	default:
		s.say("550 Failed.")
	}
}

func facts(name, content string) string {
	if dir, ok := strings.CutSuffix(name, "/"); ok {
		return "type=dir;modify=19991121023517; " + dir
	}
	return fmt.Sprintf("type=file;size=%d;modify=19991121023517; %s", len(content), name)
}

func (s *fakeSession) store(verb, path, content string) {
	nc := s.accept()
	s.say("150 go")
	b, err := io.ReadAll(nc)
	nc.Close()
	if verb == "STOR" {
		content = content[:min(s.rest, len(content))]
	}
	s.rest = 0
	s.put(path, content+string(b))
	if err != nil {
		s.say("426 cut")
		return
	}
	s.say("226 stored")
}

func (s *fakeSession) change(verb, arg string) {
	_, isFile := s.get(arg)
	switch {
	case verb == "DELE" && isFile:
		s.drop(arg)
	case verb == "MKD" && !isFile && !s.isDir(arg) && s.isDir(parentDir(arg)):
		s.put(arg+"/", "")
	case verb == "RMD" && s.isDir(arg) && len(s.names(arg)) == 0:
		s.drop(arg + "/")
	case verb == "RNFR" && (isFile || s.isDir(arg)):
		s.rename = arg
		s.say("350 to?")
		return
	case verb == "RNTO" && s.rename != "" && s.canRename(arg):
		s.move(arg)
		s.rename = ""
	default:
		s.say("550 Failed.")
		return
	}
	s.say("250 ok")
}

func (s *fakeSession) canRename(to string) bool {
	_, taken := s.get(to)
	return !taken && !s.isDir(to) && s.isDir(parentDir(to))
}

func (s *fakeSession) move(to string) {
	if content, ok := s.get(s.rename); ok {
		s.drop(s.rename)
		s.put(to, content)
		return
	}
	s.drop(s.rename + "/")
	s.put(to+"/", "")
}

// wantKind fails the test unless err is of this kind.
func wantKind(t testing.TB, what string, err error, want Kind) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func noError(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// readAll reads a file from an offset to its end.
func readAll(ctx context.Context, c *Client, path string, offset int64) (string, error) {
	d, err := c.Retrieve(ctx, path, RetrieveOptions{Offset: offset})
	if err != nil {
		return "", err
	}
	defer d.Close()
	b, err := io.ReadAll(d)
	return string(b), err
}

func contextWithCancel(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

// discard is a connection whose replies get lost.
type discard struct{ net.Conn }

func (discard) Write(p []byte) (int, error) { return len(p), nil }
