package serve

import (
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/ftpserver"

	"github.com/spf13/pflag"
)

// limits are the flags of `ftpfs serve` that say how much clients get.
type limits struct {
	sessions   int
	perAddress int
	idle       time.Duration
	login      time.Duration
	refusal    time.Duration
}

func (l *limits) addFlags(f *pflag.FlagSet) {
	f.IntVar(&l.sessions, "max-sessions", 200, "sessions at a time; 0 for no limit")
	f.IntVar(&l.perAddress, "max-per-address", 0, "sessions at a time from one address; 0 for no limit")
	f.DurationVar(&l.idle, "idle-timeout", 5*time.Minute, "end sessions that do nothing for so long")
	f.DurationVar(&l.login, "login-timeout", 2*time.Minute, "end sessions that have not logged in by then")
	f.DurationVar(&l.refusal, "login-delay", time.Second, "pause before a wrong password is refused; 0 for none")
}

// apply sets the server's limits, in which 0 is a default and not none.
func (l *limits) apply(o *ftpserver.Options) error {
	switch {
	case l.sessions < 0 || l.perAddress < 0:
		return exit.Errorf(exit.Usage, "--max-sessions and --max-per-address cannot be negative; 0 is no limit")
	case l.idle <= 0 || l.login <= 0:
		return exit.Errorf(exit.Usage, "--idle-timeout and --login-timeout must be longer than 0, such as 5m")
	case l.refusal < 0:
		return exit.Errorf(exit.Usage, "--login-delay cannot be negative; 0 is none")
	}
	o.MaxConnections, o.MaxPerAddress = orNone(l.sessions), orNone(l.perAddress)
	o.IdleTimeout, o.LoginTimeout, o.LoginDelay = l.idle, l.login, orNone(l.refusal)
	return nil
}

// orNone is the server's word for 0.
func orNone[N int | time.Duration](n N) N {
	if n == 0 {
		return -1
	}
	return n
}
