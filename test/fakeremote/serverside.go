package fakeremote

import (
	"path"
	"slices"
	"time"

	"ftpfs/ftpclient"
)

// Put makes a file of these octets, and the directories above it. An existing
// file gets new content and a new modification time.
func (t *Tree) Put(p string, data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dir := t.makeDirs(path.Dir(p))
	n := dir.children[path.Base(p)]
	if n == nil || n.kind != ftpclient.TypeFile {
		n = t.newNode(ftpclient.TypeFile, 0o644)
		t.link(dir, path.Base(p), n)
	}
	n.data, n.modTime = slices.Clone(data), t.now()
}

// PutDir makes a directory, and those above it.
func (t *Tree) PutDir(p string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.makeDirs(p)
}

// PutSymlink makes a symbolic link, and the directories above it.
func (t *Tree) PutSymlink(target, p string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.newNode(ftpclient.TypeSymlink, 0o777)
	n.target = target
	t.link(t.makeDirs(path.Dir(p)), path.Base(p), n)
}

// PutOther makes something that is neither file, directory nor link.
func (t *Tree) PutOther(p string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.link(t.makeDirs(path.Dir(p)), path.Base(p), t.newNode(ftpclient.TypeOther, 0o644))
}

// PutMode sets the permission bits of an existing path.
func (t *Tree) PutMode(p string, mode uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.must(p).mode = mode
}

// Touch sets the modification time of an existing path.
func (t *Tree) Touch(p string, mtime time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.must(p).modTime = mtime.UTC().Truncate(t.precision())
}

// Drop removes a path and what is below it; it need not exist.
func (t *Tree) Drop(p string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if dir, name, _ := t.parent(p); dir != nil {
		delete(dir.children, name)
		dir.modTime = t.now()
	}
}

// Get returns the content of a file, and whether there is such a file.
func (t *Tree) Get(p string) ([]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, _ := t.find(p, true)
	if n == nil || n.kind != ftpclient.TypeFile {
		return nil, false
	}
	return slices.Clone(n.data), true
}

// Look returns the entry of a path, without following a link, and whether it
// exists.
func (t *Tree) Look(p string) (ftpclient.Entry, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, _ := t.find(p, false)
	if n == nil {
		return ftpclient.Entry{}, false
	}
	return t.entry(path.Base(p), n), true
}

// Names returns the sorted names in a directory; nil if it is none.
func (t *Tree) Names(dir string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, _ := t.find(dir, true)
	if n == nil || n.kind != ftpclient.TypeDir {
		return nil
	}
	return n.names()
}

// makeDirs returns the directory p after making what is missing.
func (t *Tree) makeDirs(p string) *node {
	dir := t.root
	for _, name := range split(p) {
		child := dir.children[name]
		if child == nil {
			child = t.newNode(ftpclient.TypeDir, 0o755)
			t.link(dir, name, child)
		}
		if child.kind != ftpclient.TypeDir {
			panic("fakeremote: " + p + " leads through something that is no directory")
		}
		dir = child
	}
	return dir
}

func (t *Tree) link(dir *node, name string, n *node) {
	dir.children[name] = n
	dir.modTime = t.now()
}

// must returns the node of a path that the test knows to exist.
func (t *Tree) must(p string) *node {
	n, k := t.find(p, false)
	if n == nil {
		panic("fakeremote: " + p + ": " + k.String())
	}
	return n
}
