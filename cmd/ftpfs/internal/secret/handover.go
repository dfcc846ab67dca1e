package secret

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/exit"
)

// Handed are the passwords that were on the command line or in the
// environment, where other users or child processes could read them. The
// program replaces itself by one that has neither and gets them by a pipe.
type Handed struct {
	HasURL bool // the URL held a password
	URL    string
	URLs   map[int]string // those of a command with several, by the place among them

	HasProxy bool // --proxy held one
	Proxy    string

	HasEnv bool // FTPFS_PASSWORD was set
	Env    string

	HasServe bool // FTPFS_SERVE_PASSWORD was set
	Serve    string

	Users map[string]string // serve --user name:password

	HasIdle bool // the environment held one that counts for nothing
}

const (
	envPassword      = "FTPFS_PASSWORD"
	envServePassword = "FTPFS_SERVE_PASSWORD"
	envHandover      = "FTPFS_HANDOVER" // number of the descriptor to read secrets from
)

// maxHandover is what a pipe holds without a reader, by a good margin; bytes.
const maxHandover = 32 << 10

// Process is this process as its commands see it: its arguments, and the secrets
// that were among them or in the environment.
type Process struct {
	Args     []string // the program's name first
	Secrets  Handed
	Replaced bool // this process image is the one without secrets
}

// Take returns this process, which was called with args, with the secrets that were
// handed over, or else those of the environment. The variables are gone from the
// environment afterwards, as far as children see it.
func Take(args []string) (*Process, error) {
	p := &Process{Args: args}
	fd, handed := os.LookupEnv(envHandover)
	if handed {
		os.Unsetenv(envHandover)
		n, err := strconv.Atoi(fd)
		if err != nil || n < 3 {
			return nil, fmt.Errorf("%s is not for you to set", envHandover)
		}
		p.Replaced = true
		return p, ReadGob(os.NewFile(uintptr(n), "handover"), &p.Secrets)
	}
	s := &p.Secrets
	s.Env, s.HasEnv = os.LookupEnv(envPassword)
	s.Serve, s.HasServe = os.LookupEnv(envServePassword)
	os.Unsetenv(envPassword)
	os.Unsetenv(envServePassword)
	return p, nil
}

// Hide replaces this process by one with args, whose secrets are handed over; without
// any it does nothing. It returns an error only if there are some that cannot be hidden.
func (p *Process) Hide(args []string) error {
	if !p.Secrets.Exposed() {
		return nil
	}
	return exit.Errorf(exit.Failure, "cannot hide the password: %w", p.Secrets.replaceProcess(args))
}

func (s Handed) envPassword() *string {
	if !s.HasEnv {
		return nil
	}
	return &s.Env
}

// Exposed reports whether there is anything to hide.
func (s Handed) Exposed() bool {
	return s.HasURL || s.HasProxy || s.HasEnv || s.HasServe || s.HasIdle || len(s.Users) > 0 || len(s.URLs) > 0
}

// replaceProcess executes this program anew with args, without the secrets in
// arguments or environment. It returns only if that fails.
func (s Handed) replaceProcess(args []string) error {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		return err
	}
	if b.Len() > maxHandover {
		return exit.Errorf(exit.Usage, "the password is too long")
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	defer unix.Close(p[0])
	_, err := unix.Write(p[1], b.Bytes())
	unix.Close(p[1])
	if err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	if _, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETFD, 0); err != nil {
		return fmt.Errorf("pipe: %w", err)
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	return unix.Exec(exe, args, append(CleanEnviron(), envHandover+"="+strconv.Itoa(p[0])))
}

// CleanEnviron is the environment without secrets.
func CleanEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return name == envPassword || name == envServePassword || name == envHandover
	})
}

// ReadGob decodes one value and closes the file.
func ReadGob(f *os.File, v any) error {
	if f == nil {
		return os.ErrInvalid
	}
	defer f.Close()
	return gob.NewDecoder(io.LimitReader(f, MaxFile)).Decode(v)
}
