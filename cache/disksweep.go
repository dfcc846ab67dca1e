package cache

import (
	"cmp"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// sweep counts what all servers' entries occupy and makes room: those longest
// unused leave, until no more than most octets are left. The account is right then.
// If another process is at it, nothing is done.
func (d *diskCache) sweep(most int64) error {
	lock, err := lockCacheFile(d.base, "sweep", 0)
	if errors.Is(err, errLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	s := &diskSweep{base: d.base}
	servers, err := s.list("servers")
	if err != nil {
		return err
	}
	for _, server := range servers {
		if err := d.base.RemoveAll("servers/" + server.Name() + "/trash"); err != nil {
			return err
		}
		s.count("servers/" + server.Name() + "/tree")
	}
	s.evict(most)
	d.letGo()
	d.allowance = 0 // is not in what was counted
	// An account of nothing is not written; one octet is.
	return d.account(func(int64, bool) int64 { return max(1, s.total) })
}

// letGo closes entries that are no longer there: open, they occupy room.
func (d *diskCache) letGo() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.entries.Keys() {
		if e, ok := d.entries.Peek(p); ok && e.unlinked() {
			d.entries.Remove(p)
		}
	}
}

// diskSweep is what a sweep has found.
type diskSweep struct {
	base  *os.Root
	total int64
	dirs  []string
	found []diskFound
}

// diskFound is an entry, or what is left of one.
type diskFound struct {
	dir  uint32 // of diskSweep.dirs
	name [hexDigits / 2]byte
	used int64 // when, in s
	cost int64
}

// list returns what is in a directory; nothing, if it is not there.
func (s *diskSweep) list(dir string) ([]fs.DirEntry, error) {
	f, err := s.base.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

// count adds what is in dir and below it. What cannot be looked at, or is none of
// ours, does not count. Directories that have become empty leave.
func (s *diskSweep) count(dir string) {
	rows, err := s.list(dir)
	if err != nil {
		return
	}
	if len(rows) == 0 {
		_ = s.base.Remove(dir) // unless something is put there right now
		return
	}
	at := uint32(len(s.dirs))
	s.dirs = append(s.dirs, dir)
	here := map[[hexDigits / 2]byte]int{}
	for _, row := range rows {
		if row.IsDir() {
			s.total += diskUnit
			s.count(path.Join(dir, row.Name()))
			continue
		}
		stem, ending, _ := strings.Cut(row.Name(), ".")
		info, err := row.Info()
		b, hexErr := hex.DecodeString(stem)
		if err != nil || hexErr != nil || len(b) != hexDigits/2 || ending != "m" && ending != "d" {
			continue
		}
		name := [hexDigits / 2]byte(b)
		i, ok := here[name]
		if !ok {
			i = len(s.found)
			here[name] = i
			s.found = append(s.found, diskFound{dir: at, name: name})
		}
		f := &s.found[i]
		cost := info.Sys().(*syscall.Stat_t).Blocks * 512
		f.cost += cost
		s.total += cost
		if ending == "m" {
			f.used = info.ModTime().Unix()
		}
	}
}

// evict removes what was longest unused, until most octets are left.
func (s *diskSweep) evict(most int64) {
	slices.SortFunc(s.found, func(a, b diskFound) int { return cmp.Compare(a.used, b.used) })
	for _, f := range s.found {
		need := s.total - most
		if need <= 0 {
			return
		}
		name := s.dirs[f.dir] + "/" + hex.EncodeToString(f.name[:])
		if f.cost > 2*need && f.cost > punchLeast {
			if freed := punch(s.base, name, need); freed > 0 {
				s.total -= freed
				continue
			}
		}
		if removeDiskEntry(s.base, name) == nil {
			s.total -= f.cost
		}
	}
}

// punchLeast is what an entry occupies of which a part may leave.
const punchLeast = 16 << 20

// punch drops the first blocks of a large entry, need octets at least, and returns
// what that has freed. A file that is read from its beginning to its end, and is
// larger than the budget, keeps its last part thereby.
func punch(base *os.Root, name string, need int64) (freed int64) {
	e := &diskEntry{version: version{exact: true}}
	if e.openFiles(base, name, os.O_RDWR) != nil {
		return 0
	}
	defer e.close()
	if e.loadUnknown() != nil {
		return 0
	}
	for index := int64(0); index*blockSize < e.size && freed < need; index++ {
		if e.sum(index) == 0 {
			continue
		}
		n := blockLen(blockKey{version: e.version, index: index})
		if e.setSum(index, 0) != nil {
			break
		}
		if unix.Fallocate(int(e.data.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, index*blockSize, n) != nil {
			break // the file system cannot
		}
		freed += n
	}
	return freed
}
