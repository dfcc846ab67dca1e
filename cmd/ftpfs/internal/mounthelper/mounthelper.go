// Package mounthelper has ftpfs be a helper of mount(8) and umount(8), by whose names it
// may be called.
package mounthelper

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/say"
)

// mount(8) and umount(8) call programs mount.TYPE and umount.TYPE for what they do
// not know: links with these names to ours.
var (
	mountHelpers  = []string{"mount.ftpfs", "mount.fuse.ftpfs"}
	umountHelpers = []string{"umount.ftpfs", "umount.fuse.ftpfs"}
)

// Translate returns the arguments for the root command, and whether nothing is
// to be done, as mount -f has it. Called by a helper's name the program takes what
// mount(8) and umount(8) pass. A source in the place of the command means mount:
// so mount.fuse3 calls us, with the options behind.
func Translate(argv []string) (args []string, fake bool, err error) {
	args = argv[1:]
	switch name := filepath.Base(argv[0]); {
	case slices.Contains(mountHelpers, name):
		return mountHelperArgs(name, args)
	case slices.Contains(umountHelpers, name):
		args, err = umountHelperArgs(name, args)
		return args, false, err
	case len(args) > 0 && strings.Contains(args[0], "://"),
		len(args) > 3 && args[2] == "-o" && !strings.HasPrefix(args[0], "-") && strings.HasPrefix(args[1], "/"):
		args = append([]string{"mount"}, args...)
	}
	return args, false, nil
}

// mountHelperArgs reads SPEC DIR [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE].
// -s, sloppy, and -n, not into mtab, mean nothing here.
func mountHelperArgs(name string, args []string) (out []string, fake bool, err error) {
	out = []string{"mount"}
	seen := false // the source, which comes first
	err = eachHelperArg(name, args, "sfnv", func(flag, value string) {
		switch flag {
		case "f":
			fake = true
		case "v":
			out = append(out, "--verbose")
		case "o":
			out = append(out, "-o", value)
		case "":
			if !seen {
				value, seen = asWritten(value), true
			}
			out = append(out, value)
		}
	})
	return out, fake, err
}

// asWritten returns the source as fstab or the command line has it: of a server's
// name mount(8) makes a path where the working directory has something of that name.
func asWritten(source string) string {
	dir, err := os.Getwd()
	if err == nil && filepath.IsAbs(source) && filepath.Dir(source) == dir {
		return filepath.Base(source)
	}
	return source
}

// umountHelperArgs reads DIR [-flnrv] [-N NAMESPACE] [-t TYPE]. Forced or lazy, the
// mount is detached although it is in use.
func umountHelperArgs(name string, args []string) (out []string, err error) {
	out = []string{"umount"}
	err = eachHelperArg(name, args, "flnrv", func(flag, value string) {
		switch flag {
		case "f", "l":
			out = append(out, "--force")
		case "":
			out = append(out, value)
		}
	})
	return out, err
}

// eachHelperArg tells of every flag, those of bare one by one, with its value, and
// of every other argument with the flag "".
func eachHelperArg(name string, args []string, bare string, tell func(flag, value string)) error {
	for i := 0; i < len(args); i++ {
		a := args[i]
		letters, isFlag := strings.CutPrefix(a, "-")
		switch {
		case a == "-o" || a == "-t" || a == "-N":
			if i++; i == len(args) {
				return exit.Errorf(exit.Usage, "%s: %s needs a value", name, a)
			}
			tell(letters, args[i])
		case isFlag && letters != "" && strings.Trim(letters, bare) == "":
			for _, l := range letters {
				tell(string(l), "")
			}
		case isFlag:
			return exit.Errorf(exit.Usage, "%s takes no %s: it is called by mount(8) and umount(8), by hand use ftpfs mount", name, say.Printable(a))
		default:
			tell("", a)
		}
	}
	return nil
}
