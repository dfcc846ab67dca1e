package ftpserver

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Mount returns several trees as one: each appears at the absolute path that
// is its key ("/", "/pub", "/pub/incoming") and hides what another one has
// there. Directories that only lead to a tree exist and can be listed, and
// nothing can be made in them.
//
// Nothing is renamed from one tree to another (EXDEV), and a place where a tree
// appears, or that leads to one, is neither renamed nor removed (EBUSY).
// Symbolic links lead where they lead within their own tree, whatever appears
// there.
func Mount(trees map[string]FS) (FS, error) {
	m := &mounts{trees: make(map[string]FS), since: time.Now()}
	for at, tree := range trees {
		if !path.IsAbs(at) || path.Clean(at) != at || strings.ContainsAny(at, "\r\n\x00") {
			return nil, fmt.Errorf("ftpserver: %q is no path for a tree: write it from / on, as in /pub/incoming", at)
		}
		m.trees[fsName(at)] = tree
	}
	if len(trees) == 0 {
		return nil, errors.New("ftpserver: no tree to mount")
	}
	return m, nil
}

// mounts is what Mount returns. Names are those of an FS.
type mounts struct {
	trees map[string]FS // by name
	since time.Time     // of the directories that only lead to trees
}

var _ FS = (*mounts)(nil)

// at is where the tree that name is in appears; false if name is in none.
func (m *mounts) at(name string) (string, bool) {
	for at := name; ; at = path.Dir(at) {
		if _, ok := m.trees[at]; ok || at == "." {
			return at, ok
		}
	}
}

// find returns the tree that name is in, nil if there is none, and its name
// there.
func (m *mounts) find(name string) (FS, string) {
	at, ok := m.at(name)
	switch {
	case !ok:
		return nil, ""
	case at == name:
		return m.trees[at], "."
	case at == ".":
		return m.trees[at], name
	}
	return m.trees[at], name[len(at)+1:]
}

// below are the next names under a directory that lead to trees.
func (m *mounts) below(dir string) map[string]bool {
	names := make(map[string]bool)
	for at := range m.trees {
		rest, ok := at, at != "."
		if dir != "." {
			rest, ok = strings.CutPrefix(at, dir+"/")
		}
		if ok {
			first, _, _ := strings.Cut(rest, "/")
			names[first] = true
		}
	}
	return names
}

// isPlace reports whether name is where a tree appears, or leads to one.
func (m *mounts) isPlace(name string) bool {
	_, own := m.trees[name]
	return own || len(m.below(name)) > 0
}

// place describes a directory that leads to trees or is the root of one.
func (m *mounts) place(name string) (fs.FileInfo, error) {
	if tree, ok := m.trees[name]; ok {
		fi, err := tree.Stat(".")
		if err != nil {
			return nil, err
		}
		return placeInfo{fi, path.Base(name)}, nil
	}
	if tree, inner := m.find(name); tree != nil {
		if fi, err := tree.Stat(inner); err == nil && fi.IsDir() {
			return placeInfo{fi, path.Base(name)}, nil
		}
	}
	return wayInfo{path.Base(name), m.since}, nil
}

// placeInfo is a directory under another name.
type placeInfo struct {
	fs.FileInfo
	name string
}

func (i placeInfo) Name() string { return i.name }

// wayInfo is a directory that is on no disk.
type wayInfo struct {
	name  string
	since time.Time
}

func (i wayInfo) Name() string       { return i.name }
func (i wayInfo) Size() int64        { return 0 }
func (i wayInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (i wayInfo) ModTime() time.Time { return i.since }
func (i wayInfo) IsDir() bool        { return true }
func (i wayInfo) Sys() any           { return nil }

func (m *mounts) Stat(name string) (fs.FileInfo, error) {
	return m.stat("stat", name, FS.Stat)
}

func (m *mounts) Lstat(name string) (fs.FileInfo, error) {
	return m.stat("lstat", name, FS.Lstat)
}

func (m *mounts) stat(op, name string, stat func(FS, string) (fs.FileInfo, error)) (fs.FileInfo, error) {
	if m.isPlace(name) {
		return m.place(name)
	}
	tree, inner := m.find(name)
	if tree == nil {
		return nil, pathError(op, name, syscall.ENOENT)
	}
	return stat(tree, inner)
}

// ReadDir shows the places of trees among what the directory itself has.
func (m *mounts) ReadDir(name string) ([]fs.FileInfo, error) {
	places := m.below(name)
	tree, inner := m.find(name)
	if tree == nil && len(places) == 0 {
		return nil, pathError("readdir", name, syscall.ENOENT)
	}
	var infos []fs.FileInfo
	if tree != nil {
		var err error
		if infos, err = tree.ReadDir(inner); err != nil && (len(places) == 0 || !errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
	}
	infos = slices.DeleteFunc(infos, func(fi fs.FileInfo) bool { return places[fi.Name()] })
	for _, place := range slices.Sorted(maps.Keys(places)) {
		fi, err := m.place(path.Join(name, place))
		if err != nil {
			return nil, err
		}
		infos = append(infos, fi)
	}
	return infos, nil
}
