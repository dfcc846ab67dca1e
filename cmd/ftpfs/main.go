// Command ftpfs mounts an FTP server as a local directory, and serves one.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	os.Exit(int(run(os.Args)))
}

// run is the program: it returns what the process exits with. Every error is
// one line on stderr.
func run(argv []string) exitCode {
	handed, was, err := takeSecrets()
	if err != nil {
		return complain(fmt.Errorf("passwords: %w", err))
	}
	root := newRoot(&program{argv: argv, secrets: handed, replaced: was})
	args, fake, err := translateArgs(argv)
	if err != nil {
		return complain(err)
	}
	if fake {
		return exitOK
	}
	return complain(execute(root, args))
}

func complain(err error) exitCode {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(os.Stderr, "ftpfs: "+oneLine(err))
	return codeOf(err)
}

// program is what the commands share: the process's own arguments, and the
// secrets that were among them or in the environment.
type program struct {
	argv     []string
	secrets  secrets
	replaced bool // this process image is the one without secrets
}

// warn tells a person of something that did not stop the command.
func (p *program) warn(text string) {
	fmt.Fprintln(os.Stderr, "ftpfs: warning: "+text)
}

// translateArgs returns the arguments for the root command. Called as
// mount.ftpfs, as mount(8) does, the program takes that protocol:
// spec dir [-sfnv] [-o options] [-t type]; -f is a dry run there. A URL in the
// place of the command means mount, as mount.fuse3 calls us.
func translateArgs(argv []string) (args []string, fake bool, err error) {
	args = argv[1:]
	if filepath.Base(argv[0]) != "mount.ftpfs" {
		if len(args) > 0 && strings.Contains(args[0], "://") {
			args = append([]string{"mount"}, args...)
		}
		return args, false, nil
	}
	out := []string{"mount"}
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "-o" || a == "-t" || a == "-N":
			if i++; i == len(args) {
				return nil, false, failf(exitUsage, "mount.ftpfs: %s needs a value", a)
			}
			if a == "-o" {
				out = append(out, a, args[i])
			}
		case strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && strings.Trim(a[1:], "sfnv") == "":
			fake = fake || strings.Contains(a, "f")
			if strings.Contains(a, "v") {
				out = append(out, "--verbose")
			}
		default:
			out = append(out, a)
		}
	}
	return out, fake, nil
}
