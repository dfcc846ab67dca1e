package ftpserver

import "syscall"

// cmdList is LIST (RFC 959 section 4.1.3) in the format of ls -l.
func (s *session) cmdList(arg string) reply {
	req, err := s.listing("LIST", arg)
	if err == nil {
		err = s.dataReady()
	}
	if err != nil {
		return fail(err)
	}
	return s.sendRows("LIST", req.path, req.rows(s, listRow))
}

// cmdNlst is NLST (RFC 959 section 4.1.3): names that can be given back, so
// those of another directory have its path before them.
func (s *session) cmdNlst(arg string) reply {
	req, err := s.listing("NLST", arg)
	if err == nil {
		err = s.dataReady()
	}
	switch {
	case err != nil:
		return fail(err)
	case req.long:
		return s.sendRows("NLST", req.path, req.rows(s, listRow))
	}
	rows := req.rows(s, func(_ *session, e entry) string { return req.prefix + e.label })
	return s.sendRows("NLST", req.path, rows)
}

// cmdMlsd is MLSD (RFC 3659 section 7): everything in a directory, with the
// directory and its parent. The argument is a name and nothing else.
func (s *session) cmdMlsd(arg string) reply {
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	fi, err := s.account.fs.Stat(fsName(p))
	switch {
	case err != nil:
		return fail(err)
	case !fi.IsDir():
		return say(501, syscallText(syscall.ENOTDIR))
	}
	req := &listing{verb: "MLSD", path: p, hidden: true, dots: true, onDisk: s.srv.profile.onDisk}
	err = s.readDir(req)
	if err == nil {
		err = s.dataReady()
	}
	if err != nil {
		return fail(err)
	}
	if look := s.srv.profile.mlsd; look != nil {
		req.look(s, look)
	}
	return s.sendRows("MLSD", p, req.rows(s, factsRow))
}

// cmdMlst is MLST (RFC 3659 section 7): one entry over the control connection.
func (s *session) cmdMlst(arg string) reply {
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	fi, err := s.account.fs.Lstat(fsName(p))
	if err != nil {
		return fail(err)
	}
	e := entry{p, p, fi}
	if look := s.srv.profile.mlst; look != nil {
		if e, err = look(s, arg, e); err != nil {
			return fail(err)
		}
	}
	return say(250, "Listing follows:", factsRow(s, e), "End")
}
