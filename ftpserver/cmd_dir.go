package ftpserver

import (
	"path"
	"syscall"
)

// cmdCwd is CWD (RFC 959 section 4.1.1).
func (s *session) cmdCwd(arg string) reply {
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	fi, err := s.account.fs.Stat(fsName(p))
	switch {
	case err != nil:
		return fail(err)
	case !fi.IsDir():
		return fail(syscall.ENOTDIR)
	}
	s.cwd = p
	return say(250, "Directory changed.")
}

// cmdCdup is CDUP (RFC 959 section 4.1.1).
func (s *session) cmdCdup(string) reply { return s.cmdCwd(path.Dir(s.cwd)) }

// cmdPwd is PWD (RFC 959 appendix II).
func (s *session) cmdPwd(string) reply {
	return say(257, quoted(s.cwd)+" is the current directory.")
}

// cmdMkd is MKD (RFC 959 appendix II).
func (s *session) cmdMkd(arg string) reply {
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	if p == "/" {
		return fail(syscall.EEXIST)
	}
	if err := s.account.fs.Mkdir(fsName(p), 0o777&^s.umask); err != nil {
		return fail(err)
	}
	return say(257, quoted(p)+" created.")
}

// cmdRmd is RMD (RFC 959 section 4.1.3).
func (s *session) cmdRmd(arg string) reply {
	name, err := s.name(arg)
	if err == nil {
		err = s.account.fs.RemoveDir(name)
	}
	if err != nil {
		return fail(err)
	}
	return say(250, "Directory removed.")
}
