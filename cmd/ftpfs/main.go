// Command ftpfs mounts an FTP server as a local directory, and serves one.
package main

import (
	"fmt"
	"os"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mounthelper"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/secret"
)

func main() {
	os.Exit(int(run(os.Args)))
}

// run is the program: it returns what the process exits with. Every error is
// one line on stderr.
func run(argv []string) exit.Code {
	if err := completeEnviron(); err != nil {
		return complain(err)
	}
	process, err := secret.Take(argv)
	if err != nil {
		return complain(fmt.Errorf("passwords: %w", err))
	}
	root := newRoot(process)
	args, fake, err := mounthelper.Translate(argv)
	if err != nil {
		return complain(err)
	}
	if fake {
		return exit.OK
	}
	return complain(execute(root, args))
}

func complain(err error) exit.Code {
	if err == nil {
		return exit.OK
	}
	fmt.Fprintln(os.Stderr, "ftpfs: "+say.OneLine(err))
	return exit.CodeOf(err)
}
