package mountpoints

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cmd/ftpfs/internal/mounts"
	"ftpfs/cmd/ftpfs/internal/say"
)

// TestForgetsWhatIsJustDying: the kernel lets go of a mount before it lets go of the
// lock of its process.
func TestForgetsWhatIsJustDying(t *testing.T) {
	dir := t.TempDir()
	dying, err := mounts.NewStateFile(dir, mounts.State{PID: os.Getpid(), Mountpoint: say.Raw(dir), Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		go func() {
			Check{Dir: dir, Dirs: []string{dir}, Warn: func(text string) { t.Error(text) }}.forget()
			close(done)
		}()
		synctest.Wait()
		if err := dying.File.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	if _, err := os.Stat(dying.Path); !os.IsNotExist(err) {
		t.Errorf("the state file is left: %v", err)
	}
}
