package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/ftpclient"
)

func TestConnectFailures(t *testing.T) {
	loc := ftpurl.Location{Host: "h", Port: 21, User: "me", Password: "sesame", HasPassword: true}
	for _, tt := range []struct {
		err  *ftpclient.Error
		want exit.Code
		text string
	}{
		{&ftpclient.Error{Op: "dial", Kind: ftpclient.KindHost}, exit.Host, "unknown host h"},
		{&ftpclient.Error{Op: "dial", Kind: ftpclient.KindRefused}, exit.Connect, "h:21 refuses"},
		{&ftpclient.Error{Op: "dial", Kind: ftpclient.KindNetwork, Err: errors.New("no route to host")}, exit.Connect, "no route to host"},
		{&ftpclient.Error{Op: "dial", Kind: ftpclient.KindTimeout}, exit.Timeout, "does not answer in time"},
		{&ftpclient.Error{Op: "login", Kind: ftpclient.KindProtocol, Err: errors.New("it speaks SSH\x1b")}, exit.NotFTP, `(it speaks SSH\x1b)`},
		{&ftpclient.Error{Op: "PASS", Kind: ftpclient.KindLogin, Code: 530, Text: "Login incorrect.\x1b["}, exit.Login, `530 Login incorrect.\x1b[`},
		{&ftpclient.Error{Op: "login", Kind: ftpclient.KindTooMany, Code: 421, Text: "Too many users"}, exit.TooMany, "421 Too many users"},
		{&ftpclient.Error{Op: "login", Kind: ftpclient.KindTLS, Code: 530, Text: "Use TLS"}, exit.TLS, "write ftpes://"},
		{&ftpclient.Error{Op: "PWD", Kind: ftpclient.KindUnknown, Code: 500}, exit.Failure, "500"},
	} {
		err := Failure(loc, fmt.Errorf("wrapped: %w", tt.err))
		if exit.CodeOf(err) != tt.want || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%v: %d %v; want %d %q", tt.err, exit.CodeOf(err), err, tt.want, tt.text)
		}
		if strings.Contains(err.Error(), "%!") || strings.Contains(err.Error(), "sesame") || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%v: bad message %q", tt.err, err)
		}
	}
	anonymous := Failure(ftpurl.Location{Host: "h", Port: 21}, &ftpclient.Error{Op: "PASS", Kind: ftpclient.KindLogin, Code: 530, Text: "No"})
	if exit.CodeOf(anonymous) != exit.Login || !strings.Contains(anonymous.Error(), "ftp://user@h/") {
		t.Errorf("anonymous: %v", anonymous)
	}
}

func TestDirFailures(t *testing.T) {
	loc := ftpurl.Location{Host: "h", Port: 21}
	for kind, want := range map[ftpclient.Kind]exit.Code{
		ftpclient.KindNotExist: exit.RemoteDir, ftpclient.KindNotDir: exit.RemoteDir,
		ftpclient.KindPermission: exit.RemoteDir, ftpclient.KindUnknown: exit.RemoteDir,
		ftpclient.KindTimeout: exit.Timeout, ftpclient.KindNetwork: exit.Connect,
	} {
		err := dirFailure(loc, "/d\n", &ftpclient.Error{Op: "MLST", Kind: kind, Code: 550, Text: "x"})
		if exit.CodeOf(err) != want || strings.Contains(err.Error(), "%!") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %d %q, want %d", kind, exit.CodeOf(err), err, want)
		}
	}
}

func TestTimedOut(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	canceled := &ftpclient.Error{Op: "wait", Kind: ftpclient.KindCanceled}
	full := &refusals{last: &ftpclient.Error{Op: "login", Kind: ftpclient.KindTooMany, Code: 421}}
	if got := timedOut(ctx, canceled, full); ftpclient.KindOf(got) != ftpclient.KindTooMany {
		t.Errorf("our deadline at a full server gave %v", got)
	}
	if got := timedOut(ctx, canceled, &refusals{}); ftpclient.KindOf(got) != ftpclient.KindTimeout {
		t.Errorf("our deadline gave %v", got)
	}
	if got := timedOut(t.Context(), canceled, full); got != canceled {
		t.Errorf("without a deadline: %v", got)
	}
}
