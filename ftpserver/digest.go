package ftpserver

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// digestTimeout bounds the computing of one hash.
const digestTimeout = 5 * time.Minute

// digestAlgorithms are those of HASH by the names of draft-bryan-ftpext-hash,
// in the order of FEAT. All of them find accidents; only SHA-2 finds malice.
var digestAlgorithms = []struct {
	name  string
	begin func() hash.Hash
}{
	{"SHA-256", sha256.New},
	{"SHA-512", sha512.New},
	{"SHA-1", sha1.New},
	{"MD5", md5.New},
	{"CRC32", func() hash.Hash { return crc32.NewIEEE() }},
}

const defaultDigest = "SHA-256"

// digestNamed returns how to begin a hash, or nil.
func digestNamed(name string) func() hash.Hash {
	for _, a := range digestAlgorithms {
		if strings.EqualFold(a.name, name) {
			return a.begin
		}
	}
	return nil
}

// hashFeature is the line of FEAT, with what OPTS HASH has chosen marked.
func (s *session) hashFeature() string {
	var names []string
	for _, a := range digestAlgorithms {
		if a.name == s.digest {
			names = append(names, a.name+"*")
		} else {
			names = append(names, a.name)
		}
	}
	return "HASH " + strings.Join(names, ";")
}

// optsHash is OPTS HASH (draft-bryan-ftpext-hash-02): it tells the algorithm
// and, if one is given, chooses it.
func (s *session) optsHash(name string) reply {
	if name == "" {
		return say(200, s.digest)
	}
	if digestNamed(name) == nil {
		return say(504, "Unknown algorithm; the choice stays.")
	}
	s.digest = strings.ToUpper(name)
	return say(200, s.digest)
}

// cmdHash is HASH (draft-bryan-ftpext-hash-02) of a file or the part of it
// that RANG or REST has set. The reply tells the offset of the first octet and,
// as ProFTPD does, the one behind the last.
func (s *session) cmdHash(arg string) reply {
	from, to := s.rest, s.rangeEnd
	name := s.digest
	return s.digestOf("HASH", arg, name, from, to, func(sum string, from, to int64) reply {
		return sayf(213, "%s %d-%d %s %s", name, from, to, sum, arg)
	})
}

// digestCommand is a command such as XMD5 (in no RFC, but in many servers): a
// path, in quotes or not, and perhaps the octets from and to, which is the
// first one behind the part.
func digestCommand(verb, algorithm string, answer func(path, sum string) reply) func(*session, string) reply {
	return func(s *session, arg string) reply {
		file, from, to, ok := s.digestArgs(arg)
		if !ok {
			return sayf(501, "Usage: %s path [from to]", verb)
		}
		return s.digestOf(verb, file, algorithm, from, to, func(sum string, _, _ int64) reply {
			return answer(file, strings.ToUpper(sum))
		})
	}
}

// digestArgs takes the two numbers off arg unless it is a file as a whole.
func (s *session) digestArgs(arg string) (file string, from, to int64, ok bool) {
	if words, quoted := splitQuoted(arg); quoted && strings.HasPrefix(arg, `"`) {
		file, words = words[0], words[1:]
		from, to, ok = parseRange(words)
		return file, from, to, ok
	}
	words := strings.Split(arg, " ")
	if n := len(words); n > 2 {
		_, err := s.regular(arg)
		from, to, ok = parseRange(words[n-2:])
		if err != nil && ok {
			return strings.Join(words[:n-2], " "), from, to, true
		}
	}
	return arg, 0, 0, true
}

func parseRange(words []string) (from, to int64, ok bool) {
	if len(words) == 0 {
		return 0, 0, true
	}
	if len(words) != 2 {
		return 0, 0, false
	}
	a, errA := strconv.ParseUint(words[0], 10, 63)
	b, errB := strconv.ParseUint(words[1], 10, 63)
	return int64(a), int64(b), errA == nil && errB == nil && a < b
}

// digestOf computes a hash of the octets from from to to, 0 for the end,
// without holding up the session: ABOR and the server's end stop it.
func (s *session) digestOf(verb, arg, algorithm string, from, to int64, answer func(sum string, from, to int64) reply) reply {
	p, err := s.resolve(arg)
	if err != nil {
		return fail(err)
	}
	f, size, err := s.openRegular(p, os.O_RDONLY)
	if err != nil {
		return fail(err)
	}
	if to == 0 || to > size {
		to = size
	}
	if from > to {
		return fail(errors.Join(errPastEnd, f.Close()))
	}
	begin := digestNamed(algorithm)
	s.work(verb, p, f, func(ctx context.Context) (reply, error) {
		sum, err := digest(ctx, s.srv.digests, begin(), f, from, to-from)
		return answer(sum, from, to), err
	})
	return reply{}
}

// digest reads n octets of f from offset from into h. At most as many as slots
// has room for are computed at a time.
func digest(ctx context.Context, slots chan struct{}, h hash.Hash, f File, from, n int64) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, digestTimeout, errDigestTime)
	defer cancel()
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return "", err
	}
	got, err := io.Copy(h, &boundReader{ctx, io.LimitReader(f, n)})
	if err == nil && got < n {
		err = errShrunk
	}
	return fmt.Sprintf("%x", h.Sum(nil)), err
}

var (
	errDigestTime = sayf(451, "No hash within %v; ask for parts of the file with RANG.", digestTimeout)
	errShrunk     = say(451, "The file was cut while it was read.")
)

// boundReader reads until ctx ends.
type boundReader struct {
	ctx context.Context
	r   io.Reader
}

func (b *boundReader) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	return b.r.Read(p)
}

// cmdRang is RANG (draft-bryan-ftp-range-08): the octets, the last included,
// for the RETR or HASH that follows. "RANG 1 0" takes it back.
func (s *session) cmdRang(arg string) reply {
	first, last, _ := strings.Cut(arg, " ")
	a, errA := strconv.ParseUint(first, 10, 62)
	b, errB := strconv.ParseUint(last, 10, 62)
	switch {
	case errA != nil || errB != nil || (a > b && (a != 1 || b != 0)):
		return say(501, "Usage: RANG first last")
	case s.ascii:
		return say(501, "RANG not allowed in ASCII mode.")
	case a > b:
		s.rest, s.rangeEnd = 0, 0
		return say(350, "No range any more.")
	}
	s.rest, s.rangeEnd = int64(a), int64(b)+1
	return sayf(350, "Restarting at %d, ending with %d.", a, b)
}
