package cache

import (
	"bytes"
	"context"

	"ftpfs/ftpclient"
)

// The volume tells names apart by their case, as Linux does: one that a listing
// does not have is not there. Some servers (Windows, macOS, a FAT disk behind a
// router) take names that differ in case only for one. On such a server a file
// that is made, or renamed, as "readme" would overwrite "README" of the same
// directory, of which neither O_EXCL nor RENAME_NOREPLACE would know.

// otherCase returns a name that differs from name in case only, if there is one.
func (l *listing) otherCase(name string) (string, bool) {
	want := []byte(name)
	for i := range l.rows {
		r := l.at(i)
		if r.bits&gone != 0 || int(r.name) != len(want) {
			continue
		}
		if text := l.text.at(r.place, len(want)); bytes.EqualFold(text, want) && !bytes.Equal(text, want) {
			return string(text), true
		}
	}
	return "", false
}

// otherCase is that of the listing of dir that is known, however old, unless name is
// in it, too.
func (m *meta) otherCase(dir, name string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.dirs.Peek(dir)
	if !ok {
		return "", false
	}
	if _, listed := l.find(name); listed {
		return "", false
	}
	return l.otherCase(name)
}

// unlikeOthers refuses p, a name that is to be made, if the server takes it for
// another one of its directory (KindExist); but not for from, which is to become p.
// Only if there is a name that differs in case only, the server is asked for p: if it
// knows that, and a new listing does not, it means the other. With a TTL of 0 no names
// are known here, and it is up to the server.
func (v *Volume) unlikeOthers(ctx context.Context, op, from, p string) error {
	dir, name := split(p)
	if v.opts.TTL > 0 && !v.remote.Features().MLST { // else the server was asked for p, if there is no listing
		if err := v.meta.await(ctx, dir); err != nil && ftpclient.KindOf(err) != ftpclient.KindPermission {
			return err
		}
	}
	other, ok := v.meta.otherCase(dir, name)
	if !ok || from != "" && from == join(dir, other) {
		return nil
	}
	_, err := detached(v, ctx, op, p, func(ctx context.Context) (ftpclient.Entry, error) {
		return v.verify(ctx, p)
	})
	switch k := ftpclient.KindOf(err); {
	case err != nil && (k == ftpclient.KindNotExist || k == ftpclient.KindUnsupported):
		return nil
	case err != nil && k != ftpclient.KindIsDir:
		return err
	}
	v.meta.drop(dir)
	if listed, _, err := v.meta.lookupSince(ctx, dir, name, doubtAfter); listed || err != nil {
		return err
	}
	v.once("the server takes names that differ in case only for one; none is made beside another", "name", v.abs(p), "there is", other)
	return refuse(op, v.abs(p), ftpclient.KindExist)
}

// orTaken is err of the making of p, or KindExist where a server that takes it for
// a name which differs in case only has refused it: the look that tells why does not
// find p.
func (v *Volume) orTaken(op, p string, err error) error {
	if ftpclient.KindOf(err) != ftpclient.KindNotExist {
		return err
	}
	if _, ok := v.meta.otherCase(split(p)); ok {
		return refuse(op, v.abs(p), ftpclient.KindExist)
	}
	return err
}
