package cache

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// diskEntry is an entry of the cache directory, open. The file that describes it
// begins with
//
//	magic, 8 octets
//	blockSize and the length of the path, 32 bits each
//	size and stamp of the version, 64 bits each
//	the path
//	CRC-32C of all that
//
// and, from the next multiple of 8 on, has the sum of each block in 64 bits; 0
// stands for a block that is not there. Numbers are little endian. Its methods may
// be called from several goroutines, and fail after close.
type diskEntry struct {
	path string
	version
	data, desc *os.File
	table      int64  // where in desc the sums begin
	seed       uint32 // of the sums, from path and version

	touched time.Time // guarded by diskCache.mu
}

const (
	diskMagic = "ftpfsB\x00\x01"
	diskHead  = 32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errNotEntry = errors.New("not an entry of the cache")

// header is what describes a version of a path.
func (e *diskEntry) header() []byte {
	b := append(make([]byte, 0, diskHead+len(e.path)+4), diskMagic...)
	b = binary.LittleEndian.AppendUint32(b, blockSize)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(e.path)))
	b = binary.LittleEndian.AppendUint64(b, uint64(e.size))
	b = binary.LittleEndian.AppendUint64(b, uint64(e.stamp))
	b = append(b, e.path...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// derive sets what follows from path and version.
func (e *diskEntry) derive() (header []byte) {
	header = e.header()
	e.seed = crc32.Checksum(header, castagnoli)
	e.table = (int64(len(header)) + 7) / 8 * 8
	return header
}

// openDiskEntry opens the entry of a path.
func openDiskEntry(home *os.Root, p string) (*diskEntry, error) {
	name := treeName(p)
	e := &diskEntry{path: p, version: version{exact: true}}
	if err := e.openFiles(home, name, os.O_RDWR); err != nil {
		return nil, err
	}
	if err := e.load(); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// openFiles opens both files.
func (e *diskEntry) openFiles(home *os.Root, name string, flags int) (err error) {
	// Without O_NONBLOCK the open of a pipe that somebody has put there waits.
	if e.desc, err = home.OpenFile(name+".m", flags|syscall.O_NONBLOCK, 0o600); err == nil {
		e.data, err = home.OpenFile(name+".d", flags|syscall.O_NONBLOCK, 0o600)
	}
	for _, f := range []*os.File{e.desc, e.data} {
		if err == nil {
			var info fs.FileInfo
			if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
				err = errNotEntry
			}
		}
	}
	if err != nil {
		e.close()
	}
	return err
}

// load reads the version and checks that all is in order.
func (e *diskEntry) load() error {
	head := make([]byte, diskHead+len(e.path)+4)
	if _, err := e.desc.ReadAt(head, 0); err != nil {
		return err
	}
	return e.adopt(head)
}

// loadUnknown is load where the path is not known.
func (e *diskEntry) loadUnknown() error {
	head := make([]byte, diskHead+diskPathMost+4)
	n, err := e.desc.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if n < diskHead {
		return errNotEntry
	}
	most := int64(n - diskHead - 4)
	length := int64(binary.LittleEndian.Uint32(head[12:]))
	if length > most {
		return errNotEntry
	}
	e.path = string(head[diskHead : diskHead+length])
	return e.adopt(head[:diskHead+length+4])
}

// adopt takes over what a header says, if it is one of this path.
func (e *diskEntry) adopt(head []byte) error {
	e.size = int64(binary.LittleEndian.Uint64(head[16:]))
	e.stamp = int64(binary.LittleEndian.Uint64(head[24:]))
	if e.size < 0 || string(e.derive()) != string(head) {
		return errNotEntry
	}
	return nil
}

// createDiskEntry makes the entry of a version of a path in the place of what is
// there.
func createDiskEntry(home *os.Root, p string, v version) (*diskEntry, error) {
	name := treeName(p)
	if err := removeDiskEntry(home, name); err != nil {
		return nil, err
	}
	e := &diskEntry{path: p, version: v, touched: time.Now()}
	err := fs.ErrNotExist
	for try := 0; try < 3 && errors.Is(err, fs.ErrNotExist); try++ { // a sweep may remove the directory meanwhile
		if err = home.MkdirAll(path.Dir(name), 0o700); err == nil {
			err = e.openFiles(home, name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
		}
	}
	if err != nil {
		return nil, err
	}
	if _, err := e.desc.WriteAt(e.derive(), 0); err != nil {
		e.close()
		return nil, errors.Join(err, removeDiskEntry(home, name))
	}
	return e, nil
}

// removeDiskEntry removes the files of an entry, as far as they are there. Without
// the description the data is nothing, so that goes first.
func removeDiskEntry(home *os.Root, name string) error {
	for _, ending := range []string{".m", ".d"} {
		if err := home.RemoveAll(name + ending); err != nil { // it could be a directory
			return err
		}
	}
	return nil
}

func (e *diskEntry) close() {
	for _, f := range []*os.File{e.desc, e.data} {
		if f != nil {
			f.Close()
		}
	}
}

// unlinked tells whether the entry is no longer in the directory: another process
// has forgotten or replaced it.
func (e *diskEntry) unlinked() bool {
	info, err := e.desc.Stat()
	return err != nil || info.Sys().(*syscall.Stat_t).Nlink == 0
}

// touch sets the time of the last use. That it fails has no consequence but that
// the entry leaves earlier.
func (e *diskEntry) touch(now time.Time) {
	c, err := e.desc.SyscallConn()
	if err != nil {
		return // it was closed meanwhile
	}
	tv := unix.NsecToTimeval(now.UnixNano())
	_ = c.Control(func(fd uintptr) { _ = unix.Futimes(int(fd), []unix.Timeval{tv, tv}) })
}
