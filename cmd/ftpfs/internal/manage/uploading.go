package manage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/progress"
	"ftpfs/cmd/ftpfs/internal/say"
)

// progressEvery is how often it is asked what is left to upload.
const progressEvery = 500 * time.Millisecond

// tell shows what is left to upload, as get and put do, until ctx ends.
func tell(ctx context.Context, known *mounts.Known) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	var shown *progress.Progress // nil: there was nothing to tell
	for {
		select {
		case <-ctx.Done():
			if shown != nil {
				shown.Close()
			}
			return
		case <-tick.C:
		}
		ans, err := known.Ask(ctx, mounts.Request{Do: "uploads"})
		if err != nil {
			continue // it is about to end
		}
		if shown == nil && len(ans.Uploads) > 0 {
			say.Warn("uploading " + leftOf(ans.Uploads))
			shown = progress.New(false)
		}
		if shown != nil {
			shown.Left(sumOf(ans.Uploads))
		}
	}
}

// sumOf is how many files and octets are not uploaded.
func sumOf(uploads []mounts.Upload) (files int, octets int64) {
	for _, u := range uploads {
		files, octets = files+1, octets+u.Size
	}
	return files, octets
}

// leftOf says in a few words what is not uploaded.
func leftOf(uploads []mounts.Upload) string {
	n, size := sumOf(uploads)
	failed := 0
	for _, u := range uploads {
		if u.State == "failed" {
			failed++
		}
	}
	text := fmt.Sprintf("%s, %s", say.Plural(n, "file"), progress.Size(size))
	if failed > 0 {
		text += fmt.Sprintf(", of which %d have failed", failed)
	}
	return strings.TrimSpace(text)
}
