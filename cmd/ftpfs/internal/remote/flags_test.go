package remote

import (
	"testing"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/ftpurl"
	"ftpfs/cmd/ftpfs/internal/settings"
)

// checked is what the flags make of a server at a URL.
func checked(t *testing.T, url string, args ...string) (Server, error) {
	t.Helper()
	var s Server
	fl, f := NewFlags(&s), pflag.NewFlagSet("test", pflag.ContinueOnError)
	options := f.StringArrayP("options", "o", nil, "")
	fl.Add(f, settings.FlagNames(fl.all)...)
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if err := settings.ApplyOptions(f, *options, func(text string) { t.Error(text) }); err != nil {
		return s, err
	}
	if err := settings.ApplyEnvironment(f, "FTPFS_"); err != nil {
		return s, err
	}
	loc, err := ftpurl.Parse(url)
	if err == nil {
		err = fl.Check(loc)
	}
	return s, err
}
