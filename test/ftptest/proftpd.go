package ftptest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
)

var proftpd = kind{
	name:     ProFTPD,
	packages: []string{"proftpd-core", "proftpd-mod-crypto"},
	binaries: []string{"usr/sbin/proftpd", "usr/lib/proftpd/mod_site_misc.so", "usr/lib/proftpd/mod_copy.so",
		"usr/lib/proftpd/mod_tls.so"},
	mostTLS: Implicit,
	start:   startProFTPD,
}

// startProFTPD runs ProFTPD with a user from a file. Without root it cannot
// chroot: the client then sees the disk's own paths.
func startProFTPD(s *Server) (running, error) {
	bin := s.kind.path("usr/sbin/proftpd")
	s.Version = versionOf(bin, "-v")
	s.User, s.Password = passwordUser, password
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		return nil, err
	}
	lines := append(s.proftpdLines(), "User "+me.Username, "Group "+group.Name)
	if os.Geteuid() == 0 {
		lines = append(lines, "RootLogin on", "DefaultRoot ~")
	} else {
		s.Root = s.Dir
	}
	passwd := fmt.Sprintf("%s:%s:%d:%d::%s:/bin/sh\n", s.User, passwordHash, s.UID, s.GID, s.Dir)
	if err := os.WriteFile(s.file("users"), []byte(passwd), 0o600); err != nil {
		return nil, err
	}
	if err := s.writeConfig("proftpd.conf", append(lines, s.opts.extra...)); err != nil {
		return nil, err
	}
	return s.kind.run(s, exec.Command(bin, "-n", "-c", s.file("proftpd.conf")))
}

// proftpdLines is the configuration that does not depend on who runs it.
func (s *Server) proftpdLines() []string {
	modules := filepath.Dir(s.kind.path("usr/lib/proftpd/mod_copy.so"))
	lines := []string{
		`ServerName "ftptest"`, "ServerType standalone",
		"DefaultAddress " + s.Host, "SocketBindTight on", fmt.Sprintf("Port %d", s.Port),
		"UseIPv6 " + on(s.opts.ipv6), "UseReverseDNS off",
		"ModulePath " + modules, "LoadModule mod_site_misc.c", "LoadModule mod_copy.c",
		"ControlsEngine off", "DelayEngine off", "DelayTable none", "WtmpLog off", "TransferLog none",
		"PidFile " + s.file("pid"), "ScoreboardFile " + s.file("scoreboard"),
		"SystemLog " + s.file("proftpd.log"),
		`LogFormat protocol "%P %r -> %s %S"`, "ExtendedLog " + s.file("commands.log") + " ALL protocol",
		"AuthOrder mod_auth_file.c", "AuthUserFile " + s.file("users"), "RequireValidShell off",
		"AllowOverwrite on", "AllowStoreRestart on",
	}
	if s.opts.readOnly {
		lines = append(lines, "<Limit WRITE>", "DenyAll", "</Limit>")
	}
	if s.opts.clients > 0 {
		lines = append(lines, fmt.Sprintf("MaxClients %d", s.opts.clients))
	}
	if s.opts.perHost > 0 {
		lines = append(lines, fmt.Sprintf("MaxClientsPerHost %d", s.opts.perHost))
	}
	if s.opts.portMax > 0 {
		lines = append(lines, fmt.Sprintf("PassivePorts %d %d", s.opts.portMin, s.opts.portMax))
	}
	if s.opts.tls != NoTLS {
		lines = append(lines, s.proftpdTLS()...)
	}
	return lines
}

// proftpdTLS demands TLS everywhere.
func (s *Server) proftpdTLS() []string {
	lines := []string{
		"LoadModule mod_tls.c", "TLSEngine on", "TLSRequired on", "TLSLog " + s.file("tls.log"),
		"TLSRSACertificateFile " + s.file("server.pem"), "TLSRSACertificateKeyFile " + s.file("key.pem"),
	}
	protocols := "TLSv1.2 TLSv1.3"
	if s.opts.tlsVersion != 0 {
		protocols = opensslName(s.opts.tlsVersion)
	}
	// Without tickets, its own default in TLS 1.2, no client made with crypto/tls
	// can resume a session, which it demands.
	lines = append(lines, "TLSProtocol "+protocols, "TLSSessionTickets "+on(!s.opts.noTickets))
	if s.opts.tls == Implicit {
		lines = append(lines, "TLSOptions UseImplicitSSL")
	}
	return lines
}

func on(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
