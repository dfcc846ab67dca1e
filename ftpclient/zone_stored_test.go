package ftpclient

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// storing stores a file and verifies it after a while, on a server that is so
// far ahead of UTC, and returns the time that is told and what was traced.
func storing(t *testing.T, ahead, later time.Duration, zone *time.Location) (told time.Time, traced string) {
	f := newFake(t, nil)
	var stored time.Time
	f.hook = hooks(
		on("MDTM", func(s *fakeSession, arg string) { s.say("213 " + stored.Add(ahead).Format(stampLayout)) }))
	c := f.client(func(o *Options) {
		o.Zone = zone
		o.Trace = &Trace{LocalTimes: func(d time.Duration) { traced += fmt.Sprint(d, ";") }}
	})
	for range 2 {
		stored = time.Now().UTC()
		if _, err := c.Store(t.Context(), "/f", strings.NewReader("x"), StoreOptions{}); err != nil {
			t.Fatal(err)
		}
		<-time.After(later) // in the bubble's time
		e, err := c.Verify(t.Context(), "/f")
		if err != nil {
			t.Fatal(err)
		}
		told = e.ModTime.Add(-time.Since(stored) + later)
	}
	return told, traced
}

// quirkLocalMDTM: it shows in the time of a file that was just stored, once; a
// server whose clock is wrong, or a file that somebody else has written since,
// is not taken for one.
func TestLocalTimesShow(t *testing.T) {
	for _, tc := range []struct {
		ahead, later time.Duration
		want         string
	}{
		{-5 * time.Hour, 0, "-5h0m0s;"},
		{5*time.Hour + 45*time.Minute + 90*time.Second, time.Second, "5h45m0s;"},
		{0, 0, ""},
		{90 * time.Second, 0, ""},
		{time.Hour + 5*time.Minute, 0, ""},
		{-5 * time.Hour, 2 * time.Minute, ""},
		{-24 * time.Hour, 0, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			if _, traced := storing(t, tc.ahead, tc.later, nil); traced != tc.want {
				t.Errorf("%v ahead, %v later: %q, want %q", tc.ahead, tc.later, traced, tc.want)
			}
		})
	}
}

// With the zone told, it is seen by that alone.
func TestLocalTimesOfToldZone(t *testing.T) {
	for ahead, off := range map[time.Duration]time.Duration{-5 * time.Hour: 0, 0: 0, 3 * time.Hour: 3 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			told, traced := storing(t, ahead, 0, newYork(t))
			if got := time.Until(told).Round(time.Minute); got != off || traced != "" {
				t.Errorf("%v ahead: off by %v, want %v; traced %q", ahead, got, off, traced)
			}
		})
	}
}
