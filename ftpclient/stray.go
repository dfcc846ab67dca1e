package ftpclient

import "strings"

// A server reads what is written behind a transfer when that has ended, as long as
// it came with the transfer's command: it waits in a buffer then. What comes a
// moment later, for the network has cut the write in two, some answer at once, in
// the midst of the transfer (quirkDataDropped). Such a reply comes before the
// transfer's own and must not be taken for it.

// stray recognises the reply to one of the commands behind a transfer that came
// before the transfer's own: it is of a kind that a transfer has not.
func (t *transfer) stray(r reply) bool {
	if t.port.verb == "" {
		return false
	}
	return r.code == 213 || r.code == 227 || r.code == 229 || r.code == 250 && len(r.lines) > 2
}

// strayWithin is stray for what came after a transfer had begun, in place of its
// end. ProFTPD refuses then, by name, what it cannot do now; Pure-FTPd says to all
// that came together, once, that it knows no such command, which RFC 959 section
// 5.4 has no transfer end with.
func (t *transfer) strayWithin(r reply) bool {
	if t.port.verb == "" {
		return false
	}
	switch r.code {
	case 450:
		verb, _, named := strings.Cut(r.text(), ":")
		return named && (verb == t.port.verb || verb == t.behindVerb())
	case 500, 502:
		return true
	}
	return t.stray(r)
}

func (t *transfer) behindVerb() string {
	if len(t.behind) > 0 {
		return t.behind[0].verb
	}
	return t.port.verb
}

// untangle finds the end of a transfer among replies of which r was the first. The
// others are not believed: they were true of a file that was not there yet. What
// else may be owed is passed over, and nothing is sent behind a transfer any more
// when that has happened twice; once may be the network's doing.
func (t *transfer) untangle(r reply) (reply, error) {
	evidence := t.verb + " and " + t.behindVerb() + " in one write, the answer to which came first: " + r.evidence()
	most := len(t.behind) + 1
	for range most {
		end, err := t.c.final(t.verb, max(t.c.opts.ReplyTimeout, t.c.opts.DataTimeout))
		if err != nil {
			return end, err
		}
		if t.strayWithin(end) {
			continue
		}
		t.c.srv.channelFailed(evidence)
		t.behind, t.port = nil, command{}
		if err := t.c.passNOOP(); err != nil {
			t.c.broken = err // for who uses it next: the transfer is what it is
		}
		return end, nil
	}
	t.behind, t.port = nil, command{} // all are answered: it was the transfer's own, and an odd one
	return r, nil
}
