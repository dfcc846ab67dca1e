package serveconf

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"ftpfs/cmd/ftpfs/internal/passwd"
)

// check finds what makes no sense together.
func (f *File) check() error {
	if len(f.Users) == 0 && f.Anonymous == nil && f.TFTP == nil {
		return f.problem("", "serves nobody: write [[user]], [anonymous] or [tftp]")
	}
	names := make(map[string]bool)
	for i, u := range f.Users {
		at := fmt.Sprintf("user.%d", i)
		if err := f.checkUser(at, u, names); err != nil {
			return err
		}
		names[u.Name] = true
		if err := f.checkFolders(at, u.Folders, u.Quota); err != nil {
			return err
		}
	}
	if a := f.Anonymous; a != nil {
		if a.MaxSessions < 0 {
			return f.problem("anonymous.max-sessions", "max-sessions is below 0: write how many, or leave it out")
		}
		if err := f.checkFolders("anonymous", a.Folders, a.Quota); err != nil {
			return err
		}
	}
	if t := f.TFTP; t != nil {
		if err := f.checkFolders("tftp", t.Folders, t.Quota); err != nil {
			return err
		}
	}
	return f.checkShared()
}

func (f *File) checkUser(at string, u User, names map[string]bool) error {
	switch {
	case u.Name == "":
		return f.problem(at, `the user has no name: write name = "..."`)
	case !passwd.ValidName(u.Name):
		return f.problem(at+".name", "the name %q holds a blank, a colon or a control character: leave that out", u.Name)
	case u.Name == "anonymous" || u.Name == "ftp":
		return f.problem(at+".name", "%s is for who has no account: write [anonymous]", u.Name)
	case names[u.Name]:
		return f.problem(at+".name", "there are two users %s: remove one", u.Name)
	case u.Password != "" && !passwd.Valid(u.Password):
		return f.problem(at+".password", "the password of %s is no hash: write what ftpfs serve passwd prints", u.Name)
	case u.MaxSessions < 0:
		return f.problem(at+".max-sessions", "max-sessions is below 0: write how many, or leave it out")
	}
	return nil
}

func (f *File) checkFolders(at string, folders []Folder, quota Size) error {
	if len(folders) == 0 {
		return f.problem(at, "%s has nothing to see: write [[%s.folder]] with at, dir and access", strings.Split(at, ".")[0], strings.Split(at, ".")[0])
	}
	places, writes := make(map[string]bool), false
	for i, d := range folders {
		here := fmt.Sprintf("%s.folder.%d", at, i)
		switch {
		case !path.IsAbs(d.At) || path.Clean(d.At) != d.At:
			return f.problem(here+".at", `at is %q: write the path that clients see from / on, such as "/" or "/incoming"`, d.At)
		case places[d.At]:
			return f.problem(here+".at", "two folders appear at %s: remove one", d.At)
		case !filepath.IsAbs(d.Dir):
			return f.problem(here+".dir", "dir is %q: write the whole path of a directory", d.Dir)
		case d.Access != Upload && (d.List || d.Read || d.Overwrite || d.Mkdir):
			return f.problem(here, `list, read, overwrite and mkdir are for access = "upload": leave them out`)
		}
		places[d.At] = true
		writes = writes || d.Writes()
	}
	if quota > 0 && !writes {
		return f.problem(at+".quota", `the quota counts nothing: give a folder access = "write" or "upload", or leave it out`)
	}
	return f.checkNested(at, folders)
}

// checkNested: who can make links in a directory reaches all below it, whatever
// another folder says of it.
func (f *File) checkNested(at string, folders []Folder) error {
	for i, inner := range folders {
		for j, outer := range folders {
			if i != j && outer.Writes() && within(inner.Dir, outer.Dir) {
				return f.problem(fmt.Sprintf("%s.folder.%d.dir", at, i), "%s lies within %s, which clients can change: take directories side by side", inner.Dir, outer.Dir)
			}
		}
	}
	return nil
}

// within reports whether a is b or below it, links followed as far as they
// exist.
func within(a, b string) bool {
	rel, err := filepath.Rel(real(b), real(a))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

func real(dir string) string {
	if to, err := filepath.EvalSymlinks(dir); err == nil {
		return to
	}
	return filepath.Clean(dir)
}

// checkShared: what a quota counts must be one's own.
func (f *File) checkShared() error {
	type folder struct {
		at, dir string
		owner   int
		counts  bool
	}
	var all []folder
	add := func(at string, owner int, quota Size, folders []Folder) {
		for i, d := range folders {
			if d.Writes() {
				all = append(all, folder{fmt.Sprintf("%s.folder.%d.dir", at, i), d.Dir, owner, quota > 0})
			}
		}
	}
	for i, u := range f.Users {
		add(fmt.Sprintf("user.%d", i), i, u.Quota, u.Folders)
	}
	if f.Anonymous != nil {
		add("anonymous", -1, f.Anonymous.Quota, f.Anonymous.Folders)
	}
	if f.TFTP != nil {
		add("tftp", -2, f.TFTP.Quota, f.TFTP.Folders)
	}
	for _, a := range all {
		for _, b := range all {
			if a.owner != b.owner && a.counts && (within(a.dir, b.dir) || within(b.dir, a.dir)) {
				return f.problem(a.at, "%s has a quota and is changed by others, through %s: give each a directory of its own", a.dir, b.dir)
			}
		}
	}
	return nil
}
