package cache_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// cutLists is a server that cuts listings short, and says so.
type cutLists struct{ *fakeremote.Tree }

func (c cutLists) ListFunc(ctx context.Context, dir string, a ftpclient.Arriving) (*ftpclient.Listing, error) {
	l, err := c.Tree.ListFunc(ctx, dir, a)
	if l != nil {
		l.Truncated = true
	}
	return l, err
}

// That listings are cut short is told of each directory once, not at each listing.
func TestCutListingsAreTold(t *testing.T) {
	tree := fakeremote.New()
	tree.Put("/d/f", nil)
	var log bytes.Buffer
	v := newVolume(t, cutLists{tree}, cache.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		for _, dir := range []string{"", "d"} {
			names(t, v, dir)
		}
		v.Refresh("")
	}
	for _, dir := range []string{"dir=/\n", "dir=/d\n"} {
		if n := strings.Count(log.String(), dir); n != 1 {
			t.Errorf("%d lines with %q: %s", n, dir, log.String())
		}
	}
}
