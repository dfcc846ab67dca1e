package ftpclient

import (
	"context"
	"time"
)

// afterStore is what is sent behind a Store: the look at the file comes first, for
// its time by the server's clock tells in which zone that is (checkStoredTime).
type afterStore struct {
	looks   []command
	way     timeWay
	time    []command // one, or none
	replies []reply   // to looks and time, as far as they came
}

// rideMost is how many octets of commands go behind a STOR at most: Pure-FTPd loses
// what is beyond its buffer of 4 KiB while it receives, and never answers it.
const rideMost = 2 << 10

// ride chooses what goes in one write with the Store.
func (a *afterStore) ride(c *conn, path string, o StoreOptions) {
	if o.Verify {
		a.looks = c.verifyCommands(path)
	}
	if way, proven := c.provenWay(); proven && !o.ModTime.IsZero() && hasYear(o.ModTime) {
		a.way, a.time = way, []command{way.command(c, path, o.ModTime)}
	}
	octets := 0
	for _, cmd := range a.commands() {
		octets += len(cmd.line()) + len("\r\n")
	}
	if octets > rideMost {
		a.looks, a.time = nil, nil
	}
}

func (a *afterStore) commands() []command {
	return append(a.looks[:len(a.looks):len(a.looks)], a.time...)
}

// setTime takes the reply to the command that set the time, or sets it now.
func (a *afterStore) setTime(ctx context.Context, c *conn, path string, t time.Time) error {
	at := len(a.looks)
	if len(a.time) == 0 || len(a.replies) <= at {
		return c.setModTime(ctx, path, t, false)
	}
	next, err := c.timeSet(ctx, a.way, path, a.replies[at])
	if next {
		return c.setModTime(ctx, path, t, false)
	}
	return err
}
