package manage

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"ftpfs/cache"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
	"ftpfs/cmd/ftpfs/internal/settings"
	"ftpfs/cmd/ftpfs/internal/spools"
)

// listLeft prints what mounts that have ended left below a spool directory: their
// server's next mount uploads it, or has it listed with the words of the failure.
func listLeft(w io.Writer, base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, "mount-*")) // the pattern is well formed
	for _, dir := range dirs {
		source, dead := spools.Dead(dir)
		if !dead || !mounts.OwnedBy(dir, os.Getuid()) {
			continue
		}
		for _, u := range cache.LeftUploads(filepath.Join(dir, "files")) {
			why := "the next mount of the server uploads it"
			if u.Err != nil {
				why = say.Printable(u.Err.Error())
			}
			fmt.Fprintf(w, "left\t%s\t%s\t%s of %s\t%s: %s\n", settings.FormatSize(u.Size), u.Since.Local().Format(time.DateTime),
				say.Printable("/"+u.Path), say.Printable(source), why, say.Printable(u.Data))
		}
	}
}
