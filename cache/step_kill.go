//go:build killsteps

package cache

import (
	"io"
	"os"
	"syscall"
	"time"
)

// step stops at the step of an upload that FTPFS_KILL_AT names, if the file that
// FTPFS_KILL_IF names exists: it kills the process, as a crash would, or, with
// FTPFS_HOLD, waits until that file is gone, while a test does something to the server.
func step(name string) {
	marker := os.Getenv("FTPFS_KILL_IF")
	if name != os.Getenv("FTPFS_KILL_AT") || !exists(marker) {
		return
	}
	if os.Getenv("FTPFS_HOLD") == "" {
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}
	if err := os.WriteFile(marker+".reached", nil, 0o600); err != nil {
		panic(err) // the test would wait for ever
	}
	for exists(marker) {
		time.Sleep(time.Millisecond)
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// stepping returns r with steps at its beginning and its middle.
func stepping(r io.Reader, size int64) io.Reader { return &stepReader{r: r, size: size} }

type stepReader struct {
	r         io.Reader
	size, got int64
}

func (s *stepReader) Read(p []byte) (int, error) {
	if s.got == 0 {
		step("begun")
	}
	if s.got >= s.size/2 {
		step("half")
	}
	if s.size > 1 { // else it is not known
		p = p[:min(int64(len(p)), s.size/2)]
	}
	n, err := s.r.Read(p)
	s.got += int64(n)
	return n, err
}
