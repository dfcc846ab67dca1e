package ftpclient

// askPort sends EPSV or PASV for cmd, and before it PRET where the server
// wants that: a distributed server must know what will be transferred to name
// a port of the machine that has it. PRET is no RFC's; drftpd and glftpd
// define it as "PRET", a space and the command to come. refused tells that the
// reply is the server's refusal of cmd.
func (c *conn) askPort(cmd command, verb string) (r reply, refused bool, err error) {
	if !c.wantsPRET() {
		r, err = c.cmd(verb, "")
		return r, false, err
	}
	pret := command{"PRET", cmd.line()}
	var port *reply
	if c.srv.support(factPipelining) == Yes {
		replies, err := c.flight([]command{pret, {verb: verb}}, c.opts.ReplyTimeout)
		if err != nil {
			return reply{}, false, err
		}
		r, port = replies[0], &replies[1]
	} else if r, err = c.cmd(pret.verb, pret.arg); err != nil {
		return r, false, err
	}
	switch {
	case r.notImplemented() || r.code == 501:
		c.srv.learn(factPRET, No, r.evidence())
	case r.completed():
		c.srv.learn(factPRET, Yes, r.evidence())
	default:
		return r, true, nil
	}
	if port != nil {
		return *port, false, nil
	}
	r, err = c.cmd(verb, "")
	return r, false, err
}

// wantsPRET tells whether FEAT has PRET, for a reason, and the server has not
// refused it.
func (c *conn) wantsPRET() bool {
	return c.srv.offers("PRET") && c.srv.support(factPRET) != No && !c.srv.has(quirkIdlePRET)
}
