package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/remote"
	"ftpfs/cmd/ftpfs/internal/secret"
	"ftpfs/cmd/ftpfs/internal/settings"
)

// parsed runs the mount command's flag handling on args.
func parsed(t *testing.T, args ...string) (*mountCommand, []string, error) {
	t.Helper()
	var warnings []string
	c := &mountCommand{Process: &secret.Process{}, cacheSize: defaultCacheBytes, diskSize: defaultDiskBytes}
	cmd := newMountCommand(c.Process)
	cmd.ResetFlags()
	c.addFlags(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		return c, nil, err
	}
	err := settings.ApplyOptions(cmd.Flags(), c.options, func(s string) { warnings = append(warnings, s) })
	if err == nil {
		err = settings.ApplyEnvironment(cmd.Flags(), "FTPFS_")
	}
	return c, warnings, err
}

// validated is parsed with a URL, and then checked.
func validated(t *testing.T, url string, args ...string) (mountJob, error) {
	t.Helper()
	c, _, err := parsed(t, args...)
	if err == nil {
		err = c.validate(url, "/mnt")
	}
	return c.job, err
}

func TestOptionsOfMount(t *testing.T) {
	c, warnings, err := parsed(t, "-o", "ro,allow_other,uid=1000,gid=100,umask=077,_netdev,noauto,nofail,user,x-systemd.automount,nosuid,nodev,noatime",
		"-o", "connections=3,attr_timeout=0,cache-size=1M,,password_file=/a\\,b,netrc=/n=m")
	if err != nil || len(warnings) != 0 {
		t.Fatalf("%v, warnings %q", err, warnings)
	}
	j := c.job
	if !j.ReadOnly || !j.AllowOther || j.UID != 1000 || j.GID != 100 || c.umask != 0o077 || j.Connections != 3 ||
		j.AttrTTL != 0 || c.cacheSize != 1<<20 {
		t.Errorf("%+v", c)
	}
	if s, err := c.credentials(); err != nil || s.PasswordFile != "/a,b" || s.Netrc != "/n=m" {
		t.Errorf("%+v, %v", s, err)
	}
	if c, _, err = parsed(t, "-o", "ro,rw"); err != nil || c.job.ReadOnly {
		t.Errorf("ro,rw: read-only %v, %v", c.job.ReadOnly, err)
	}
	if _, warnings, err = parsed(t, "-o", "sync"); err != nil || len(warnings) != 1 {
		t.Errorf("sync: %q, %v", warnings, err)
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, o := range []string{"password=sesame", "nonsense", "connections", "connections=sesame", "demo", "options=ro", "help"} {
		_, _, err := parsed(t, "-o", o)
		if exit.CodeOf(err) != exit.Usage {
			t.Errorf("-o %s: %v", o, err)
		}
		if o == "password=sesame" && strings.Contains(err.Error(), "sesame") {
			t.Errorf("-o password tells it: %v", err)
		}
	}
}

// TestPrecedence: flag, then -o, then environment, then default.
func TestPrecedence(t *testing.T) {
	t.Setenv("FTPFS_CONNECTIONS", "5")
	t.Setenv("FTPFS_ATTR_TIMEOUT", "1m")
	t.Setenv("FTPFS_ALLOW_OTHER", "true")
	t.Setenv("FTPFS_TIMEOUT", "")
	c, _, err := parsed(t)
	if err != nil || c.job.Connections != 5 || c.job.AttrTTL != time.Minute || !c.job.AllowOther || c.job.Timeout != remote.DefaultTimeout {
		t.Errorf("environment: %+v, %v", c.job, err)
	}
	if c, _, err = parsed(t, "-o", "connections=6"); err != nil || c.job.Connections != 6 {
		t.Errorf("-o over environment: %d, %v", c.job.Connections, err)
	}
	if c, _, err = parsed(t, "-o", "connections=6", "--connections=7"); err != nil || c.job.Connections != 7 {
		t.Errorf("flag over -o: %d, %v", c.job.Connections, err)
	}
	t.Setenv("FTPFS_CONNECTIONS", "many")
	if _, _, err = parsed(t); exit.CodeOf(err) != exit.Usage || !strings.Contains(err.Error(), "FTPFS_CONNECTIONS") {
		t.Errorf("bad variable: %v", err)
	}
}

// TestDemoFlagsRefused: the demo takes no flags of servers elsewhere.
func TestDemoFlagsRefused(t *testing.T) {
	for _, flag := range []string{"--tls=try", "--encoding=latin1", "--timezone=UTC", "--proxy=socks5://h"} {
		name, _, _ := strings.Cut(flag, "=")
		if _, err := validated(t, "", "--demo", flag); exit.CodeOf(err) != exit.Usage || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "the demo") {
			t.Errorf("%s: %v", flag, err)
		}
	}
	if _, err := validated(t, "", "--demo"); err != nil {
		t.Error(err)
	}
}

// ofOneCall are the commands whose own flags say what one call does, and are no
// settings that an environment could have.
var ofOneCall = []string{"ls", "get", "mget", "put", "mput", "copy", "cat", "rm", "mkdir", "mv", "stat", "status"}

func TestEveryFlagHasHelpAndVariable(t *testing.T) {
	for _, cmd := range newRoot(&secret.Process{}).Commands() {
		if cmd.Hidden || cmd.RunE == nil {
			continue
		}
		if cmd.Example == "" || cmd.Long == "" {
			t.Errorf("%s has no example or no description", cmd.Name())
		}
		usage := cmd.Flags().FlagUsages()
		if usage == "" || slices.Contains(ofOneCall, cmd.Name()) {
			continue
		}
		for line := range strings.SplitSeq(strings.TrimSpace(usage), "\n") {
			if !strings.Contains(line, "[FTPFS_") && !strings.Contains(line, "--demo") && !strings.Contains(line, "--options") {
				t.Errorf("%s: no variable: %s", cmd.Name(), line)
			}
		}
	}
}
