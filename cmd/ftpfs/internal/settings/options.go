// Package settings gives flags their values: of -o and the environment, sizes with units,
// and words for wrong ones.
package settings

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ftpfs/cmd/ftpfs/internal/config"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
)

// A setting comes from a flag, else from -o, else from the environment, else from
// the configuration, else it has its default.

// NotSettings are flags that neither -o nor the environment can set.
var NotSettings = map[string]bool{"options": true, "help": true, "demo": true, "version": true}

// ignoredOptions are those of mount(8) and fstab(5) that mean nothing to us:
// they are for mount itself, or FUSE enforces them anyway (nosuid, nodev).
var ignoredOptions = map[string]bool{
	"_netdev": true, "auto": true, "noauto": true, "nofail": true, "user": true, "users": true,
	"nouser": true, "owner": true, "group": true, "defaults": true, "dev": true, "nodev": true,
	"suid": true, "nosuid": true, "async": true, "atime": true, "noatime": true,
	"relatime": true, "norelatime": true, "strictatime": true, "nostrictatime": true,
	"diratime": true, "nodiratime": true, "lazytime": true, "nolazytime": true, "silent": true,
	"loud": true, "mand": true, "nomand": true, "iversion": true, "noiversion": true,
}

// unenforcedOptions are those that promise something we do not do.
var unenforcedOptions = map[string]bool{"sync": true, "dirsync": true}

// ApplyOptions sets flags from mount(8) style options, a,b=c. Flags given on
// the command line stay as they are.
func ApplyOptions(flags *pflag.FlagSet, lists []string, warn func(string)) error {
	given := make(map[string]bool)
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	for _, list := range lists {
		for _, option := range splitOptions(list) {
			if err := applyOption(flags, option, given, warn); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitOptions splits at commas; \, is a comma within a value.
func splitOptions(list string) []string {
	var options []string
	var b strings.Builder
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == '\\' && i+1 < len(list) && list[i+1] == ',':
			b.WriteByte(',')
			i++
		case list[i] == ',':
			options = append(options, b.String())
			b.Reset()
		default:
			b.WriteByte(list[i])
		}
	}
	return append(options, b.String())
}

func applyOption(flags *pflag.FlagSet, option string, given map[string]bool, warn func(string)) error {
	name, value, hasValue := strings.Cut(strings.TrimSpace(option), "=")
	switch {
	case name == "user" && hasValue, name == "username", name == "password", name == "pass":
		return exit.Errorf(exit.Usage, "-o %s: write the user into the URL, ftp://user@host/, and the password into a file: -o credentials=FILE", name)
	case name == "" || ignoredOptions[name] || strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "comment"):
		return nil
	case unenforcedOptions[name]:
		warn("-o " + name + " is not enforced")
		return nil
	case name == "ro":
		name, value, hasValue = "read-only", "true", true
	case name == "rw":
		name, value, hasValue = "read-only", "false", true
	case name == "exec":
		name, value, hasValue = "noexec", "false", true
	}
	name = strings.ReplaceAll(name, "_", "-")
	f := flags.Lookup(name)
	if f == nil || NotSettings[name] {
		// The value is not shown: it could be a password.
		near := ""
		if n := config.Nearest(name, FlagNames(flags)); n != "" && !NotSettings[n] {
			near = ", did you mean " + n + "?"
		}
		return exit.Errorf(exit.Usage, "-o %s: no such option%s: see ftpfs mount --help", say.Printable(name), near)
	}
	if given[name] {
		return nil
	}
	if !hasValue {
		if f.Value.Type() != "bool" {
			return exit.Errorf(exit.Usage, "-o %s needs a value: -o %s=...", name, name)
		}
		value = "true"
	}
	if err := SetFlag(flags, f, value); err != nil {
		return exit.Errorf(exit.Usage, "-o %s: %w", name, err)
	}
	return nil
}

// ApplyEnvironment sets flags from variables: prefix and the flag's name in
// capitals with _ for -. Flags that are set already stay as they are; an empty
// variable counts as unset.
func ApplyEnvironment(flags *pflag.FlagSet, prefix string) error {
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		name := EnvName(prefix, f.Name)
		value := os.Getenv(name)
		if value == "" || f.Changed || NotSettings[f.Name] || first != nil {
			return
		}
		if err := SetFlag(flags, f, value); err != nil {
			first = exit.Errorf(exit.Usage, "%s: %w", name, err)
		}
	})
	return first
}

// EnvName is the environment variable of a flag.
func EnvName(prefix, flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// NameEnvironment adds the variable's name to every flag's help.
func NameEnvironment(flags *pflag.FlagSet, prefix string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if !NotSettings[f.Name] {
			f.Usage += " [" + EnvName(prefix, f.Name) + "]"
		}
	})
}

// ByteSize is a flag for a number of bytes: 1000, 64K, 256MiB, 2G (powers of 1024).
type ByteSize int64

func (b *ByteSize) Type() string   { return "bytes" }
func (b *ByteSize) String() string { return FormatSize(int64(*b)) }

// SizeUnits are the units of sizes, the largest first, as powers of two.
var SizeUnits = []struct {
	Suffix string
	Shift  uint
}{{"T", 40}, {"G", 30}, {"M", 20}, {"K", 10}}

func (b *ByteSize) Set(s string) error {
	number := strings.ToUpper(strings.TrimSpace(s))
	number = strings.TrimSuffix(strings.TrimSuffix(number, "B"), "I")
	shift := uint(0)
	for _, u := range SizeUnits {
		if n, ok := strings.CutSuffix(number, u.Suffix); ok {
			number, shift = n, u.Shift
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > (1<<62)>>shift {
		return fmt.Errorf("%q is not a size: write bytes, or 64K, 256M, 2G", s)
	}
	*b = ByteSize(n << shift)
	return nil
}

// FormatSize writes a size as ByteSize reads it.
func FormatSize(n int64) string {
	for _, u := range SizeUnits {
		if n > 0 && n&(1<<u.Shift-1) == 0 {
			return strconv.FormatInt(n>>u.Shift, 10) + u.Suffix + "iB"
		}
	}
	return strconv.FormatInt(n, 10)
}

// Octal is a flag for permission bits.
type Octal uint32

func (o *Octal) Type() string   { return "octal" }
func (o *Octal) String() string { return fmt.Sprintf("%03o", uint32(*o)) }

func (o *Octal) Set(s string) error {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n > 0o777 {
		return fmt.Errorf("%q is not an octal mask such as 022", s)
	}
	*o = Octal(n)
	return nil
}
