package interop

import (
	"crypto/tls"
	"testing"

	"ftpfs/test/ftptest"
)

// TestNoTickets: a server that wants TLS sessions resumed and gives no tickets is
// no use, which mount says, with the mend. It is no other than the one that works
// with tickets.
func TestNoTickets(t *testing.T) {
	t.Parallel()
	options := []ftptest.Option{ftptest.TLS(ftptest.Explicit), ftptest.TLSVersion(tls.VersionTLS12)}
	for _, more := range [][]ftptest.Option{{ftptest.NoTickets()}, {}} {
		s := ftptest.Start(t, ftptest.ProFTPD, append(more, options...)...)
		s.WriteFile("f", []byte("f"))
		if len(more) > 0 {
			refused(t, s, s.URL(), "TLSSessionTickets on", "--ca-file", s.CAFile)
			continue
		}
		worksWith(t, s.URL(), "--ca-file", s.CAFile)
	}
	s := ftptest.Start(t, ftptest.ProFTPD, append(options, ftptest.NoTickets(), ftptest.Extra("TLSOptions NoSessionReuseRequired"))...)
	s.WriteFile("f", []byte("f"))
	worksWith(t, s.URL(), "--ca-file", s.CAFile)
}
