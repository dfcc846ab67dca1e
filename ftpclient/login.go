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
		return nil, err
	}
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
	if greeting.code != 230 {
		if err = c.authenticate(greeting); err != nil {
			return err
		}
	}
	if err = c.protectLate(); err != nil {
		return err
	}
	if !c.srv.explored() {
		if err = c.explore(greeting); err != nil {
			return err
		}
	}
	return c.prepare()
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

// authenticate sends user, password and account as far as the server asks.
func (c *conn) authenticate(greeting reply) error {
	r, err := c.cmd("USER", c.opts.User)
	if err == nil && r.code == 331 {
		r, err = c.cmd("PASS", c.opts.Password)
	}
	if err == nil && r.code == 332 && c.opts.Account != "" {
		r, err = c.cmd("ACCT", c.opts.Account)
	}
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

// explore asks FEAT, SYST and PWD. That a server has none of them is no error.
func (c *conn) explore(greeting reply) error {
	var f Features
	f.Greeting = greeting.text()
	r, err := c.cmd("FEAT", "")
	if err != nil {
		return err
	}
	if r.completed() {
		f.Feat = featLines(r)
	}
	if r, err = c.cmd("SYST", ""); err != nil {
		return err
	}
	if r.completed() {
		f.System = r.text()
	}
	if r, err = c.cmd("PWD", ""); err != nil {
		return err
	}
	f.Home = "/"
	if dir, ok := quotedPath(r); ok {
		f.Home = dir
	}
	c.srv.describe(f)
	return nil
}

// prepare sets what each session has to be told anew.
func (c *conn) prepare() error {
	r, err := c.cmd("TYPE", "I")
	if err != nil {
		return err
	}
	if !r.completed() {
		return c.fail("TYPE", &Error{Op: "TYPE", Kind: KindUnsupported, Code: r.code, Text: r.text()})
	}
	f := c.srv.snapshot()
	if f.UTF8 {
		// RFC 2640 has no such command, IIS and others need it (quirkOptsUTF8);
		// whatever is answered, names are sent as they are.
		if _, err = c.cmd("OPTS", "UTF8 ON"); err != nil {
			return err
		}
	}
	if facts := wantedFacts(f.Feat); facts != "" {
		_, err = c.cmd("OPTS", "MLST "+facts) // what a server does not turn on is not told
	}
	return err
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

// quotedPath reads the directory of a 257 reply (RFC 959 appendix II): from
// the first quote to the last one that a space or the end follows, doubled
// quotes being one. Pure-FTPd does not double them (quirkPlainQuotes), which
// the same rule reads right.
func quotedPath(r reply) (string, bool) {
	if r.code != 257 {
		return "", false
	}
	text := r.lines[0]
	first := strings.IndexByte(text, '"')
	if first < 0 {
		return "", false
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
		return "", false
	}
	dir := strings.ReplaceAll(text[first+1:last], `""`, `"`)
	if !strings.HasPrefix(dir, "/") || strings.ContainsAny(dir, "\r\n\x00") {
		return "", false
	}
	return dir, true
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
