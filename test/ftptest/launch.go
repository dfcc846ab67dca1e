package ftptest

import (
	"errors"
	"fmt"
	"os"
)

// Launch is [Start] for programs that are no tests. The caller closes the
// server; it is also gone when the program is killed, but for its files. Methods
// that fail a test, such as [Server.WriteFile], are not for this server.
func Launch(name string, opts ...Option) (*Server, error) {
	k, err := find(name)
	if err == nil {
		err = k.prepare()
	}
	if err != nil {
		return nil, err
	}
	s, err := k.newServer(opts)
	switch {
	case err != nil:
	case s.opts.tls > k.mostTLS:
		err = fmt.Errorf("it has no %v TLS", s.opts.tls)
	case s.opts.ipv6:
		err = haveIPv6()
		s.Host = "::1"
	}
	if err == nil {
		err = s.launch()
	}
	if err != nil {
		err = fmt.Errorf("%s does not start: %w", name, err)
		if s != nil {
			err = errors.Join(err, s.Close())
		}
		return nil, err
	}
	return s, nil
}

// Close stops a server and removes all its files. It is for those that [Launch]
// has started.
func (s *Server) Close() error {
	s.Stop()
	return os.RemoveAll(s.base)
}
