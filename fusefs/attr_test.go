package fusefs

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"ftpfs/cache"
	"ftpfs/ftpclient"
)

// STAT-2: attributes as stat(2) shows them.
func TestSTAT2_Attributes(t *testing.T) {
	f := newFilesystem(nil, Options{UID: 7, GID: 8, Umask: 0o022})
	when := time.Unix(-5, 6)
	for _, tt := range []struct {
		name       string
		attr       cache.Attr
		mode       uint32
		blocks     uint64
		mtime      int64
		mtimeNanos uint32
	}{
		{"file", cache.Attr{Type: ftpclient.TypeFile, Size: 513, Mode: 0o666, ModTime: when}, syscall.S_IFREG | 0o644, 2, -5, 6},
		{"file for nobody", cache.Attr{Type: ftpclient.TypeFile}, syscall.S_IFREG, 0, 0, 0},
		{"dir", cache.Attr{Type: ftpclient.TypeDir, Size: 4096, Mode: 0o3777}, syscall.S_IFDIR | 0o3755, 0, 0, 0},
		{"link", cache.Attr{Type: ftpclient.TypeSymlink, Mode: 0o600, Size: 3}, syscall.S_IFLNK | 0o777, 1, 0, 0},
		{"device", cache.Attr{Type: ftpclient.TypeOther, Mode: 0o600}, syscall.S_IFREG | 0o600, 0, 0, 0},
		{"unknown", cache.Attr{Size: -1, Mode: 0o644}, syscall.S_IFREG | 0o644, 0, 0, 0},
	} {
		var out fuse.Attr
		f.fill(&out, tt.attr)
		if out.Mode != tt.mode || out.Blocks != tt.blocks || int64(out.Mtime) != tt.mtime || out.Mtimensec != tt.mtimeNanos {
			t.Errorf("%s: mode %o blocks %d mtime %d.%d", tt.name, out.Mode, out.Blocks, int64(out.Mtime), out.Mtimensec)
		}
		if out.Uid != 7 || out.Gid != 8 || out.Nlink != 1 || out.Ctime != out.Mtime || out.Atime != out.Mtime {
			t.Errorf("%s: %+v", tt.name, out)
		}
	}
}

// CACHE-1: the kernel believes an answer no longer than the volume.
func TestCACHE1_Timeouts(t *testing.T) {
	f := newFilesystem(nil, Options{})
	for _, fresh := range []time.Duration{-time.Second, 0, 1500 * time.Millisecond} {
		var entry fuse.EntryOut
		var attr fuse.AttrOut
		f.fillEntry(&entry, cache.Attr{Fresh: fresh})
		f.fillAttr(&attr, cache.Attr{Fresh: fresh})
		want := max(fresh, 0)
		if entry.EntryTimeout() != want || entry.AttrTimeout() != want || attr.Timeout() != want {
			t.Errorf("fresh %v: %v %v %v", fresh, entry.EntryTimeout(), entry.AttrTimeout(), attr.Timeout())
		}
	}
}

// SETATTR-1: what the kernel asks for is what the volume is asked.
func TestSETATTR1_Change(t *testing.T) {
	var in fuse.SetAttrIn
	in.Valid = fuse.FATTR_ATIME | fuse.FATTR_UID
	if c := change(&in); !isEmpty(c) {
		t.Errorf("access time and owner became %+v", c)
	}
	in.Valid = fuse.FATTR_SIZE | fuse.FATTR_MODE | fuse.FATTR_MTIME
	in.Size, in.Mode, in.Mtime = 9, syscall.S_IFREG|0o4711, 77
	c := change(&in)
	if isEmpty(c) || *c.Size != 9 || *c.Mode != 0o4711 || c.ModTime.Unix() != 77 {
		t.Errorf("change is %+v", c)
	}
	in.Valid = fuse.FATTR_MTIME | fuse.FATTR_MTIME_NOW
	before := time.Now()
	if c := change(&in); c.ModTime == nil || c.ModTime.Before(before) {
		t.Errorf("UTIME_NOW became %+v", c)
	}
}

// NAME-1: names that no server can be sent.
func TestNAME1_Names(t *testing.T) {
	for _, tt := range []struct {
		name         string
		make, lookup syscall.Errno
	}{
		{"ordinary", 0, 0},
		{"\xff\xfe not UTF-8", 0, 0},
		{strings.Repeat("x", 255), 0, 0},
		{strings.Repeat("x", 256), syscall.ENAMETOOLONG, syscall.ENAMETOOLONG},
		{"a\nDELE b", syscall.EINVAL, syscall.ENOENT},
		{"a\rb", syscall.EINVAL, syscall.ENOENT},
		{"a\x00b", syscall.EINVAL, syscall.ENOENT},
	} {
		if e := checkName(tt.name); e != tt.make {
			t.Errorf("make %q: %v, want %v", tt.name, e, tt.make)
		}
		if e := checkLookup(tt.name); e != tt.lookup {
			t.Errorf("look up %q: %v, want %v", tt.name, e, tt.lookup)
		}
	}
}
