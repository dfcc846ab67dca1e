package ftptest

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// A kind is how a server is got and started.
type kind struct {
	name      string
	needsRoot bool
	instant   bool     // it takes logins as soon as it has been started
	mostTLS   TLSMode  // the greatest mode that it has
	packages  []string // Debian packages; none if nothing needs to be got
	binaries  []string // what of them is run, relative to where they are unpacked
	// start writes the configuration of s and starts it. It sets the fields
	// of s that the configuration decides.
	start func(s *Server) (running, error)
}

// running is a server that was started.
type running interface {
	stop()                  // returns when it is gone
	ended() <-chan struct{} // closed when it has ended by itself
	quiet()                 // returns when it counts no session any more
	pid() int
}

// kinds are the servers, in the order of Names.
var kinds = []*kind{&vsftpd, &proftpd, &pureftpd, &bundled}

// Names returns the kinds that Start knows.
func Names() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Each runs f in a subtest for each kind of server that can do what the options
// ask for ([Can]). A server that cannot be had skips its subtest.
func Each(t *testing.T, f func(t *testing.T, s *Server), opts ...Option) {
	t.Helper()
	for _, name := range Names() {
		if !Can(name, opts...) {
			continue
		}
		t.Run(name, func(t *testing.T) { f(t, Start(t, name, opts...)) })
	}
}

// Require sees to it that a server of the kind can be started, downloading it
// if need be. A server that cannot be had skips the test and says how to get
// it; where the environment variable CI is true it fails the test.
func Require(t testing.TB, name string) *kind {
	t.Helper()
	k, err := find(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.prepare(); err != nil {
		Skip(t, "%s: %v", name, err)
	}
	return k
}

func find(name string) (*kind, error) {
	i := slices.IndexFunc(kinds, func(k *kind) bool { return k.name == name })
	if i < 0 {
		return nil, fmt.Errorf("ftptest: no server is called %q; there are %q", name, Names())
	}
	return kinds[i], nil
}

// Skip skips the test, or fails it where the environment variable CI is true,
// because there everything that a test needs is to be had.
func Skip(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
