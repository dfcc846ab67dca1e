package transfer

import (
	"context"
	"path"
	"slices"
	"strings"

	"ftpfs/ftpclient"
)

// Directory is what List has of one.
type Directory struct {
	Path    string
	Entries []ftpclient.Entry   // by name
	Skipped []ftpclient.Skipped // what of the server's listing is no entry
	Err     error               // why there is nothing
}

// List hands over a directory and, if recursive, those in it, each before what is in
// it and in the order of their names, as they come.
func List(ctx context.Context, c *ftpclient.Client, top string, recursive bool, lanes int, show func(Directory)) error {
	waiting := map[string]Directory{}
	order := []string{top} // yet to be shown, the next last
	flush := func() {
		for len(order) > 0 {
			d, there := waiting[order[len(order)-1]]
			if !there {
				return
			}
			delete(waiting, d.Path)
			order = order[:len(order)-1]
			show(d)
			if recursive {
				below := dirsOf(d)
				slices.Reverse(below)
				order = append(order, below...)
			}
		}
	}
	listTree(ctx, c, top, lanes, func(dir string, l *ftpclient.Listing, err error) []string {
		d := Directory{Path: dir, Err: err}
		if err == nil {
			d.Entries, d.Skipped = l.Entries, l.Skipped
			slices.SortFunc(d.Entries, func(a, b ftpclient.Entry) int { return strings.Compare(a.Name, b.Name) })
		}
		waiting[dir] = d
		flush()
		if !recursive {
			return nil
		}
		return dirsOf(d)
	})
	return ctx.Err()
}

func dirsOf(d Directory) (dirs []string) {
	for _, e := range d.Entries {
		if e.Type == ftpclient.TypeDir && usable(e.Name) {
			dirs = append(dirs, path.Join(d.Path, e.Name))
		}
	}
	return dirs
}
