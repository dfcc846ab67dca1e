package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/config"
	"ftpfs/cmd/ftpfs/internal/exit"
)

// FlagError says what is wrong with the flags of a command, and what to write. A
// value is shown: those that may be secret are no flags, or check themselves.
func FlagError(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	var missing *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &value):
		f := value.GetFlag()
		return exit.Errorf(exit.Usage, "--%s: %s", f.Name, config.BadValue(f, value.GetValue(), value.Unwrap()))
	case errors.As(err, &bare):
		return exit.Errorf(exit.Usage, "--%s needs a value: write --%s=%s", bare.GetFlag().Name, bare.GetFlag().Name, strings.ToUpper(bare.GetFlag().Value.Type()))
	case errors.As(err, &missing):
		return exit.Errorf(exit.Usage, "%s has no flag %s%s: see %s --help", cmd.CommandPath(), flagText(missing), meantFlag(cmd.Flags(), missing.GetSpecifiedName()), cmd.CommandPath())
	case errors.As(err, &syntax):
		return exit.Errorf(exit.Usage, "%s is no flag: write --NAME or --NAME=VALUE", syntax.GetSpecifiedFlag())
	}
	return err
}

// CountError says in words how many arguments are wanted.
func CountError(err error) error {
	var want, given int
	if n, _ := fmt.Sscanf(err.Error(), "accepts %d arg(s), received %d", &want, &given); n != 2 {
		return err
	}
	text := fmt.Sprintf("%d arguments are wanted", want)
	if want == 1 {
		text = "one argument is wanted"
	}
	if given == 1 {
		return errors.New(text + ", 1 is given")
	}
	return fmt.Errorf("%s, %d are given", text, given)
}

func flagText(e *pflag.NotExistError) string {
	if shorts := e.GetSpecifiedShortnames(); len(shorts) == 1 {
		return "-" + shorts
	} else if shorts != "" {
		return "-" + e.GetSpecifiedName() + " (in -" + shorts + ")"
	}
	return "--" + e.GetSpecifiedName()
}

// meantFlag suggests the flag whose name is near.
func meantFlag(flags *pflag.FlagSet, name string) string {
	if near := config.Nearest(strings.ReplaceAll(name, "_", "-"), FlagNames(flags)); near != "" {
		return ", did you mean --" + near + "?"
	}
	return ""
}

// FlagNames are the names of all flags.
func FlagNames(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// SetFlag sets a flag from a text that came another way; the error says which
// value would do.
func SetFlag(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	err := flags.Set(f.Name, value)
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s", config.BadValue(f, value, bad.Unwrap()))
	}
	return err
}
