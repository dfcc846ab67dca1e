package main

import (
	"fmt"
	"time"
	_ "time/tzdata" // zones where the system has no list of them

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpclient"
)

// serverHabits are what the flags say of how a server writes names and times.
// Zones are kept as text: the job goes through a pipe.
type serverHabits struct {
	Encoding string
	Timezone string
}

func (c *mountCommand) addHabitFlags(f *pflag.FlagSet) {
	f.StringVar(&c.job.Habits.Encoding, "encoding", "", "encoding of the names on the server: ISO-8859-1, windows-1251, KOI8-R, Shift_JIS, GB18030, ... (default: they are taken as they are, which is right for UTF-8)")
	f.StringVar(&c.job.Habits.Timezone, "timezone", "", "zone of the times in the server's listings: Europe/Berlin, +02:00 (default: found by comparing them with exact ones); needed where all its times are local, as with vsftpd's use_localtime")
}

// validateHabits checks the flags; those without meaning for the demo are refused.
func (c *mountCommand) validateHabits() error {
	h := c.job.Habits
	if c.job.Demo && h != (serverHabits{}) {
		return exit.Errorf(exit.Usage, "--encoding and --timezone: the demo has UTF-8 and UTC: leave them out")
	}
	if h.Encoding != "" {
		if err := ftpclient.CheckEncoding(h.Encoding); err != nil {
			return exit.Errorf(exit.Usage, "--encoding %s: %w", say.Printable(h.Encoding), err)
		}
	}
	if _, err := h.zone(); err != nil {
		return exit.Errorf(exit.Usage, "--timezone %s: %w", say.Printable(h.Timezone), err)
	}
	return nil
}

// zone is the zone that was given; nil if none was.
func (h serverHabits) zone() (*time.Location, error) {
	name := h.Timezone
	if name == "" {
		return nil, nil
	}
	if name[0] == '+' || name[0] == '-' {
		for _, layout := range []string{"-07:00", "-0700", "-07"} {
			if t, err := time.Parse(layout, name); err == nil {
				_, east := t.Zone()
				return time.FixedZone(name, east), nil
			}
		}
		return nil, fmt.Errorf("not an offset from UTC: write it as +02:00 (east) or -05:00 (west)")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("no such time zone: write a name such as Europe/Berlin, or an offset such as +02:00")
	}
	return zone, nil
}

// apply sets what validateHabits found good.
func (h serverHabits) apply(o *ftpclient.Options) {
	o.Encoding = h.Encoding
	o.Zone, _ = h.zone()
}
