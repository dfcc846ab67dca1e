package remote

import (
	"fmt"
	"time"
	_ "time/tzdata" // zones where the system has no list of them

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/ftpclient"
)

// Habits are what the flags say of how a server writes names and times.
// Zones are kept as text: the job goes through a pipe.
type Habits struct {
	Encoding string
	Timezone string
}

func (fl *Flags) addHabits(f *pflag.FlagSet) {
	f.StringVar(&fl.server.Habits.Encoding, "encoding", "", "encoding of the names on the server: ISO-8859-1, windows-1251, KOI8-R, Shift_JIS, GB18030, ... (default: they are taken as they are, which is right for UTF-8)")
	f.StringVar(&fl.server.Habits.Timezone, "timezone", "", "zone of the times in the server's listings: Europe/Berlin, +02:00 (default: found by comparing them with exact ones); needed where all its times are local, as with vsftpd's use_localtime")
}

func (fl *Flags) checkHabits() error {
	h := fl.server.Habits
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
func (h Habits) zone() (*time.Location, error) {
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

// apply sets what checkHabits found good.
func (h Habits) apply(o *ftpclient.Options) {
	o.Encoding = h.Encoding
	o.Zone, _ = h.zone()
}
