package manage

import (
	"os"
	"strings"
	"testing"
	"time"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
)

// TestStatusOfWhatHasEnded: a failure that nobody has read yet is told; a state file
// that says nothing is passed over.
func TestStatusOfWhatHasEnded(t *testing.T) {
	dir := t.TempDir()
	state := func(mountpoint say.Raw) *mounts.StateFile {
		s, err := mounts.NewStateFile(dir, mounts.State{PID: os.Getpid(), Mountpoint: mountpoint, Source: "ftp://h/", Started: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	failed := state("/mnt/failed")
	if err := failed.End(exit.Errorf(exit.Uploads, "not everything was uploaded: 552 full")); err != nil {
		t.Fatal(err)
	}
	failed.File.Close()
	killed := state("/mnt/killed")
	killed.File.Close()
	silent := state("/mnt/silent")
	defer silent.File.Close()
	f := &statusFinder{dirs: []string{dir}}
	states := map[string]Report{}
	for _, r := range f.all(t.Context()) {
		states[r.Mountpoint] = r
	}
	if r := states["/mnt/failed"]; r.State != "failed" || !strings.Contains(r.Problem, "552 full") || r.code() != exit.Uploads || r.Mend == "" {
		t.Errorf("%+v", r)
	}
	if r := states["/mnt/silent"]; r.State != "silent" || !strings.Contains(r.Mend, "kill -USR1") || r.code() != exit.Failure {
		t.Errorf("%+v", r)
	}
	if len(states) != 2 {
		t.Errorf("%+v", states)
	}
	if r := f.one(t.Context(), "/mnt/killed"); r == nil || r.State != "dead" || r.code() != exit.NotMounted {
		t.Errorf("%+v", r)
	}
}
