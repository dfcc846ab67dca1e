package main

import (
	"os"
	"os/user"
)

// defaultPath is the PATH of who has none: that of root at login.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// completeEnviron sets PATH and HOME where they are missing: mount(8) takes both from
// its helpers, and systemd gives no home to services of the system. Without them
// fusermount3 is not found, nor the user's configuration, .netrc and spool.
func completeEnviron() error {
	if os.Getenv("PATH") == "" {
		if err := os.Setenv("PATH", defaultPath); err != nil {
			return err
		}
	}
	if os.Getenv("HOME") != "" {
		return nil
	}
	who, err := user.Current()
	if err != nil || who.HomeDir == "" {
		return nil // a user whom this machine does not know has no home
	}
	return os.Setenv("HOME", who.HomeDir)
}
