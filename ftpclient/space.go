package ftpclient

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// Available returns how many octets can be stored in a directory, by AVBL
// (draft-peterson-streamlined-ftp-command-extensions, section 4); KindUnsupported
// where FEAT does not have it.
func (c *Client) Available(ctx context.Context, dir string) (n int64, err error) {
	const verb = "AVBL"
	if err := checkPath(verb, dir); err != nil {
		return 0, err
	}
	err = c.do(ctx, verb, dir, idempotent, func(ctx context.Context, cn *conn) error {
		if cn.srv.snapshot().advertised(verb) == "" {
			return &Error{Op: verb, Path: dir, Kind: KindUnsupported, Err: errNoCommand}
		}
		r, err := cn.cmd(verb, dir)
		if err != nil {
			return err
		}
		if r.code != 213 {
			return cn.refusal(ctx, verb, dir, r)
		}
		if n, err = strconv.ParseInt(strings.TrimSpace(r.text()), 10, 64); err != nil || n < 0 {
			return &Error{Op: verb, Path: dir, Kind: KindProtocol, Code: r.code, Text: r.text(), Err: errors.New("no number of octets")}
		}
		return nil
	})
	return n, err
}
