package ftptest

import (
	"fmt"
	"os"
	"os/exec"
)

var pureftpd = kind{
	name:      PureFTPd,
	needsRoot: true,
	packages:  []string{"pure-ftpd"},
	binaries:  []string{"usr/sbin/pure-ftpd", "usr/bin/pure-pw"},
	mostTLS:   Explicit,
	start:     startPureFTPd,
}

// pureUser is who Pure-FTPd's sessions run as: it lets nobody be root.
const pureUser = 65534

// startPureFTPd runs Pure-FTPd with a user from a PureDB, in a chroot.
func startPureFTPd(s *Server) (running, error) {
	bin := s.kind.path("usr/sbin/pure-ftpd")
	s.Version = versionOf(bin, "--help")
	s.User, s.Password = passwordUser, password
	s.UID, s.GID = pureUser, pureUser
	if !s.opts.readOnly {
		if err := os.Chown(s.Dir, s.UID, s.GID); err != nil {
			return nil, err
		}
	}
	if err := s.writePureDB(); err != nil {
		return nil, err
	}
	args := []string{"-S", fmt.Sprintf("%s,%d", s.Host, s.Port), map[bool]string{false: "-4", true: "-6"}[s.opts.ipv6], "-H", "-A", "-E",
		"-l", "puredb:" + s.file("users.pdb"), "-g", s.file("pid")}
	if s.opts.tls != NoTLS {
		args = append(args, "--tls=3", "--certfile="+s.file("both.pem"))
	}
	if s.opts.clients > 0 {
		args = append(args, "-c", fmt.Sprint(s.opts.clients))
	}
	if s.opts.perHost > 0 {
		args = append(args, "-C", fmt.Sprint(s.opts.perHost))
	}
	if s.opts.portMax > 0 {
		args = append(args, "-p", fmt.Sprintf("%d:%d", s.opts.portMin, s.opts.portMax))
	}
	return s.kind.run(s, exec.Command(bin, append(args, s.opts.extra...)...))
}

// writePureDB makes the user database; what read-only means to Pure-FTPd is
// that the directory belongs to somebody else.
func (s *Server) writePureDB() error {
	user := fmt.Sprintf("%s:%s:%d:%d::%s/./::::::::::::\n", s.User, passwordHash, s.UID, s.GID, s.Dir)
	if err := os.WriteFile(s.file("users"), []byte(user), 0o600); err != nil {
		return err
	}
	bin := s.kind.path("usr/bin/pure-pw")
	cmd := exec.Command(bin, "mkdb", s.file("users.pdb"), "-f", s.file("users"))
	cmd.Env = append(os.Environ(), libraryPath(bin))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pure-pw mkdb: %w: %s", err, out)
	}
	return nil
}
