package fakeremote

import (
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"ftpfs/ftpclient"
)

// Behaviour is how the server differs from a complete one.
type Behaviour struct {
	// Features is what Tree.Features returns. A No in MFMT, MDTMSet and
	// SiteUtime together, SiteChmod, SiteSymlink, Append or Rest makes the server
	// refuse it; without MLST entries have no Unique.
	Features ftpclient.Features
	// KeepTarget makes the server refuse RNTO onto an existing name.
	KeepTarget bool
	// RestCuts makes REST before STOR cut the file there; otherwise what lies
	// beyond the octets that are sent stays, as with most servers.
	RestCuts bool
	// RestIgnored makes STOR begin at the beginning whatever REST said, and
	// AppendReplaces makes APPE the same as STOR.
	RestIgnored, AppendReplaces bool
	// NoModes leaves modes out of entries, as DOS listings do.
	NoModes bool
	// NoDirTimes makes SetModTime refuse directories, as vsftpd does.
	NoDirTimes bool
	// Precision of modification times; 0 means a second.
	Precision time.Duration
	// Skipped is put into every listing, which is then not complete.
	Skipped []ftpclient.Skipped
	// Connections is how many operations and open streams there can be at a
	// time; 0 means any number.
	Connections int
	// Available is what AVBL tells; 0 means there is no such command.
	Available int64
	// Ahead lets ListAhead list.
	Ahead bool
	// Batch is how many entries ListFunc hands over at a time; 0 means all
	// come at the end.
	Batch int
	// Sketch has ListFunc show names and types before the times.
	Sketch bool
	// First has ListFunc tell the entry that is asked for first before all others.
	First bool
	// Chunk is the most octets one Read of a stream returns; 0 means 32 KiB.
	Chunk int
	// Now is the server's clock; nil means time.Now.
	Now func() time.Time
}

// Tree is the server. Make it with New.
//
// mu guards everything below it and is never held while a call waits.
type Tree struct {
	mu     sync.Mutex
	behave Behaviour
	root   *node
	serial int
	rules  []*rule
	calls  []Call
	slots  slots
}

// New returns an empty tree whose server can do everything ftpclient.Features
// knows of.
func New() *Tree {
	t := &Tree{slots: newSlots()}
	t.behave.Features = ftpclient.Features{
		MLST: true, UTF8: true,
		EPSV: ftpclient.Yes, Size: ftpclient.Yes, MDTM: ftpclient.Yes, Rest: ftpclient.Yes,
		MFMT: ftpclient.Yes, MDTMSet: ftpclient.Yes, SiteUtime: ftpclient.Yes,
		SiteChmod: ftpclient.Yes, SiteSymlink: ftpclient.Yes, ListAll: ftpclient.Yes,
	}
	t.root = t.newNode(ftpclient.TypeDir, 0o755)
	return t
}

// Configure changes the behaviour of the server, atomically.
func (t *Tree) Configure(change func(*Behaviour)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.behave)
	t.slots.limit = t.behave.Connections
}

// node is a file, directory or symbolic link. data is replaced or appended to,
// never changed in place, so that a stream can keep what it opened.
type node struct {
	kind     ftpclient.Type
	mode     uint32
	modTime  time.Time
	data     []byte
	target   string
	children map[string]*node
	serial   int
}

func (t *Tree) newNode(kind ftpclient.Type, mode uint32) *node {
	t.serial++
	n := &node{kind: kind, mode: mode, modTime: t.now(), serial: t.serial}
	if kind == ftpclient.TypeDir {
		n.children = map[string]*node{}
	}
	return n
}

// now is the server's clock, as exact as its times are.
func (t *Tree) now() time.Time {
	now := time.Now
	if t.behave.Now != nil {
		now = t.behave.Now
	}
	return now().UTC().Truncate(t.precision())
}

func (t *Tree) precision() time.Duration {
	if t.behave.Precision == 0 {
		return time.Second
	}
	return t.behave.Precision
}

// entry is what the server says about n.
func (t *Tree) entry(name string, n *node) ftpclient.Entry {
	e := ftpclient.Entry{
		Name: name, Type: n.kind, Size: -1,
		ModTime: n.modTime, Precision: t.precision(),
	}
	switch n.kind {
	case ftpclient.TypeFile:
		e.Size = int64(len(n.data))
	case ftpclient.TypeSymlink:
		e.Target = n.target
	}
	if !t.behave.NoModes {
		e.Mode, e.HasMode = n.mode, true
	}
	if t.behave.Features.MLST {
		e.Unique = strconv.Itoa(n.serial)
	}
	return e
}

// maxLinks is how many symbolic links one path may lead through.
const maxLinks = 16

// find returns the node at p, following symbolic links on the way and, with
// follow, at the end. The kind tells why there is none.
func (t *Tree) find(p string, follow bool) (*node, ftpclient.Kind) {
	if k := checkPath(p); k != ftpclient.KindUnknown {
		return nil, k
	}
	return t.walk(p, follow, maxLinks)
}

func (t *Tree) walk(p string, follow bool, links int) (*node, ftpclient.Kind) {
	n, at := t.root, "/"
	parts := split(p)
	for i, name := range parts {
		if n.kind != ftpclient.TypeDir {
			return nil, ftpclient.KindNotDir
		}
		child := n.children[name]
		if child == nil {
			return nil, ftpclient.KindNotExist
		}
		last := i == len(parts)-1
		if child.kind == ftpclient.TypeSymlink && (!last || follow) {
			if links == 0 {
				return nil, ftpclient.KindTooManyLinks
			}
			to := child.target
			if !path.IsAbs(to) {
				to = path.Join(at, to)
			}
			rest := append([]string{to}, parts[i+1:]...)
			return t.walk(path.Clean(path.Join(rest...)), follow, links-1)
		}
		n, at = child, path.Join(at, name)
	}
	return n, ftpclient.KindUnknown
}

// parent returns the directory that holds p, and p's last element.
func (t *Tree) parent(p string) (*node, string, ftpclient.Kind) {
	if k := checkPath(p); k != ftpclient.KindUnknown {
		return nil, "", k
	}
	dir, k := t.find(path.Dir(p), true)
	if dir == nil {
		return nil, "", k
	}
	if dir.kind != ftpclient.TypeDir {
		return nil, "", ftpclient.KindNotDir
	}
	return dir, path.Base(p), ftpclient.KindUnknown
}

// checkPath refuses what a client may not send.
func checkPath(p string) ftpclient.Kind {
	if !strings.HasPrefix(p, "/") || path.Clean(p) != p || strings.ContainsAny(p, "\r\n\x00") {
		return ftpclient.KindInvalidName
	}
	return ftpclient.KindUnknown
}

func split(p string) []string {
	if p == "/" {
		return nil
	}
	return strings.Split(strings.TrimPrefix(p, "/"), "/")
}

func (n *node) names() []string {
	names := make([]string, 0, len(n.children))
	for name := range n.children {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
