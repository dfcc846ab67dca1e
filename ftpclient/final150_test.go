package ftpclient

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// A download that is broken off, and whose end is found by a NOOP
// (quirkFinal150), takes no reply of what is sent next.
func TestNextCommandAfterFinal150(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree := fTree()
		tree["/large"] = strings.Repeat("x", 5000)
		f := newFake(t, tree)
		f.hook = func(s *fakeSession, verb, arg string) bool {
			if verb != "RETR" || arg != "/large" {
				return false
			}
			nc := s.accept()
			s.say("150 a")
			io.WriteString(nc, tree["/large"]) // fails: closed
			nc.Close()
			s.say("150 0.042 seconds")
			return true
		}
		c := ready(t, f, nil)
		c.srv.learn(factDataAhead, No, "test")
		paths := []string{"/large", "/f", "/large", "/f"}
		next := func() (p string, ok bool) {
			if len(paths) > 0 {
				p, paths, ok = paths[0], paths[1:], true
			}
			return p, ok
		}
		var got []string
		err := c.RetrieveAhead(t.Context(), 4096, next, func(p string, a Ahead) {
			got = append(got, fmt.Sprintf("%s %q %v", p, a.Data, a.Err))
		})
		noError(t, "RetrieveAhead", err)
		large, small := fmt.Sprintf("/large %q %v", "", ErrTooLarge), `/f "abcdef" <nil>`
		if want := []string{large, small, large, small}; !slices.Equal(got, want) || f.sessions != 1 {
			t.Errorf("got %q in %d sessions, want %q in one", got, f.sessions, want)
		}
	})
}
