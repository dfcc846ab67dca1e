package remote

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/ftpclient"
)

func TestTLSFlags(t *testing.T) {
	for _, tt := range []struct {
		url, flags, show string
		want             ftpclient.Security
	}{
		{"ftp://h/", "", "ftp://h/", ftpclient.SecurityNone},
		{"ftp://h/", "--tls=off", "ftp://h/", ftpclient.SecurityNone},
		{"ftp://h/", "--tls=try", "ftp://h/", ftpclient.SecurityTry},
		{"ftp://h/", "--tls=explicit", "ftpes://h/", ftpclient.SecurityExplicit},
		{"ftp://h:2121/", "-o tls=explicit", "ftpes://h:2121/", ftpclient.SecurityExplicit},
		{"ftp://h/", "--tls=implicit", "ftps://h/", ftpclient.SecurityImplicit},
		{"ftp://h:2121/", "--tls=implicit", "ftps://h:2121/", ftpclient.SecurityImplicit},
		{"ftp://h:21/", "--tls=implicit", "ftps://h:21/", ftpclient.SecurityImplicit},
		{"ftp://h:990/", "--tls=implicit", "ftps://h/", ftpclient.SecurityImplicit},
		{"ftp://h:990/", "--tls=explicit", "ftpes://h:990/", ftpclient.SecurityExplicit},
		{"ftpes://h/", "", "ftpes://h/", ftpclient.SecurityExplicit},
		{"ftpes://h/", "--tls=explicit", "ftpes://h/", ftpclient.SecurityExplicit},
		{"ftps://h/", "", "ftps://h/", ftpclient.SecurityImplicit},
		{"ftps://h/", "--tls=implicit", "ftps://h/", ftpclient.SecurityImplicit},
	} {
		j, err := checked(t, tt.url, strings.Fields(tt.flags)...)
		if err != nil || j.Location.Security != tt.want || j.Location.String() != tt.show {
			t.Errorf("%s %s: %v %s, %v", tt.url, tt.flags, j.Location.Security, j.Location, err)
		}
		// The process that replaces this one gets the same flags with that URL.
		again, err := checked(t, j.Location.String(), strings.Fields(tt.flags)...)
		if err != nil || again.Location != j.Location {
			t.Errorf("%s %s: the second time %+v, %v", tt.url, tt.flags, again.Location, err)
		}
	}
	t.Setenv("FTPFS_TLS", "explicit")
	t.Setenv("FTPFS_CA_FILE", "ca.pem")
	j, err := checked(t, "ftp://h/", "-o", "tls_cert=/c,tls-key=/k")
	if err != nil || j.Location.Security != ftpclient.SecurityExplicit || !filepath.IsAbs(j.TLS.CAFile) || j.TLS.Cert != "/c" || j.TLS.Key != "/k" {
		t.Errorf("%+v, %v", j, err)
	}
	t.Setenv("FTPFS_CA_FILE", "")
	j, err = checked(t, "ftp://h/", "-o", "tls_pin=a,tls_pin=b")
	if err != nil || !slices.Equal(j.TLS.Pins, []string{"a", "b"}) {
		t.Errorf("%+v, %v", j.TLS, err)
	}
}

func TestTLSFlagsRefused(t *testing.T) {
	for _, tt := range []struct{ url, flags string }{
		{"ftp://h/", "--tls=yes"},
		{"ftpes://h/", "--tls=off"},
		{"ftpes://h/", "--tls=try"},
		{"ftps://h/", "--tls=explicit"},
		{"ftp://h/", "--ca-file=x"},
		{"ftp://h/", "--no-verify"},
		{"ftp://h/", "--tls-pin=x"},
		{"ftpes://h/", "--no-verify --tls-pin=x"},
		{"ftpes://h/", "--ca-file=x --tls-pin=x"},
		{"ftpes://h/", "--tls-key=x"},
	} {
		if _, err := checked(t, tt.url, strings.Fields(tt.flags)...); exit.CodeOf(err) != exit.Usage {
			t.Errorf("%s %s: %v", tt.url, tt.flags, err)
		}
	}
	for _, s := range []TLS{
		{CAFile: "/no/such"}, {CAFile: os.DevNull}, {Cert: "/no/such"}, {Cert: os.DevNull},
	} {
		if _, err := s.config(); exit.CodeOf(err) != exit.Usage || !strings.Contains(err.Error(), s.CAFile+s.Cert) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
