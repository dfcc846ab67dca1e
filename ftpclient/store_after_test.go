package ftpclient

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A time that goes with a Store is set by whatever the server has, once the file is
// there; that it is refused is told, and the file is there all the same.
func TestStoreWithTime(t *testing.T) {
	when := time.Date(2011, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, tc := range []struct {
		name string
		hook func(*fakeSession, string, string) bool
		sent string // what set it, of the last of three
		kind Kind
	}{
		{"MFMT", says("MFMT", "213 Modify=20110203040506; /g"), "MFMT 20110203040506 /g", 0},
		{"MDTM", setsByMDTM, "MDTM 20110203040506 /g", 0},
		{"SITE UTIME", hooks(mdtmSays("550 no such"), says("SITE", "200 done")), "SITE UTIME 20110203040506 /g", 0},
		{"none", mdtmSays("550 what"), "", KindUnsupported},
		{"denied", says("MFMT", "550 Permission denied"), "MFMT 20110203040506 /g", KindPermission},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, fTree())
				f.hook = tc.hook
				c := ready(t, f, nil)
				for range 3 {
					before := len(f.commands())
					s, err := c.Store(t.Context(), "/g", strings.NewReader("xyz"), StoreOptions{Verify: true, ModTime: when})
					if noError(t, "Store", err); s.Sent != 3 || s.Entry.Size != 3 || s.VerifyErr != nil {
						t.Errorf("%+v", s)
					}
					if tc.kind != 0 {
						wantKind(t, "time", s.TimeErr, tc.kind)
					} else {
						noError(t, "time", s.TimeErr)
					}
					sent := ""
					for _, line := range f.commands()[before:] {
						if strings.Contains(line, "20110203040506") {
							sent = line
						}
					}
					if got, _ := f.get("/g"); got != "xyz" || tc.sent != "" && sent != tc.sent {
						t.Errorf("stored %q; sent %q, want %q", got, sent, tc.sent)
					}
				}
			})
		})
	}
}

// mdtmSays answers MDTM with two arguments, and leaves the one with a name alone.
func mdtmSays(line string) func(*fakeSession, string, string) bool {
	return func(s *fakeSession, verb, arg string) bool {
		if verb != "MDTM" || !strings.Contains(arg, " ") {
			return false
		}
		s.say(line)
		return true
	}
}

var setsByMDTM = mdtmSays("213 File modification time set.")

// What goes behind a STOR is short: the buffers of servers are, while they receive.
func TestLittleGoesBehindStore(t *testing.T) {
	for _, tc := range []struct {
		octets int
		rides  bool
	}{{100, true}, {3000, false}} {
		synctest.Test(t, func(t *testing.T) {
			behind := 0
			f := newFake(t, fTree())
			f.hook = func(s *fakeSession, verb, _ string) bool {
				if verb == "STOR" {
					behind = s.in.Buffered()
				}
				return false
			}
			c := ready(t, f, nil)
			for range 2 { // the second time it is known that the server takes them so
				s, err := c.Store(t.Context(), "/"+strings.Repeat("g", tc.octets), strings.NewReader("xyz"), StoreOptions{Verify: true})
				if noError(t, "Store", err); s.VerifyErr != nil || s.Entry.Size != 3 {
					t.Errorf("%d octets: %+v", tc.octets, s)
				}
			}
			if rode := behind > tc.octets/2; rode != tc.rides {
				t.Errorf("%d octets are behind the STOR of a path of %d", behind, tc.octets)
			}
		})
	}
}
