package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"ftpfs/cache"
	"ftpfs/test/fakeremote"
)

// TestWriteBackSetAttr: mode and time that are set between the close and the upload
// go with the upload, also if that is the next volume's.
func TestWriteBackSetAttr(t *testing.T) {
	for _, crash := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			tree, dir := fakeremote.New(), t.TempDir()
			v := behind(t, tree, dir)
			gate := tree.Block("Store", "")
			for i := range 6 { // as many as are uploaded at a time
				save(t, v, "busy"+string(rune('0'+i)), []byte("busy"))
			}
			if crash {
				tree.Fail("Store", "", -1, lost)
			}
			save(t, v, "f", []byte("content"))
			mode, when := uint32(0o600), time.Unix(1_000_000_000, 0).UTC()
			if a, err := v.SetAttr(t.Context(), "f", cache.Change{Mode: &mode, ModTime: &when}); err != nil || a.Mode != mode {
				t.Fatalf("%+v, %v", a, err)
			}
			gate.Open()
			if crash {
				v.Crash()
				tree = tree.Healed()
				v = behind(t, tree, dir)
				v.Recover()
			}
			synctest.Wait()
			if a, err := v.Stat(t.Context(), "f"); err != nil || a.Mode != mode || !a.ModTime.Equal(when) {
				t.Errorf("crash %v: seen: %+v, %v", crash, a, err)
			}
			finished(t, v, dir)
			onServer(t, tree, "/f", []byte("content"))
			if e, _ := tree.Look("/f"); e.Mode != mode || !e.ModTime.Equal(when) {
				t.Errorf("crash %v: on the server: %+v", crash, e)
			}
		})
	}
}

// TestWriteBackAcceptedAgain: a file that is accepted between the look of a lane, for
// which it was written to, and the lane's end waits on.
func TestWriteBackAcceptedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, dir := fakeremote.New(), t.TempDir()
		v := behind(t, tree, dir)
		gate := tree.Block("Store", "")
		for _, name := range []string{"a", "b", "c", "d", "e", "e2", "f"} { // six at a time
			save(t, v, name, []byte(name))
		}
		if v.LeaveToClose("f") {
			t.Error("what was accepted waits no more")
		}
		gate.Open()
		finished(t, v, dir)
		onServer(t, tree, "/f", []byte("f"))
	})
}
