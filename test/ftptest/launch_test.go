package ftptest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestLaunch(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			Require(t, name)
			below := t.TempDir()
			s, err := Launch(name, TLS(Explicit), Below(below))
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Dir(filepath.Dir(s.Dir)) != below {
				t.Errorf("it serves %s, want something below %s", s.Dir, below)
			}
			if err := s.login(); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if c, err := net.Dial("tcp", s.Addr()); err == nil {
				c.Close()
				t.Error("it still listens after Close")
			}
			if _, err := os.Stat(s.base); !os.IsNotExist(err) {
				t.Errorf("its files after Close: %v, want none", err)
			}
		})
	}
}

func TestLaunchSaysWhatItCannot(t *testing.T) {
	inside := Inside("198.18.0.1", func(*exec.Cmd) error { return nil })
	for _, c := range []struct {
		name, server string
		option       Option
	}{
		{"unknown kind", "wuftpd", MaxClients(1)},
		{"the bundled server elsewhere", Bundled, inside},
	} {
		if s, err := Launch(c.server, c.option); err == nil {
			s.Close()
			t.Errorf("%s: started", c.name)
		}
	}
	Require(t, PureFTPd)
	if s, err := Launch(PureFTPd, TLS(Implicit)); err == nil {
		s.Close()
		t.Error("Pure-FTPd with implicit TLS: started")
	}
}
