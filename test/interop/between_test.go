package interop

import (
	"bytes"
	"crypto/tls"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ftpfs/ftpclient"
	"ftpfs/test/ftptest"
)

// elsewhere is an address of this machine that is not the one a client comes from:
// servers take it for another host's.
const elsewhere = "127.0.0.2"

// allowing is what has a server send to others, and let others send to it.
var allowing = map[string]ftptest.Option{
	ftptest.Vsftpd:  ftptest.Extra("pasv_promiscuous=YES", "port_promiscuous=YES", "require_ssl_reuse=NO"),
	ftptest.ProFTPD: ftptest.Extra("AllowForeignAddress on", "<IfModule mod_tls.c>", "TLSOptions NoSessionReuseRequired", "TLSVerifyServer off", "</IfModule>"),
}

// TestBetween has servers send to each other: those that are configured to, in both
// directions, and those that are not, which is an error that a copy through this
// machine mends. Not tried is ProFTPD as the client in TLS that sends: it now and then
// closes before all is out, which vsftpd tells (426), or the size.
func TestBetween(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, from, to string
		allowed        bool
		tls            ftptest.TLSMode
		works          bool
	}{
		{"vsftpd to proftpd", ftptest.Vsftpd, ftptest.ProFTPD, true, ftptest.NoTLS, true},
		{"proftpd to vsftpd", ftptest.ProFTPD, ftptest.Vsftpd, true, ftptest.NoTLS, true},
		{"refused, from vsftpd", ftptest.Vsftpd, ftptest.ProFTPD, false, ftptest.NoTLS, false},
		{"refused, from proftpd", ftptest.ProFTPD, ftptest.Vsftpd, false, ftptest.NoTLS, false},
		{"TLS, one with SSCN", ftptest.Vsftpd, ftptest.ProFTPD, true, ftptest.Explicit, true},
		{"TLS, none with SSCN", ftptest.Vsftpd, ftptest.Vsftpd, true, ftptest.Explicit, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			options := func(name string) []ftptest.Option {
				o := []ftptest.Option{ftptest.TLS(tc.tls)}
				switch {
				case tc.allowed:
					o = append(o, allowing[name])
				case name == ftptest.Vsftpd: // its connections come from where the client's do
					o = append(o, ftptest.Extra("port_enable=NO"))
				}
				return o
			}
			from := ftptest.Start(t, tc.from, options(tc.from)...)
			to := ftptest.Start(t, tc.to, append(options(tc.to), ftptest.Inside(elsewhere, (*exec.Cmd).Start))...)
			data := randomly(3 << 20)
			from.WriteFile("file", data)
			between(t, from, to, tc.works)
			copiedBetween(t, from, to, tc.works, data)
		})
	}
}

// between is SendTo with the client alone.
func between(t *testing.T, from, to *ftptest.Server, works bool) {
	t.Helper()
	unverified := func(o *ftpclient.Options) {
		if o.TLS != nil {
			o.TLS = &tls.Config{InsecureSkipVerify: true} // no certificate is for elsewhere
		}
	}
	_, a := dialed(t, from, unverified)
	_, b := dialed(t, to, unverified)
	s, err := a.SendTo(t.Context(), from.Path("file"), b, to.Path("sent"), ftpclient.SendOptions{})
	if !works {
		var e *ftpclient.Error
		if !errors.Is(err, ftpclient.ErrNotBetween) || !errors.As(err, &e) || e.Kind != ftpclient.KindUnsupported {
			t.Errorf("SendTo is not refused as it should be: %v", err)
		}
	} else if got, readErr := os.ReadFile(filepath.Join(to.Dir, "sent")); err != nil || readErr != nil || s.Entry.Size != int64(len(got)) || len(got) != 3<<20 {
		t.Errorf("SendTo: %v; %d octets have arrived, %v; %+v", err, len(got), readErr, s)
	}
	if _, err := a.SendTo(t.Context(), from.Path("none"), b, to.Path("sent"), ftpclient.SendOptions{}); works && ftpclient.KindOf(err) != ftpclient.KindNotExist {
		t.Errorf("SendTo of a file that is not there: %v", err)
	}
	// Both sessions are as they were.
	for _, c := range []*ftpclient.Client{a, b} {
		if _, err := c.List(t.Context(), "/"); err != nil && from.Root == "/" {
			t.Errorf("after SendTo: %v", err)
		}
	}
}

// copiedBetween is the same by the program.
func copiedBetween(t *testing.T, from, to *ftptest.Server, works bool, data []byte) {
	t.Helper()
	k := newTool(t, from)
	if from.CAFile != "" {
		k.flags = []string{"--no-verify"}
	}
	target := strings.TrimSuffix(to.URL(), "/")
	_, stderr, code := k.try("", "copy", "--fxp=only", "{}/file", target+"/only")
	if works != (code == 0) || !works && !strings.Contains(stderr, "do not send to each other") {
		t.Errorf("copy --fxp=only exits with %d: %s", code, stderr)
	}
	k.do("copy", "--fxp", "{}/file", target+"/tried")
	for name, there := range map[string]bool{"only": works, "tried": true} {
		got, err := os.ReadFile(filepath.Join(to.Dir, name))
		if there && !bytes.Equal(got, data) || !there && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("copy: %s has %d octets, %v", name, len(got), err)
		}
	}
	left, err := filepath.Glob(filepath.Join(to.Dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left on the server: %q, %v", left, err)
	}
}
