package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// connect dials and logs in. The first connection of a client also asks what
// the server is and can.
func connect(ctx context.Context, id int, srv *server, o *Options, touch func()) (*conn, error) {
	c, err := dialControl(ctx, id, srv, o, touch)
	if err != nil {
		return nil, err
	}
	stop := c.watch(ctx)
	err = c.login()
	stop()
	if err == nil && c.interrupted() != nil {
		err = c.fail("login", c.interrupted())
	}
	if err != nil {
		c.close("login: " + err.Error())
		if errors.Is(err, errOneByOne) {
			return connect(ctx, id, srv, o, touch) // once: it is learned
		}
		return nil, err
	}
	c.doubted = nil // what was refused before is judged by now
	return c, nil
}

// login goes from the greeting to a session in TYPE I.
func (c *conn) login() error {
	if c.opts.Security == SecurityImplicit {
		if err := c.handshake("TLS"); err != nil {
			return err
		}
	}
	greeting, err := c.greeting()
	if err != nil {
		return err
	}
	if err = c.secure(greeting); err != nil {
		return err
	}
	setUp := &setUp{c: c, f: Features{Greeting: greeting.text(), Home: "/"}}
	if greeting.code != 230 {
		if err = c.authenticate(greeting, setUp); err != nil {
			return err
		}
	}
	if err = c.protectLate(); err != nil {
		return err
	}
	return setUp.finish()
}

// greeting reads 120 (wait), then 220, or 230 of a server that asks for no user.
func (c *conn) greeting() (reply, error) {
	asked, err := c.provoke()
	if err != nil {
		return reply{}, err
	}
	r, err := c.final("login", c.opts.ReplyTimeout)
	switch {
	case asked && c.wantsTLSFirst(r, err):
		return r, &Error{Op: "TLS", Kind: KindTLS, Code: r.code, Text: r.text(), Err: errSilent}
	case err != nil:
		return r, c.refused(r, err)
	case r.code == 220 || r.code == 230:
		c.srv.greeted(r.text())
		if asked {
			_, err = c.recv("NOOP", c.opts.ReplyTimeout)
		}
		return r, err
	}
	return r, c.refused(r, nil)
}

// wantsTLSFirst guesses, of a server that we do not know and that was silent
// until it was spoken to, that it waits for a handshake: it hung up, or says so.
func (c *conn) wantsTLSFirst(r reply, err error) bool {
	if c.tls != nil || c.srv.explored() {
		return false
	}
	return r.code >= 400 && demandsTLS(r) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

var errSilent = errors.New("it says nothing before it is spoken to, as where TLS is implicit")

// provoke says something to a server that has long been silent, and reports
// whether it did: one that waits for its client to begin, as web servers do,
// shows by its answer that it does not speak FTP. An FTP server that is slow to
// greet answers the NOOP after its greeting.
func (c *conn) provoke() (asked bool, err error) {
	c.deadline(c.ctl, min(silentFor, c.opts.ReplyTimeout/2))
	if !errors.Is(c.in.await(), os.ErrDeadlineExceeded) || c.interrupted() != nil {
		return false, nil // what came, or the error, is for who reads
	}
	return true, c.send(command{verb: "NOOP"})
}

// silentFor is how long a greeting may take before it is asked for.
const silentFor = 5 * time.Second

// authenticate sends user, password and account as far as the server asks, and
// with the password, or with both where the server was seen to want both, what
// comes after them.
func (c *conn) authenticate(greeting reply, behind *setUp) error {
	if c.srv.takesPasswords() && c.opts.Account == "" {
		return c.authenticateAtOnce(greeting, true, behind)
	}
	r, err := c.cmd("USER", c.opts.User)
	if err == nil && r.code == 331 {
		if c.opts.Account == "" && c.srv.support(factPipelining) != No {
			return c.authenticateAtOnce(greeting, false, behind)
		}
		r, err = c.cmd("PASS", c.opts.Password)
	}
	if err == nil && r.code == 332 && c.opts.Account != "" {
		r, err = c.cmd("ACCT", c.opts.Account)
	}
	return c.admitted(greeting, r, err)
}

// admitted turns the last reply to a login into an error, or nil.
func (c *conn) admitted(greeting, r reply, err error) error {
	switch {
	case err != nil || r.transient() || r.permanent() || r.intermediate():
		if r.notImplemented() {
			return c.fail("login", &Error{Op: "login", Kind: KindProtocol, Code: r.code, Text: fmt.Sprintf(
				"%s; it greeted with %s", r.text(), clip(greeting.text()))})
		}
		return c.refused(r, err)
	case r.completed():
		return nil
	}
	return c.fail("login", &protocolError{fmt.Sprintf("reply %d to a login", r.code)})
}

// refused makes the error of a login that the server turned down.
func (c *conn) refused(r reply, err error) error {
	if err != nil && r.code != 421 {
		return err
	}
	kind := KindLogin
	switch {
	case c.tls == nil && demandsTLS(r):
		kind = KindTLS
	case r.code == 421, tooManyText(r.text()):
		kind = KindTooMany
	case r.code == 332:
		return c.fail("login", &Error{Op: "login", Kind: KindLogin, Code: r.code,
			Text: r.text() + " (the server wants an account)"})
	case r.transient():
		kind = KindBusy
	case !slices.Contains([]int{331, 430, 530, 532, 550, 553}, r.code):
		kind = KindProtocol
	}
	e := &Error{Op: "login", Kind: kind, Code: r.code, Text: r.text()}
	if c.broken == nil {
		c.broken = e
	}
	return e
}

// tooManyText recognises a limit of connections in the words of a 530
// (quirkLimitAs530).
func tooManyText(text string) bool {
	text = strings.ToLower(text)
	for _, w := range []string{"too many", "maximum", "already logged in", "limit"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// demandsTLS recognises a login that was refused because it is in the clear
// (quirkDemandsTLS).
func demandsTLS(r reply) bool {
	text := strings.ToLower(r.text())
	for _, w := range []string{"encrypt", "tls", "ssl", "cleartext", "auth command"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return r.code == 534
}

// wantedFacts returns the argument that turns on the facts which are used, if
// FEAT tells that some of them are there but off: those without a star (RFC
// 3659 section 7.8).
func wantedFacts(feat []string) string {
	const used = ";type;size;sizd;modify;perm;unique;unix.mode;unix.owner;unix.uid;unix.ownername;unix.group;unix.gid;unix.groupname;"
	for _, line := range feat {
		if len(line) < 5 || !strings.EqualFold(line[:5], "MLST ") {
			continue
		}
		var want strings.Builder
		off := false
		for fact := range strings.SplitSeq(line[5:], ";") {
			name, on := strings.CutSuffix(strings.TrimSpace(fact), "*")
			if name == "" || !strings.Contains(used, ";"+strings.ToLower(name)+";") {
				continue
			}
			off = off || !on
			want.WriteString(name + ";")
		}
		if off {
			return want.String()
		}
	}
	return ""
}

// quotedPath is the directory of a 257 reply, if it is a path with slashes.
func quotedPath(r reply) (string, bool) {
	dir := quotedText(r)
	if !strings.HasPrefix(dir, "/") || strings.ContainsAny(dir, "\r\n\x00") {
		return "", false
	}
	return dir, true
}

// quotedText reads the directory of a 257 reply (RFC 959 appendix II): from
// the first quote to the last one that a space or the end follows, doubled
// quotes being one. Pure-FTPd does not double them (quirkPlainQuotes), which
// the same rule reads right.
func quotedText(r reply) string {
	if r.code != 257 {
		return ""
	}
	text := r.lines[0]
	first := strings.IndexByte(text, '"')
	if first < 0 {
		return ""
	}
	last := -1
	for i := first + 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			i++
			continue
		}
		if i+1 == len(text) || text[i+1] == ' ' {
			last = i
			break
		}
	}
	if last < 0 {
		return ""
	}
	return strings.ReplaceAll(text[first+1:last], `""`, `"`)
}

// isKind reports whether err is of one of the kinds.
func isKind(err error, kinds ...Kind) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, k := range kinds {
		if e.Kind == k {
			return true
		}
	}
	return false
}
