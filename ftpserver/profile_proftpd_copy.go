package ftpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// proftpdCommands are those of mod_digest, mod_facts and mod_core that differ
// from ours.
func proftpdCommands() map[string]func(*session, string) reply {
	sums := func(code int, algorithm string) func(file, sum string) reply {
		return func(file, sum string) reply {
			if code == 251 {
				sum = file + " " + sum
			}
			return say(code, "Computing "+algorithm+" digest", sum)
		}
	}
	commands := map[string]func(*session, string) reply{
		"LIST": lateIfMissing, "HASH": proftpdHash, "STAT": proftpdStat, "OPTS": proftpdOpts,
		"CLNT": func(*session, string) reply { return say(200, "OK") },
		"MD5":  digestCommand("MD5", "MD5", sums(251, "MD5")),
	}
	for verb, algorithm := range map[string]string{"XCRC": "CRC32", "XMD5": "MD5", "XSHA": "SHA-1", "XSHA1": "SHA-1",
		"XSHA256": "SHA-256", "XSHA512": "SHA-512"} {
		commands[verb] = digestCommand(verb, algorithm, sums(250, strings.Replace(algorithm, "SHA-", "SHA", 1)))
	}
	return commands
}

// proftpdHash is HASH of the whole file, whatever RANG said, with a line before
// that says what is computed.
func proftpdHash(s *session, arg string) reply {
	name := s.digest
	return s.digestOf("HASH", arg, name, 0, 0, func(sum string, from, to int64) reply {
		return say(213, "Computing "+name+" digest", fmt.Sprintf("%s %d-%d %s %s", name, from, to, sum, arg))
	})
}

// proftpdOpts has UTF8 ON and OFF.
func proftpdOpts(s *session, arg string) reply {
	verb, options := splitLine(arg)
	switch {
	case verb == "UTF8" && strings.EqualFold(options, "OFF"):
		return say(200, "UTF8 set to off")
	case verb != "UTF8" && verb != "MLST" && verb != "HASH":
		return say(500, "OPTS not understood")
	}
	return s.cmdOpts(arg)
}

// proftpdStat has "." and "..", and a space before each row.
func proftpdStat(s *session, arg string) reply {
	return s.statListed(arg, statForm{dir: 212, file: 213, missing: 450, first: "Status of " + arg + ":", last: "End of status"})
}

// proftpdFind takes a broken link for nothing, and hides what begins with a
// dot also if it is named.
func proftpdFind(s *session, req *listing, arg string) error {
	req.onDisk = req.verb == "NLST"
	if req.verb == "STAT" {
		req.hidden, req.dots = true, true
	}
	hidden := req.hidden
	err := s.find(req, arg)
	if err != nil || (req.isDir && req.verb != "NLST") {
		return err
	}
	if !req.isDir && !strings.ContainsAny(arg, "*?[") {
		if _, err := s.account.fs.Stat(fsName(req.path)); err != nil {
			return err
		}
	}
	if req.verb == "NLST" {
		req.look(s, func(s *session, e entry) (entry, bool) {
			_, err := s.account.fs.Stat(fsName(e.path))
			return e, err == nil
		})
	}
	req.hidden = hidden
	return nil
}

// proftpdMlst describes a link by what it leads to.
func proftpdMlst(s *session, _ string, e entry) (entry, error) {
	fi, err := s.account.fs.Stat(fsName(e.path))
	e.fi = fi
	return e, err
}

// okOf is a command of SITE that is answered with 200.
func okOf(run func(*session, string) reply) func(*session, string) reply {
	return func(s *session, arg string) reply {
		if r := run(s, arg); r.code/100 != 2 {
			return r
		}
		return say(200, "SITE command successful")
	}
}

// proftpdMkdir is SITE MKDIR (mod_site_misc), which makes the directories above
// too; lftp's mkdir -p uses it.
func proftpdMkdir(s *session, arg string) reply {
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	for i := 1; i < len(p); i++ {
		if p[i] != '/' {
			continue
		}
		if err := s.account.fs.Mkdir(fsName(p[:i]), 0o777&^s.umask); err != nil && !errors.Is(err, os.ErrExist) {
			return fail(err)
		}
	}
	return s.cmdMkd(arg)
}

// proftpdCopyFrom is SITE CPFR (mod_copy).
func proftpdCopyFrom(s *session, arg string) reply {
	name, err := s.name(arg)
	if err == nil {
		_, err = s.account.fs.Lstat(name)
	}
	if err != nil {
		return fail(err)
	}
	s.copyFrom = arg
	return say(350, "File or directory exists, ready for destination name")
}

// proftpdCopyTo is SITE CPTO (mod_copy).
func proftpdCopyTo(s *session, arg string) reply {
	from := s.copyFrom
	s.copyFrom = ""
	if from == "" {
		return say(503, "Bad sequence of commands")
	}
	return s.copyFile(from, arg, say(250, "Copy successful"))
}

// proftpdCopy is SITE COPY (mod_site_misc).
func proftpdCopy(s *session, arg string) reply {
	words, ok := splitQuoted(arg)
	if !ok || len(words) != 2 {
		return say(500, "SITE COPY: Invalid number of arguments")
	}
	return s.copyFile(words[0], words[1], say(200, "SITE COPY command successful"))
}

// copyFile copies a file on a goroutine of its own.
func (s *session) copyFile(from, to string, done reply) reply {
	p, err := s.resolve(from)
	if err != nil {
		return fail(err)
	}
	target, err := s.name(to)
	if err != nil {
		return fail(err)
	}
	if target == fsName(p) {
		return fail(syscall.EINVAL)
	}
	src, _, err := s.openRegular(p, os.O_RDONLY)
	if err != nil {
		return fail(err)
	}
	dst, err := s.account.fs.OpenFile(target, os.O_WRONLY|os.O_CREATE, 0o666&^s.umask)
	if err != nil {
		return fail(errors.Join(err, src.Close()))
	}
	s.work("SITE", p, src, func(ctx context.Context) (reply, error) {
		err := dst.Truncate(0)
		if err == nil {
			_, err = io.Copy(dst, &boundReader{ctx, src})
		}
		return done, errors.Join(err, dst.Close())
	})
	return reply{}
}
