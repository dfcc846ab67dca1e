package fakeremote

import (
	"context"
	"strings"

	"ftpfs/ftpclient"
)

// Delete implements cache.Remote.
func (t *Tree) Delete(ctx context.Context, p string) error {
	return t.do(ctx, "Delete", "DELE", p, func() ftpclient.Kind {
		return t.remove(p, func(n *node) ftpclient.Kind {
			if n.kind == ftpclient.TypeDir {
				return ftpclient.KindIsDir
			}
			return fine
		})
	})
}

// Rmdir implements cache.Remote.
func (t *Tree) Rmdir(ctx context.Context, p string) error {
	return t.do(ctx, "Rmdir", "RMD", p, func() ftpclient.Kind {
		return t.remove(p, func(n *node) ftpclient.Kind {
			switch {
			case n.kind != ftpclient.TypeDir:
				return ftpclient.KindNotDir
			case len(n.children) > 0:
				return ftpclient.KindNotEmpty
			}
			return fine
		})
	})
}

func (t *Tree) remove(p string, allowed func(*node) ftpclient.Kind) ftpclient.Kind {
	dir, name, k := t.parent(p)
	if dir == nil {
		return k
	}
	n := dir.children[name]
	if n == nil {
		return ftpclient.KindNotExist
	}
	if k := allowed(n); k != fine {
		return k
	}
	delete(dir.children, name)
	dir.modTime = t.now()
	return fine
}

// Mkdir implements cache.Remote.
func (t *Tree) Mkdir(ctx context.Context, p string) error {
	return t.do(ctx, "Mkdir", "MKD", p, func() ftpclient.Kind {
		return t.add(p, t.newNode(ftpclient.TypeDir, 0o755))
	})
}

// Symlink implements cache.Remote.
func (t *Tree) Symlink(ctx context.Context, target, p string) error {
	return t.do(ctx, "Symlink", "SITE SYMLINK", p, func() ftpclient.Kind {
		if t.behave.Features.SiteSymlink == ftpclient.No {
			return ftpclient.KindUnsupported
		}
		if strings.ContainsAny(target, "\r\n\x00") {
			return ftpclient.KindInvalidName
		}
		n := t.newNode(ftpclient.TypeSymlink, 0o777)
		n.target = target
		return t.add(p, n)
	})
}

func (t *Tree) add(p string, n *node) ftpclient.Kind {
	dir, name, k := t.parent(p)
	if dir == nil {
		return k
	}
	if p == "/" || dir.children[name] != nil {
		return ftpclient.KindExist
	}
	t.link(dir, name, n)
	return fine
}

// Rename implements cache.Remote, as rename(2) does, or as a server that
// refuses an existing target (Behaviour.KeepTarget).
func (t *Tree) Rename(ctx context.Context, from, to string) error {
	return t.do(ctx, "Rename", "RNTO", from, func() ftpclient.Kind {
		src, srcName, k := t.parent(from)
		if src == nil {
			return k
		}
		dst, dstName, k := t.parent(to)
		if dst == nil {
			return k
		}
		n := src.children[srcName]
		if n == nil {
			return ftpclient.KindNotExist
		}
		if strings.HasPrefix(to, from+"/") {
			return ftpclient.KindUnknown
		}
		if old := dst.children[dstName]; old != nil && old != n {
			if k := t.replaceable(old, n); k != fine {
				return k
			}
		}
		delete(src.children, srcName)
		src.modTime = t.now()
		t.link(dst, dstName, n)
		return fine
	})
}

// replaceable says whether a rename of n may take the place of old.
func (t *Tree) replaceable(old, n *node) ftpclient.Kind {
	switch {
	case t.behave.KeepTarget:
		return ftpclient.KindExist
	case old.kind == ftpclient.TypeDir && n.kind != ftpclient.TypeDir:
		return ftpclient.KindIsDir
	case old.kind != ftpclient.TypeDir && n.kind == ftpclient.TypeDir:
		return ftpclient.KindNotDir
	case len(old.children) > 0:
		return ftpclient.KindNotEmpty
	}
	return fine
}
