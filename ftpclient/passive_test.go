package ftpclient

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// A router that swallows the connection to the first EPSV port costs a short
// wait, once: PASV is used from then on.
func TestEPSVSwallowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = says("EPSV", "229 ok (|||4444|)")
		c := f.client(func(o *Options) {
			o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if strings.HasSuffix(addr, ":4444") {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return f.dial(ctx, network, addr)
			}
		})
		for range 2 {
			got, err := readAll(t.Context(), c, "/f", 0)
			if noError(t, "read", err); got != "abc" {
				t.Errorf("read %q", got)
			}
		}
		synctest.Wait() // for the EPSV behind
		if want := []string{"EPSV", "PASV", "RETR /f", "PASV", "RETR /f", "PASV"}; !slices.Equal(f.commands(), want) {
			t.Errorf("sent %q, want %q", f.commands(), want)
		}
	})
}

// A reply without a port that can be dialed: after EPSV comes PASV, after PASV
// the connection is not understood.
func TestNoPassivePort(t *testing.T) {
	for _, tc := range []struct {
		epsv, pasv string
		kind       Kind // 0: the file can be read
	}{
		{epsv: "229 ok (|||0|)"},
		{epsv: "229 ok (|||70000|)"},
		{epsv: "229 ok"},
		{epsv: "229 ok (!!!!)"},
		{epsv: "522 use another"},
		{epsv: "200 ok"},
		{epsv: "500 what?", pasv: "227 ok (127,0,0,1,0,0)", kind: KindProtocol},
		{epsv: "500 what?", pasv: "227 ok (127,0,0,1,4)", kind: KindProtocol},
		{epsv: "500 what?", pasv: "227 ok", kind: KindProtocol},
		{epsv: "500 what?", pasv: "227 ok (127 0 0 1 4 1)", kind: KindProtocol},
		{epsv: "500 what?", pasv: "502 only PORT", kind: KindUnsupported},
		{epsv: "500 what?", pasv: "425 no port is free", kind: KindNetwork},
		{epsv: "425 no port is free", kind: KindNetwork},
	} {
		t.Run(tc.epsv+", "+tc.pasv, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				f.hook = says("EPSV", tc.epsv)
				if tc.pasv != "" {
					f.hook = hooks(f.hook, says("PASV", tc.pasv))
				}
				got, err := readAll(t.Context(), f.client(nil), "/f", 0)
				if tc.kind != 0 {
					wantKind(t, "read", err, tc.kind)
					return
				}
				if noError(t, "read", err); got != "abc" {
					t.Errorf("read %q", got)
				}
			})
		})
	}
}

// The port is found wherever it is in the reply, and the address that is beside
// it, be it private, foreign, or of a machine behind, is not dialed.
func TestPassiveSpellings(t *testing.T) {
	for _, reply := range []string{
		"227 Entering Passive Mode (192,168,0,9,17,92).",
		"227 Entering Passive Mode. 8,8,8,8,17,92",
		"227 =0,0,0,0,17,92",
		"227-Welcome\r\n227 ok [127,0,0,1,17,92]",
		"227 {10,0,0,1,017,092}",
		"227 In 5 s at (10, 0, 0, 1, 17, 92)",
		"229 Entering Extended Passive Mode (|||4444|)",
		"229 Entering Extended Passive Mode (!!!4444!)",
		"229 |||4444|",
	} {
		t.Run(reply, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, map[string]string{"/f": "abc"})
				verb := map[bool]string{true: "PASV", false: "EPSV"}[strings.HasPrefix(reply, "227")]
				f.hook = func(s *fakeSession, v, _ string) bool {
					switch {
					case v == verb:
						ch := make(chan net.Conn, 1)
						s.mu.Lock()
						s.data, s.ports[4444] = ch, ch
						s.mu.Unlock()
						s.say(reply)
					case v == "EPSV":
						s.say("500 what?")
					default:
						return false
					}
					return true
				}
				got, err := readAll(t.Context(), f.client(nil), "/f", 0)
				if noError(t, "read", err); got != "abc" {
					t.Errorf("read %q", got)
				}
				synctest.Wait()
				f.mu.Lock()
				defer f.mu.Unlock()
				// There may be another data connection, opened ahead.
				want := []string{"server.test:21", "server.test:4444"}
				if got := slices.Compact(slices.Clone(f.dials)); !slices.Equal(got, want) {
					t.Errorf("dialed %q, want %q", f.dials, want)
				}
			})
		})
	}
}
