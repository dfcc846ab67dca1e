package ftptest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
)

var vsftpd = kind{
	name:     Vsftpd,
	packages: []string{"vsftpd", "libpam-pwdfile"},
	binaries: []string{"usr/sbin/vsftpd"},
	mostTLS:  Implicit,
	start:    startVsftpd,
}

// startVsftpd runs vsftpd with a password and a chroot where that can be had,
// else for anonymous logins, with every change allowed.
func startVsftpd(s *Server) (running, error) {
	bin := s.kind.path("usr/sbin/vsftpd")
	s.Version = versionOf(bin, "-v")
	lines := s.vsftpdLines()
	var err error
	var cmd *exec.Cmd
	if canBindMount() {
		cmd, err = s.vsftpdWithPassword(bin, &lines)
	} else {
		cmd, err = s.vsftpdAnonymous(bin, &lines)
	}
	if err != nil {
		return nil, err
	}
	lines = append(lines, s.opts.extra...)
	if err := s.writeConfig("vsftpd.conf", lines); err != nil {
		return nil, err
	}
	return s.kind.run(s, cmd)
}

// vsftpdLines is the configuration that both ways to log in share.
func (s *Server) vsftpdLines() []string {
	lines := []string{
		"listen=" + yes(!s.opts.ipv6), "listen_ipv6=" + yes(s.opts.ipv6), fmt.Sprintf("listen_port=%d", s.Port),
		map[bool]string{false: "listen_address=", true: "listen_address6="}[s.opts.ipv6] + s.Host,
		"background=NO",
		"write_enable=" + yes(!s.opts.readOnly),
		"use_localtime=NO", "mdtm_write=YES", "force_dot_files=NO",
		"allow_writeable_chroot=YES", "secure_chroot_dir=" + s.file("empty"),
		// Its filter of system calls is older than today's C library.
		"seccomp_sandbox=NO",
		"xferlog_enable=YES", "log_ftp_protocol=YES", "vsftpd_log_file=" + s.file("vsftpd.log"),
	}
	if s.opts.clients > 0 {
		lines = append(lines, fmt.Sprintf("max_clients=%d", s.opts.clients))
	}
	if s.opts.perHost > 0 {
		lines = append(lines, fmt.Sprintf("max_per_ip=%d", s.opts.perHost))
	}
	// Its own default, from 1024 on, can hit the port of a server that restarts.
	lines = append(lines, fmt.Sprintf("pasv_min_port=%d", cmp.Or(s.opts.portMin, lastPort+1)),
		fmt.Sprintf("pasv_max_port=%d", cmp.Or(s.opts.portMax, 65535)))
	if s.opts.tls != NoTLS {
		lines = append(lines, s.vsftpdTLS()...)
	}
	return lines
}

// vsftpdTLS demands TLS everywhere, of uploads also that they end as TLS does
// and not just with the connection.
func (s *Server) vsftpdTLS() []string {
	return []string{
		"ssl_enable=YES", "allow_anon_ssl=YES", "implicit_ssl=" + yes(s.opts.tls == Implicit),
		"rsa_cert_file=" + s.file("server.pem"), "rsa_private_key_file=" + s.file("key.pem"),
		"force_local_logins_ssl=YES", "force_local_data_ssl=YES",
		"force_anon_logins_ssl=YES", "force_anon_data_ssl=YES",
		"require_ssl_reuse=YES", "strict_ssl_read_eof=YES", "ssl_ciphers=HIGH", "debug_ssl=YES",
	}
}

// vsftpdWithPassword has users from a file, as guests of root. Only PAM can do
// that, and PAM reads /etc/pam.d: vsftpd sees another one, in a mount namespace
// of its own. Copies of ftpfs mounts in there would keep these alive after
// their unmounting, so they are dropped first.
func (s *Server) vsftpdWithPassword(bin string, lines *[]string) (*exec.Cmd, error) {
	s.User, s.Password = passwordUser, password
	module, err := s.kind.find("pam_pwdfile.so")
	if err != nil {
		return nil, err
	}
	if err := s.mkdirs("pam.d", "empty"); err != nil {
		return nil, err
	}
	pam := fmt.Sprintf("auth required %s pwdfile=%s\naccount required pam_permit.so\n", module, s.file("users"))
	if err := os.WriteFile(s.file("pam.d/vsftpd"), []byte(pam), 0o644); err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.file("users"), []byte(passwordUser+":"+passwordHash+"\n"), 0o600); err != nil {
		return nil, err
	}
	*lines = append(*lines, "anonymous_enable=NO", "local_enable=YES", "guest_enable=YES", "guest_username=root",
		"virtual_use_local_privs=YES", "chroot_local_user=YES", "local_root="+s.Dir, "local_umask=022",
		"chmod_enable=YES", "pam_service_name=vsftpd")
	cmd := exec.Command("sh", "-c", `umount -a -l -t fuse.ftpfs; mount --bind "$1" /etc/pam.d && exec "$2" "$3"`,
		"sh", s.file("pam.d"), bin, s.file("vsftpd.conf"))
	ownMounts(cmd)
	return cmd, nil
}

// vsftpdAnonymous needs no privileges. SITE CHMOD is not to be had.
func (s *Server) vsftpdAnonymous(bin string, lines *[]string) (*exec.Cmd, error) {
	s.User, s.Password, s.Root = "anonymous", "ftpfs@", s.Dir
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	if err := s.mkdirs("empty"); err != nil {
		return nil, err
	}
	*lines = append(*lines, "run_as_launching_user=YES", "anonymous_enable=YES", "ftp_username="+me.Username,
		"anon_root="+s.Dir, "anon_umask=022", "anon_upload_enable=YES", "anon_mkdir_write_enable=YES",
		"anon_other_write_enable=YES", "anon_world_readable_only=NO", "isolate=NO", "isolate_network=NO")
	return exec.Command(bin, s.file("vsftpd.conf")), nil
}

// canBindMount reports whether a mount namespace can be made and changed.
var canBindMount = sync.OnceValue(func() bool {
	if os.Geteuid() != 0 {
		return false
	}
	cmd := exec.Command("mount", "--bind", "/etc/pam.d", "/etc/pam.d")
	ownMounts(cmd)
	return cmd.Run() == nil
})

func yes(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

// writeConfig writes a configuration file of the server.
func (s *Server) writeConfig(name string, lines []string) error {
	return os.WriteFile(s.file(name), []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// file returns the path of a file beside the served directory.
func (s *Server) file(name string) string { return filepath.Join(s.base, name) }

// mkdirs makes directories beside the served one.
func (s *Server) mkdirs(names ...string) error {
	for _, name := range names {
		if err := os.MkdirAll(s.file(name), 0o755); err != nil {
			return err
		}
	}
	return nil
}
