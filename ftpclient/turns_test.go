package ftpclient

import (
	"testing"
	"testing/synctest"
	"time"
)

// contended is how many downloads are to end.
func contended(all []*Download) (n int) {
	for _, d := range all {
		if d.Contended() {
			n++
		}
	}
	return n
}

// holdThree takes all connections of a client that has three.
func holdThree(t *testing.T) (c *Client, all []*Download) {
	f := newFake(t, map[string]string{"/f": "abc", "/g": "g"})
	f.hook = stalls
	c = f.client(func(o *Options) { o.Connections, o.DataTimeout = 3, time.Hour })
	for range 3 {
		all = append(all, hold(t, c, "/f"))
	}
	return c, all
}

func closeAll(all []*Download) {
	for _, d := range all {
		d.Close()
	}
}

// As many downloads are told to end as wait for a connection, whoever is asked first
// and how often; one that has ended is not counted, nor one that rests.
func TestAsManyYieldAsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, all := holdThree(t)
		defer closeAll(all)
		<-time.After(mostTurn)
		mkdir := go1(func() error { return c.Mkdir(t.Context(), "/a") })
		synctest.Wait()
		if n := contended(all) + contended(all); n != 2 {
			t.Errorf("%d times one of three downloads is contended when one waits, asked twice", n)
		}
		more := go1(func() error { return c.Mkdir(t.Context(), "/b") })
		synctest.Wait()
		if n := contended(all); n != 2 {
			t.Errorf("%d downloads are contended when two wait", n)
		}
		for _, d := range all {
			if d.Contended() {
				d.Close()
				break
			}
		}
		noError(t, "Mkdir", <-mkdir)
		noError(t, "Mkdir", <-more) // on the same connection
		if n := contended(all); n != 0 {
			t.Errorf("%d downloads are contended when nobody waits", n)
		}
		last := go1(func() error { return c.Mkdir(t.Context(), "/c") })
		noError(t, "Mkdir", <-last) // on what is idle now
		again := hold(t, c, "/f")
		defer again.Close()
		<-time.After(mostTurn)
		last = go1(func() error { return c.Mkdir(t.Context(), "/d") })
		synctest.Wait()
		if !again.Contended() && contended(all) != 1 {
			t.Error("nobody is contended")
		}
		again.Park()
		noError(t, "Mkdir", <-last)
	})
}

// One that waits patiently has a download end only after a turn, which is longer than
// a share.
func TestPatientWaitForTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, all := holdThree(t)
		defer closeAll(all)
		patient := go1(func() error {
			d, err := c.Retrieve(t.Context(), "/g", RetrieveOptions{Patient: true})
			if err == nil {
				d.Close()
			}
			return err
		})
		synctest.Wait()
		<-time.After(mostShare - time.Millisecond)
		if n := contended(all); n != 0 {
			t.Errorf("%d downloads have had no more than a share", n)
		}
		hasty := go1(func() error { return c.Mkdir(t.Context(), "/a") })
		synctest.Wait()
		if n := contended(all); n != 1 {
			t.Errorf("%d downloads are contended by who is not patient", n)
		}
		<-time.After(time.Millisecond)
		if n := contended(all); n != 2 {
			t.Errorf("%d downloads are contended after a turn", n)
		}
		closeAll(all)
		noError(t, "Mkdir", <-hasty)
		noError(t, "Retrieve", <-patient)
	})
}

// Who is patient lets others go first, but not for ever.
func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFake(t, nil).client(nil).pool
		p.limit, p.growAt = 0, time.Now().Add(time.Hour)
		order := map[*waiter]string{}
		join := func(name string, n need) {
			p.all[new(conn)] = true // else one may dial
			_, w := p.claim(n, false)
			order[w] = name
		}
		join("patient", need{patient: true})
		join("hasty", need{})
		join("second patient", need{patient: true})
		join("second hasty", need{})
		<-time.After(patience)
		join("late", need{})
		got := ""
		for e := p.waiters.Front(); e != nil; e = e.Next() {
			got += order[e.Value.(*waiter)] + ", "
		}
		if want := "hasty, second hasty, patient, second patient, late, "; got != want {
			t.Errorf("served in the order %q, want %q", got, want)
		}
		clear(p.all)
	})
}

// A connection that a download was ended for stays with those who come in a hurry, as
// long as they come, but for no more than a share longer than who is patient waits.
func TestHeldForWhoComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, all := holdThree(t)
		defer closeAll(all)
		<-time.After(mostTurn)
		mkdir := go1(func() error { return c.Mkdir(t.Context(), "/a") })
		synctest.Wait()
		for _, d := range all {
			if d.Contended() {
				d.Close()
			}
		}
		asked := time.Now()
		patient := go1(func() error {
			d, err := c.Retrieve(t.Context(), "/g", RetrieveOptions{Patient: true})
			if err == nil {
				d.Close()
			}
			return err
		})
		noError(t, "Mkdir", <-mkdir)
		for _, name := range []string{"/b", "/c", "/d", "/e"} {
			<-time.After(heldFor - time.Millisecond)
			before := time.Now()
			noError(t, "Mkdir", c.Mkdir(t.Context(), name))
			if time.Since(before) > 0 {
				t.Errorf("Mkdir %s waits for a connection", name)
			}
		}
		noError(t, "Retrieve", <-patient)
		if waited := time.Since(asked); waited < 3*heldFor || waited > mostShare {
			t.Errorf("the patient one waited for %v", waited)
		}
		if n := contended(all); n != 0 {
			t.Errorf("%d downloads are contended", n)
		}
	})
}

// A control connection whose data connection has fallen silent is not used again,
// though it has said how the transfer ended: it may be silent by now, too.
func TestSilentDataCostsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/f": "abc"})
		f.hook = stalls
		c := f.client(func(o *Options) { o.Connections, o.DataTimeout = 1, time.Second })
		d := hold(t, c, "/f")
		_, err := d.Read(make([]byte, 1))
		wantKind(t, "Read", err, KindTimeout)
		noError(t, "Mkdir", c.Mkdir(t.Context(), "/a"))
		if f.sessions != 2 {
			t.Errorf("%d sessions, want 2", f.sessions)
		}
	})
}
