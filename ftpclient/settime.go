package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SetModTime sets the modification time to the second, by MFMT, MDTM with two
// arguments or SITE UTIME, whichever the server has; KindUnsupported if none
// (or none for directories, as vsftpd). The time goes out as UTC.
func (c *Client) SetModTime(ctx context.Context, path string, t time.Time, dir bool) error {
	if err := checkPath("MFMT", path); err != nil {
		return err
	}
	return c.do(ctx, "MFMT", path, idempotent, func(ctx context.Context, cn *conn) error {
		return cn.setModTime(ctx, path, t, dir)
	})
}

// stampLayout is a time-val (RFC 3659 section 2.3).
const stampLayout = "20060102150405"

// timeWay is a command that sets times.
type timeWay struct {
	verb string
	fact fact
}

// timeWays are tried in this order.
var timeWays = []timeWay{{"MFMT", factMFMT}, {"MDTM", factMDTMSet}, {"SITE UTIME", factSiteUtime}}

// command sets the time of a path.
func (w timeWay) command(c *conn, path string, t time.Time) command {
	stamp := t.UTC()
	if w.verb == "MDTM" {
		stamp = c.srv.forMDTM(c.opts.Zone, t)
	}
	return command{w.verb, stamp.Format(stampLayout) + " " + path}
}

var errYear = errors.New("year out of range")

// hasYear tells whether a time-val can tell t.
func hasYear(t time.Time) bool { return t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 }

// setModTime tries the commands in turn, those that are known to be missing
// left out.
func (c *conn) setModTime(ctx context.Context, path string, t time.Time, dir bool) error {
	if !hasYear(t) {
		return &Error{Op: "MFMT", Path: path, Kind: KindUnsupported, Err: errYear}
	}
	for _, way := range timeWays {
		if c.srv.support(way.fact) == No || dir && way.verb == "MDTM" {
			continue
		}
		if dir && way.verb == "SITE UTIME" && c.srv.support(factMDTMSet) == Yes {
			continue // vsftpd, which has no way for directories
		}
		cmd := way.command(c, path, t)
		r, err := c.cmd(cmd.verb, cmd.arg)
		if err == nil && way.verb == "SITE UTIME" && r.code == 501 {
			// Serv-U wants three times behind the name (quirkUtimeForm).
			stamp := t.UTC().Format(stampLayout)
			r, err = c.cmd(way.verb, fmt.Sprintf("%s %s %s %s UTC", path, stamp, stamp, stamp))
		}
		if err != nil {
			return err
		}
		if next, err := c.timeSet(ctx, way, path, r); !next {
			return err
		}
	}
	return &Error{Op: "MFMT", Path: path, Kind: KindUnsupported, Err: errNoCommand}
}

// timeSet takes the reply to a command that sets a time; next tells that another
// one may do it.
func (c *conn) timeSet(ctx context.Context, way timeWay, path string, r reply) (next bool, err error) {
	c.srv.learnFrom(way.fact, r)
	switch {
	case r.completed() && r.code != 202:
		return false, nil
	case r.notImplemented():
		return true, nil
	}
	err = c.refusal(ctx, way.verb, path, r)
	if way.verb != "MDTM" || c.srv.support(factMDTMSet) == Yes || !isKind(err, KindPermission, KindUnsupported) {
		return false, err
	}
	if strings.Contains(strings.ToLower(r.text()), "could not set") {
		return false, err // vsftpd understood, and denies it
	}
	return true, nil // most servers take both arguments for a file's name (quirkMDTMSet)
}

// provenWay is the command of which the server is known to set times by it; false
// if it is not known.
func (c *conn) provenWay() (timeWay, bool) {
	for _, way := range timeWays {
		switch c.srv.support(way.fact) {
		case Yes:
			// Serv-U's form of SITE UTIME is for setModTime.
			return way, way.verb != "SITE UTIME"
		case No:
		default:
			return timeWay{}, false
		}
	}
	return timeWay{}, false
}
