package interop

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
)

const (
	mutualAtOnce  = 64               // cases that run at the same time; most of them wait
	mutualTLS     = 8                // and of those with TLS, which is work
	mutualTimeout = time.Second      // of our client under a fault,
	mutualHang    = 30 * time.Second // without one, and for how long it may fail afterwards
)

// TestMutual lets our client list, download, upload and rename at each of the
// server's profiles under each fault there is. An operation that says that all
// is well has done right; else it says what is wrong, soon; and the same client
// works when the fault is gone.
func TestMutual(t *testing.T) {
	t.Parallel()
	ctx := untilStopped(t)
	var cases sync.WaitGroup
	plain, secure := make(chan struct{}, mutualAtOnce), make(chan struct{}, mutualTLS)
	var tally mutualTally
	for n, m := range mutuals() {
		verbs, err := m.verbs(ctx)
		if err != nil {
			t.Errorf("%s, without a fault: %v", m, err)
			continue
		}
		for i, f := range mutualFaults(m.kind, verbs) {
			if (i+n)%m.thin() != 0 {
				continue
			}
			slots := plain
			if m.secure {
				slots = secure
			}
			cases.Go(func() {
				slots <- struct{}{}
				outcome, err := m.suffer(ctx, f)
				if tally.count(m, outcome); err != nil {
					t.Errorf("%s: %s: %v", m, faultName(f), err)
				}
				<-slots
			})
		}
	}
	cases.Wait()
	t.Log("\n" + tally.String())
}

// A mutual is an operation at a profile, and the faults it shall suffer: those
// of its own verbs, or those of the login.
type mutual struct {
	profile string
	secure  bool
	kind    string // "login" or the operation's name
	op      mutualOp
}

func (m mutual) String() string {
	name := cmp.Or(m.profile, "default")
	if m.secure {
		name += " with TLS"
	}
	return name + ", " + m.kind
}

// allFaults makes the tests try every fault, which takes minutes.
var allFaults = os.Getenv("FTPFS_TEST_FAULTS") == "all"

// thin is of how many faults one is tried: of two with our own ways, of more
// with each of the other profiles, where they are others each time.
func (m mutual) thin() int {
	switch {
	case allFaults:
		return 1
	case testing.Short():
		return 15
	case m.secure:
		return 15
	case m.profile == "":
		return 2
	}
	return 11
}

// mutuals are all profiles in the clear, and over TLS those that differ in it.
func mutuals() (all []mutual) {
	for _, profile := range append([]string{""}, ftpserver.Profiles()...) {
		for _, secure := range []bool{false, true} {
			if secure && profile != "" && profile != "vsftpd" || testing.Short() && profile != "" && profile != "embedded" {
				continue
			}
			for _, op := range mutualOps {
				all = append(all, mutual{profile, secure, op.name, op})
			}
			if profile == "" || profile == "vsftpd" && !secure || profile == "hostile" {
				all = append(all, mutual{profile, secure, "login", mutualOps[0]})
			}
		}
	}
	return all
}

// A mutualCase is one client at one server.
type mutualCase struct {
	mutual
	tree   ftpserver.FS
	server *ftpserver.Server
	client *ftpclient.Client
	port   int
	trace  *serverLog
	ended  chan error
}

// start starts both sides; the server has no fault yet.
func (m mutual) start(timeout time.Duration, heard func(verb string)) (*mutualCase, error) {
	c := &mutualCase{mutual: m, tree: ftpserver.NewMemFS(0), trace: &serverLog{}, ended: make(chan error, 1)}
	trace := c.trace.trace()
	log := trace.Command
	trace.Command = func(session int, line string) {
		log(session, line)
		if heard != nil {
			verb, _, _ := strings.Cut(line, " ")
			heard(strings.ToUpper(verb))
		}
	}
	so := ftpserver.Options{FS: c.tree, Anonymous: true, AnonymousWrite: true, Profile: m.profile, LoginDelay: -1, Trace: trace}
	co := ftpclient.Options{Host: "127.0.0.1", Connections: 2, DialTimeout: 2 * time.Second, ReplyTimeout: timeout,
		DataTimeout: timeout, WaitTimeout: time.Second}
	if m.profile == "hostile" {
		so.Disable = []string{"OPTS"} // its answer is no reply, which costs any client the connection
	}
	if err := m.secureBoth(&so, &co); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.port = l.Addr().(*net.TCPAddr).Port
	co.Port = c.port
	c.server, err = ftpserver.New(so)
	if err == nil {
		c.client, err = ftpclient.New(co)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	go func() { c.ended <- c.server.Serve(l) }()
	return c, nil
}

// secureBoth sets both sides' TLS, if there is any.
func (m mutual) secureBoth(so *ftpserver.Options, co *ftpclient.Options) error {
	if !m.secure {
		return nil
	}
	blocks, err := posePEM()
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(blocks[0], blocks[1])
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(blocks[0]) {
		return errors.Join(err, errors.New("bad certificate"))
	}
	so.TLS, so.RequireTLS, so.RequireSessionReuse = &tls.Config{Certificates: []tls.Certificate{pair}}, true, true
	co.Security, co.TLS = ftpclient.SecurityExplicit, &tls.Config{RootCAs: pool}
	return nil
}

// stop ends both sides, the client first as it may have things to say.
func (c *mutualCase) stop() error {
	err := errors.Join(c.client.Close(), c.server.Close())
	if served := <-c.ended; !errors.Is(served, ftpserver.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// untilStopped is a context that ends shortly before the test would be stopped, so that
// what hangs until then is told with its trace. How long things take is the machine's
// affair: with other tests beside, each reply may come seconds late.
func untilStopped(t *testing.T) context.Context {
	end, ok := t.Deadline()
	if !ok {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), end.Add(-time.Until(end)/10))
	t.Cleanup(cancel)
	return ctx
}

// try is one attempt at the operation. wrong is what must never be.
func (c *mutualCase) try(ctx context.Context, n int) (err, wrong error) {
	if err := c.op.prepare(c.tree, n); err != nil {
		return nil, err
	}
	err = c.op.run(ctx, c.client, n)
	if ctx.Err() != nil {
		return err, fmt.Errorf("it hangs: %w", err)
	}
	if errors.Is(err, errWrong) {
		return err, err
	}
	return err, c.op.judge(c.tree, n, err == nil)
}

// verbs are the commands that the operation sends, those of the login too.
func (m mutual) verbs(ctx context.Context) ([]string, error) {
	var mu sync.Mutex
	seen := map[string]bool{}
	c, err := m.start(mutualHang, func(verb string) {
		mu.Lock()
		defer mu.Unlock()
		seen[verb] = true
	})
	if err != nil {
		return nil, err
	}
	err, wrong := c.try(ctx, 0)
	err = errors.Join(err, wrong, c.stop())
	delete(seen, "QUIT")
	return slices.Sorted(maps.Keys(seen)), err
}

// The outcomes of a case, besides an error.
const (
	mutualDone    = "done"           // in spite of the fault
	mutualFailed  = "failed"         // and said so
	mutualUntold  = "beyond telling" // and nobody could have known
	mutualRefused = "login refused"  // which the client takes for an answer, for a while
)

// suffer runs the operation under a fault, and again without it.
func (m mutual) suffer(ctx context.Context, f ftpserver.Fault) (outcome string, err error) {
	c, err := m.start(mutualTimeout, nil)
	if err != nil {
		return "", err
	}
	defer func() {
		if stopErr := c.stop(); stopErr != nil {
			err = errors.Join(err, stopErr)
		}
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, c.trace)
		}
	}()
	if err := c.server.SetFaults(f); err != nil {
		return "", err
	}
	said, wrong := c.try(ctx, 0)
	outcome = mutualDone
	switch {
	case (errors.Is(wrong, errWrong) || errors.Is(said, errCut)) && beyondTelling(f, m.secure):
		outcome = mutualUntold
	case errors.Is(said, errCut):
		return "", said
	case wrong != nil:
		return "", fmt.Errorf("%w (it said: %v)", wrong, said)
	case said != nil:
		outcome = mutualFailed
	}
	if err := c.server.SetFaults(); err != nil {
		return "", err
	}
	if ftpclient.KindOf(said) == ftpclient.KindLogin {
		return mutualRefused, nil // it asks again after half a minute
	}
	return outcome, c.recovers(ctx, said)
}

// recovers tries until it works, which may take the seconds for which the
// client does not dial a server that was down.
func (c *mutualCase) recovers(ctx context.Context, said error) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(mutualHang)
	for n := 1; ; n++ {
		err, wrong := c.try(ctx, n)
		switch {
		case wrong != nil:
			return fmt.Errorf("without the fault, after %v: %w", said, wrong)
		case err == nil:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("it does not work again: %w; under the fault it said: %v", err, said)
		}
		<-tick.C
	}
}

// mutualTally counts outcomes.
type mutualTally struct {
	mu     sync.Mutex
	counts map[string]map[string]int
	all    atomic.Int64
}

func (t *mutualTally) count(m mutual, outcome string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]map[string]int{}
	}
	name := m.String()
	if t.counts[name] == nil {
		t.counts[name] = map[string]int{}
	}
	t.counts[name][cmp.Or(outcome, "WRONG")]++
	t.all.Add(1)
}

func (t *mutualTally) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(t.counts)) {
		fmt.Fprintf(&b, "%-28s", name)
		for _, outcome := range slices.Sorted(maps.Keys(t.counts[name])) {
			fmt.Fprintf(&b, " %4d %s,", t.counts[name][outcome], outcome)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%d cases\n", t.all.Load())
	return b.String()
}
