package ftpclient

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// injections are what would end a command line, or begin another one.
var injections = []string{"\r", "\n", "\x00", "\r\nDELE x", "\nDELE x", "\rDELE x"}

// wireLog notes all that is written to connections to port 21.
type wireLog struct {
	mu  sync.Mutex
	out strings.Builder
}

func (w *wireLog) dial(next func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := next(ctx, network, addr)
		if err != nil || !strings.HasSuffix(addr, ":21") {
			return nc, err
		}
		return loggedConn{nc, w}, nil
	}
}

func (w *wireLog) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}

type loggedConn struct {
	net.Conn
	log *wireLog
}

func (c loggedConn) Write(p []byte) (int, error) {
	c.log.mu.Lock()
	c.log.out.Write(p)
	c.log.mu.Unlock()
	return c.Conn.Write(p)
}

// arguments are values for a method's parameters: every string is harmless but
// the one at index bad. ok is false if there is no such string.
func arguments(ctx context.Context, method reflect.Type, bad int, evil string) (args []reflect.Value, ok bool) {
	strs := 0
	for i := 1; i < method.NumIn(); i++ { // 0 is the receiver
		in := method.In(i)
		switch {
		case in == reflect.TypeFor[context.Context]():
			args = append(args, reflect.ValueOf(ctx))
		case in.Kind() == reflect.String:
			s := "/harmless"
			if strs == bad {
				s, ok = "/a"+evil, true
			}
			strs++
			args = append(args, reflect.ValueOf(s))
		case in == reflect.TypeFor[time.Time]():
			args = append(args, reflect.ValueOf(time.Unix(0, 0)))
		case in.Kind() == reflect.Interface:
			args = append(args, reflect.ValueOf(strings.NewReader("content")))
		default:
			args = append(args, reflect.Zero(in))
		}
	}
	return args, ok
}

// No string that any method of Client takes can end a command line: the call
// is refused, and nothing is written. Methods that are yet to come are in it.
func TestEveryMethodRefusesInjection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/harmless": "x"})
		var wire wireLog
		c := f.client(func(o *Options) { o.Dial = wire.dial(f.dial) })
		_, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		before := wire.String()
		checked := 0
		for method := range reflect.TypeFor[*Client]().Methods() {
			for i := 0; ; i++ {
				if _, ok := arguments(t.Context(), method.Type, i, ""); !ok {
					break
				}
				for _, evil := range injections {
					args, _ := arguments(t.Context(), method.Type, i, evil)
					out := method.Func.Call(slices.Concat([]reflect.Value{reflect.ValueOf(c)}, args))
					err, _ := out[len(out)-1].Interface().(error)
					wantKind(t, fmt.Sprintf("%s, string %d with %q", method.Name, i, evil), err, KindInvalidName)
					checked++
				}
			}
		}
		if checked < 14*len(injections) {
			t.Errorf("only %d calls were checked", checked)
		}
		if got := wire.String(); got != before {
			t.Errorf("written: %q", got[len(before):])
		}
	})
}

// Every string of Options that is sent, and the host, is refused by New.
func TestOptionsRefuseInjection(t *testing.T) {
	for _, evil := range injections {
		for name, o := range map[string]Options{
			"Host":     {Host: "h" + evil},
			"User":     {Host: "h", User: "u" + evil},
			"Password": {Host: "h", Password: "p" + evil},
			"Account":  {Host: "h", Account: "a" + evil},
		} {
			if _, err := New(o); err == nil {
				t.Errorf("%s with %q was taken", name, evil)
			}
		}
	}
}

// appendCommand is behind every check of an argument: whatever gets there, and
// however it is spelt, one call writes one line or nothing.
func TestCommandIsOneLine(t *testing.T) {
	for _, evil := range injections {
		for _, double := range []bool{false, true} {
			for _, c := range []command{{"DELE", "/a" + evil}, {"DELE" + evil, "/a"}, {"SITE CHMOD", "0644 /a" + evil},
				{"PASS", evil}, {"SITE SYMLINK", evil + " b"}} {
				b, err := appendCommand([]byte("NOOP\r\n"), c, double)
				wantKind(t, fmt.Sprintf("%q", c), err, KindInvalidName)
				if string(b) != "NOOP\r\n" {
					t.Errorf("%q: %q was written", c, b)
				}
			}
		}
	}
}

// What a server says of itself, which later commands use, cannot end a line
// either: the directory of PWD and the facts of FEAT.
func TestServerTextIsNoCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, nil)
		f.feat = []string{"MLST type*;size;x\rDELE a;modify\x00;", "UTF8\rDELE b"}
		f.hook = says("PWD", "257 \"/home\rDELE c\"")
		var wire wireLog
		c := f.client(func(o *Options) { o.Dial = wire.dial(f.dial) })
		home, err := c.Connect(t.Context())
		noError(t, "Connect", err)
		if home != "/" || strings.Contains(wire.String(), "DELE") {
			t.Errorf("home %q, written %q", home, wire.String())
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(wire.String(), "\r\n"), "\r\n") {
			if strings.ContainsAny(line, "\r\n\x00") {
				t.Errorf("the line %q", line)
			}
		}
	})
}
