package ftpserver_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ftpfs/ftpserver"
)

// TestTransferred: every transfer of a file, whole or not, and no listing.
func TestTransferred(t *testing.T) {
	var mu sync.Mutex
	var told []string
	began := time.Now()
	fsys := ftpserver.NewMemFS(0)
	addr := start(t, ftpserver.Options{FS: fsys, Anonymous: true, Users: map[string]ftpserver.User{"u": {Check: ftpserver.Password("p")}},
		Transferred: func(r ftpserver.Transfer) {
			mu.Lock()
			defer mu.Unlock()
			if r.Began.Before(began) || r.Took < 0 || r.Peer.String() != "127.0.0.1" {
				t.Errorf("%+v", r)
			}
			told = append(told, fmt.Sprint(r.Session, r.User, r.Anonymous, r.ID, r.Verb, r.Path, r.ASCII, r.Bytes, r.Code))
		}})
	c := login(t, addr)
	c.put("STOR a b", "12345")
	c.put("APPE a b", "67")
	c.get("LIST")
	c.do("TYPE A", "200")
	c.get("RETR a b")
	c.do("PORT 127,0,0,1,255,254", "200")
	c.do("RETR a b", "150")
	c.expect("425")
	c.passive()
	c.do("RETR nothing", "550")
	c.do("USER ftp", "331")
	c.do("PASS me@example.org", "230")
	c.get("RETR /a b")
	mu.Lock()
	defer mu.Unlock()
	want := []string{
		fmt.Sprint(1, "u", false, "", "STOR", "/a b", false, 5, 226),
		fmt.Sprint(1, "u", false, "", "APPE", "/a b", false, 2, 226),
		fmt.Sprint(1, "u", false, "", "RETR", "/a b", true, 7, 226),
		fmt.Sprint(1, "u", false, "", "RETR", "/a b", true, 0, 425),
		fmt.Sprint(1, "ftp", true, "me@example.org", "RETR", "/a b", true, 7, 226),
	}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%q, want\n%q", told, want)
	}
}
