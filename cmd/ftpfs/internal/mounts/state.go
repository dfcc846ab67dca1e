// Package mounts knows the mounts of this program: each has a state file, held by its
// process, and a socket on which that answers.
package mounts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ftpfs/cmd/ftpfs/internal/say"
)

// UploadLimit bounds the uploads at the end of a mount.
const UploadLimit = 10 * time.Minute

// State is what a mount's process tells others about itself, in a file of
// its own whose lock it holds as long as it lives.
type State struct {
	PID        int       `json:"pid"`
	Mountpoint say.Raw   `json:"mountpoint"`
	Source     say.Raw   `json:"source"`
	Started    time.Time `json:"started"`
	// Failed is set when the mount has ended and not everything could be
	// uploaded; the file stays then until somebody has read it.
	Failed say.Raw `json:"failed,omitempty"`
}

// OwnDir returns the folder for this user's state files, making it.
func OwnDir() (string, error) {
	var errs []error
	for _, dir := range ownStateDirs() {
		err := MakePrivateDir(dir)
		if err == nil {
			return dir, nil
		}
		errs = append(errs, fmt.Errorf("state directory %s: %w", dir, say.Reason(err)))
	}
	return "", errors.Join(errs...)
}

// ownStateDirs are the places for this user's state files, the best first.
func ownStateDirs() []string {
	var dirs []string
	uid := os.Getuid()
	// su and sudo may leave us the variable of somebody else.
	if d := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(d) && OwnedBy(d, uid) {
		dirs = append(dirs, filepath.Join(d, "ftpfs"))
	}
	if uid == 0 {
		dirs = append(dirs, "/run/ftpfs")
	}
	return append(dirs, filepath.Join(os.TempDir(), "ftpfs-"+strconv.Itoa(uid)))
}

// Dirs are the folders where state files may be. Root looks into
// everybody's.
func Dirs() []string {
	dirs := ownStateDirs()
	who := "*"
	if uid := os.Getuid(); uid != 0 {
		who = strconv.Itoa(uid)
	}
	for _, pattern := range []string{"/run/user/" + who + "/ftpfs", "/tmp/ftpfs-" + who} {
		// The patterns are constant and well formed.
		found, _ := filepath.Glob(pattern)
		dirs = append(dirs, found...)
	}
	return dirs
}

// OwnedBy tells whether name is the user's.
func OwnedBy(name string, uid int) bool {
	info, err := os.Stat(name)
	return err == nil && int(info.Sys().(*syscall.Stat_t).Uid) == uid
}

// MakePrivateDir makes dir with mode 0700, or checks that it is a directory of
// ours that nobody else can write to: in /tmp somebody may have been first.
func MakePrivateDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if st := info.Sys().(*syscall.Stat_t); !info.IsDir() || int(st.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return errors.New("is not a private directory of this user")
	}
	return nil
}

// StateFile is the open and locked state file of this process's mount.
type StateFile struct {
	File  *os.File
	Path  string
	state State
}

// NewStateFile makes and locks a state file in dir.
func NewStateFile(dir string, st State) (*StateFile, error) {
	f, err := os.CreateTemp(dir, "mount-*.tmp")
	if err != nil {
		return nil, err
	}
	s := &StateFile{File: f, Path: strings.TrimSuffix(f.Name(), ".tmp") + ".json", state: st}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = s.write()
	}
	// Only now it gets the name that others look for: they never see one
	// that is half written or not locked yet.
	if err == nil {
		err = os.Rename(f.Name(), s.Path)
	}
	if err != nil {
		f.Close()
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	return s, nil
}

func (s *StateFile) write() error {
	text, err := json.Marshal(s.state)
	if err != nil {
		return err
	}
	if _, err := s.File.WriteAt(append(text, '\n'), 0); err != nil {
		return err
	}
	return s.File.Truncate(int64(len(text)) + 1)
}

// End tells that the mount is over: without a failure the file goes, else it
// stays to tell of it. The lock is held on, so that who waits for it waits for
// the end of the process.
func (s *StateFile) End(failed error) error {
	if failed == nil {
		return os.Remove(s.Path)
	}
	s.state.Failed = say.Raw(failed.Error())
	return s.write()
}
