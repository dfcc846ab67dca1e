package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/ftpserver"
	"ftpfs/test/ftptest"
)

// ordered are the faults that the bundled server does to order, without their
// octets, for a verb that transfers data.
func ordered(verb string) (all []ftpserver.Fault) {
	at := ftpserver.Fault{Verb: verb, Point: ftpserver.AtData}
	for _, nth := range []int{0, 1} {
		at.Nth = nth
		for _, kind := range []ftpserver.FaultKind{ftpserver.FaultReset, ftpserver.FaultClose, ftpserver.FaultStall} {
			f := at
			f.Kind = kind
			all = append(all, f)
		}
		for _, code := range []int{421, 426, 451, 226} {
			f := at
			f.Kind, f.Code, f.Text = ftpserver.FaultReply, code, "Fault."
			all = append(all, f)
		}
	}
	return all
}

// orderedAs is a scene on a profile of the bundled server, and how to set faults.
func orderedAs(t *testing.T, profile string) (scene, *ftpserver.Server) {
	t.Helper()
	tree := ftpserver.NewMemFS(0)
	c := scene{root: "/", content: content(largeSize), connections: connections, patience: silence}
	if profile == "embedded" {
		c.connections, c.noRest = 1, true
	}
	put := func(name string, data []byte) {
		f, err := tree.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
		if err == nil {
			_, err = f.Write(data)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put("large", c.content)
	if err := tree.Mkdir("dir", 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range listed {
		c.names = append(c.names, fmt.Sprintf("file number %d", i))
		put("dir/"+c.names[i], []byte("x"))
	}
	slices.Sort(c.names)
	server, err := ftpserver.New(ftpserver.Options{FS: tree, Anonymous: true, Profile: profile, LoginDelay: -1})
	if err != nil {
		t.Fatal(err)
	}
	c.options = ftpclient.Options{Host: "127.0.0.1", Port: ftptest.Serve(t, server).Port}
	return c, server
}

func closed(err error) error {
	if errors.Is(err, ftpserver.ErrServerClosed) {
		return nil
	}
	return err
}

// TestOrderedFaults: what servers do wrong in the midst of a transfer. A profile
// without REST and SIZE is among them, which has one connection.
func TestOrderedFaults(t *testing.T) {
	first := seed(t)
	for _, profile := range []string{"", "vsftpd", "iis", "embedded"} {
		t.Run("profile="+profile, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(first, 3))
			tally := map[string]int{}
			var mu sync.Mutex
			var cases sync.WaitGroup
			slots := make(chan struct{}, atOnce)
			start := rng.IntN(100)
			for range times() {
				for j, o := range ops {
					for i, f := range ordered(o.verb(profile)) {
						if part := part(); part > 1 && (i+j+start)%part != 0 {
							continue
						}
						if f.Octet = rng.Int64N(largeSize); o.name == "list" {
							f.Octet = rng.Int64N(listed * 40)
						}
						own := rand.New(rand.NewPCG(rng.Uint64(), 4))
						c, server := orderedAs(t, profile)
						slots <- struct{}{}
						cases.Go(func() {
							defer func() { <-slots }()
							outcome, err := c.order(server, o, f, own)
							mu.Lock()
							defer mu.Unlock()
							if tally[outcome]++; err != nil {
								t.Errorf("%s: %+v: %v", o.name, f, err)
							}
						})
					}
				}
			}
			cases.Wait()
			t.Log(tally)
		})
	}
}

// verb is the command of an operation that transfers data.
func (o op) verb(profile string) string {
	switch {
	case o.name != "list":
		return "RETR"
	case profile == "":
		return "MLSD"
	}
	return "LIST"
}

// order runs an operation while the server does wrong.
func (c scene) order(server *ftpserver.Server, o op, f ftpserver.Fault, rng *rand.Rand) (outcome string, err error) {
	m, err := c.mount()
	if err != nil {
		return "WRONG", err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.do(ops[2], rng); err != nil {
		return "WRONG", fmt.Errorf("before the fault: %w", err)
	}
	if err := server.SetFaults(f); err != nil {
		return "WRONG", err
	}
	said := m.do(o, rng)
	lie := f.Kind == ftpserver.FaultClose || f.Code == 226 // that it was all
	switch {
	case said == nil:
		outcome = "done"
	case errors.Is(said, errWrong) && lie && o.name == "list":
		outcome = "beyond telling"
	case errors.Is(said, errWrong), errors.Is(said, errHang), o.name != "list" && f.Nth == 1 && !lie:
		return "WRONG", said
	default:
		outcome = "failed"
	}
	if err := server.SetFaults(); err != nil {
		return "WRONG", err
	}
	return outcome, m.recovers(rng)
}
