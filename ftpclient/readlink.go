package ftpclient

import (
	"context"
	"errors"
)

// Readlink returns the target of a symbolic link as the server stores it. It
// is read from the parent's LIST, since MLSD of most servers hides it.
func (c *Client) Readlink(ctx context.Context, path string) (string, error) {
	if err := checkPath("READLINK", path); err != nil {
		return "", err
	}
	var target string
	err := c.do(ctx, "READLINK", path, idempotent, func(ctx context.Context, cn *conn) error {
		e, err := cn.statByParent(ctx, path, cn.rowsAnd(""))
		switch {
		case err != nil:
			return err
		case e.Type != TypeSymlink:
			return &Error{Op: "READLINK", Path: path, Kind: KindInvalidName, Err: errNoLink}
		case e.Target == "":
			return &Error{Op: "READLINK", Path: path, Kind: KindUnsupported, Err: errNoTarget}
		}
		target = e.Target
		return nil
	})
	return target, err
}

var (
	errNoLink   = errors.New("not a symbolic link")
	errNoTarget = errors.New("the server does not show the target")
)
