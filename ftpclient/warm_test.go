package ftpclient

import (
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// A connection that waits for the end of a download that was broken off is none
// that serves at once: where the last other is taken, another is logged in.
func TestKeepIdleWhileOthersSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, fTree())
		f.hook = on("RETR", func(s *fakeSession, _ string) {
			nc := s.accept()
			s.say("150 a")
			io.WriteString(nc, "abc")
			io.WriteString(nc, "def") // fails: closed
			<-time.After(abortTimeout / 2)
			s.say("426 cut")
		})
		c := f.client(func(o *Options) { o.KeepIdle = true })
		d := hold(t, c, "/f")
		_, err := io.ReadFull(d, make([]byte, 3))
		noError(t, "Read", err)
		synctest.Wait()
		if f.sessions != 2 {
			t.Errorf("%d sessions with one taken", f.sessions)
		}
		d.Close()
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/n"))
		synctest.Wait()
		if f.sessions != 3 {
			t.Errorf("%d sessions with one taken and one that waits", f.sessions)
		}
		<-time.After(abortTimeout)
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/o"))
		synctest.Wait()
		if f.sessions != 3 {
			t.Errorf("%d sessions when one of the idle is at rest", f.sessions)
		}
	})
}

// For a reader who jumps there are connections before he needs them, as many as
// may be.
func TestJumpLogsIn(t *testing.T) {
	for want, change := range map[int]func(*Options){
		jumpers: func(o *Options) { o.KeepIdle = true },
		3:       func(o *Options) { o.KeepIdle, o.Connections = true, 3 },
		1:       nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, fTree())
			f.hook = on("RETR", func(s *fakeSession, arg string) { stalls(s, "RETR", arg) })
			c := f.client(change)
			for range min(2, want) {
				d, err := c.Retrieve(t.Context(), "/f", RetrieveOptions{Jump: true})
				noError(t, "Retrieve", err)
				defer d.Close()
				synctest.Wait()
				if f.sessions != want {
					t.Errorf("%d sessions, want %d", f.sessions, want)
				}
			}
		})
	}
}
