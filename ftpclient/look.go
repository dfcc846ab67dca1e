package ftpclient

import (
	"context"
	"errors"
)

// A look decides what a reply such as 550 leaves open, by what is there. What
// is seen is later than what happened; where others change the same tree the
// answer can be wrong, as any answer can.

// sight is what a look saw at a path.
type sight struct {
	Type
	there  bool
	failed Kind // why it cannot be known: NotExist or NotDir of the way there, Permission
}

// judge says why a command on a path was refused, given what is there;
// KindUnknown if that is no reason.
type judge func(c *conn, ctx context.Context, at sight, path, other string) (Kind, error)

// judgeOf returns the rule of a command.
//
//	          | missing           | directory     | file   | link, other
//	RETR SIZE | NotExist          | IsDir         | -      | -
//	STOR APPE | the parent's kind | IsDir         | -      | -
//	DELE      | NotExist          | IsDir         | -      | -
//	MKD       | the parent's kind | Exist         | Exist  | Exist
//	SYMLINK   | the parent's kind | Exist         | Exist  | Exist
//	RMD       | NotExist          | NotEmpty or - | NotDir | NotDir
//	CWD MLSD  | NotExist          | -             | NotDir | NotExist (it leads nowhere)
//	RNFR MDTM MFMT MFF CHMOD UTIME MLST | NotExist | - | - | -
//	RNTO      | see judgeTarget
//
// "-" is no reason: the server denies it.
func judgeOf(verb string) judge {
	switch verb {
	case "RETR", "SIZE", "DELE":
		return judgeFile
	case "STOR", "APPE":
		return judgeNew(KindIsDir, KindUnknown)
	case "MKD", "SITE SYMLINK":
		return judgeNew(KindExist, KindExist)
	case "RMD":
		return judgeRmdir
	case "CWD", "MLSD", "LIST":
		return judgeDir
	case "RNFR", "MDTM", "MFMT", "MFF", "MLST", "SITE CHMOD", "SITE UTIME":
		return judgeAny
	case "RNTO":
		return judgeTarget
	}
	return nil
}

// look applies the rule of verb. A failure of the network is returned as it
// is: it never becomes an answer.
func (c *conn) look(ctx context.Context, verb, path, other string) (Kind, error) {
	rule := judgeOf(verb)
	if rule == nil {
		return KindUnknown, nil
	}
	at, err := c.see(ctx, path)
	if err != nil {
		return KindUnknown, err
	}
	return rule(c, ctx, at, path, other)
}

// see looks at one path, not through a symbolic link. That a listing does not have it
// is not enough: it may have been cut where nobody notices, and would make a missing
// file of what is there.
func (c *conn) see(ctx context.Context, path string) (sight, error) {
	e, err := c.lstat(ctx, path)
	if errors.Is(err, errNotListed) && !c.srv.snapshot().MLST {
		e, err = c.probe(path)
	}
	switch {
	case err == nil:
		return sight{Type: e.Type, there: true}, nil
	case isKind(err, KindNotExist, KindNotDir, KindPermission):
		return sight{failed: KindOf(err)}, nil
	}
	return sight{}, err
}

func judgeFile(_ *conn, _ context.Context, at sight, _, _ string) (Kind, error) {
	switch {
	case !at.there:
		return at.failed, nil
	case at.Type == TypeDir:
		return KindIsDir, nil
	}
	return KindUnknown, nil
}

func judgeAny(_ *conn, _ context.Context, at sight, _, _ string) (Kind, error) {
	if !at.there {
		return at.failed, nil
	}
	return KindUnknown, nil
}

func judgeDir(_ *conn, _ context.Context, at sight, _, _ string) (Kind, error) {
	switch {
	case !at.there:
		return at.failed, nil
	case at.Type == TypeSymlink:
		return KindNotExist, nil
	case at.Type != TypeDir:
		return KindNotDir, nil
	}
	return KindUnknown, nil
}

// judgeNew is for commands that make a name: what the name must not be, or
// else the parent.
func judgeNew(isDir, isElse Kind) judge {
	return func(c *conn, ctx context.Context, at sight, path, _ string) (Kind, error) {
		switch {
		case at.there && at.Type == TypeDir:
			return isDir, nil
		case at.there:
			return isElse, nil
		}
		return c.judgeParent(ctx, path)
	}
}

// judgeParent says what is wrong with the directory a name is to be made in.
func (c *conn) judgeParent(ctx context.Context, path string) (Kind, error) {
	parent, err := c.see(ctx, parentDir(path))
	if err != nil {
		return KindUnknown, err
	}
	return judgeDir(c, ctx, parent, "", "")
}

func judgeRmdir(c *conn, ctx context.Context, at sight, path, _ string) (Kind, error) {
	switch {
	case !at.there:
		return at.failed, nil
	case at.Type != TypeDir:
		return KindNotDir, nil
	}
	return c.judgeContent(ctx, path)
}

// judgeContent tells whether a directory is not empty.
func (c *conn) judgeContent(ctx context.Context, dir string) (Kind, error) {
	l, err := c.list(ctx, dir, nil)
	switch {
	case err == nil && len(l.Entries)+len(l.Skipped) > 0:
		return KindNotEmpty, nil
	case err == nil || isKind(err, KindPermission):
		return KindUnknown, nil
	}
	return KindUnknown, err
}

// judgeTarget is for RNTO: other is the source, path the target.
func judgeTarget(c *conn, ctx context.Context, at sight, path, other string) (Kind, error) {
	from, err := c.see(ctx, other)
	if err != nil {
		return KindUnknown, err
	}
	switch {
	case !from.there:
		return from.failed, nil
	case !at.there:
		return c.judgeParent(ctx, path)
	case at.Type == TypeDir && from.Type == TypeDir:
		return c.judgeContent(ctx, path)
	case at.Type == TypeDir:
		return KindIsDir, nil
	case from.Type == TypeDir:
		return KindNotDir, nil
	}
	return KindExist, nil // the server does not replace files
}
