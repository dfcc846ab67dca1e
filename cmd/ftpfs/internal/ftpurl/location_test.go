package ftpurl

import (
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/ftpclient"
)

func TestParseURL(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want Location
		show string // String(), if not url
	}{
		{"ftp://h", Location{Host: "h", Port: 21}, "ftp://h/"},
		{"ftp://h/", Location{Host: "h", Port: 21}, ""},
		{"FTP://h/", Location{Host: "h", Port: 21}, "ftp://h/"},
		{"ftp://h:2121/", Location{Host: "h", Port: 2121, HasPort: true}, ""},
		{"ftp://h:/", Location{Host: "h", Port: 21}, "ftp://h/"},
		{"ftp://h:21/", Location{Host: "h", Port: 21, HasPort: true}, "ftp://h/"},
		{"ftp://h/dir", Location{Host: "h", Port: 21, Dir: "dir"}, ""},
		{"ftp://h/dir/", Location{Host: "h", Port: 21, Dir: "dir/"}, ""},
		{"ftp://h/a/b%20c", Location{Host: "h", Port: 21, Dir: "a/b c"}, ""},
		{"ftp://h//etc", Location{Host: "h", Port: 21, Dir: "/etc"}, ""},
		{"ftp://h//", Location{Host: "h", Port: 21, Dir: "/"}, ""},
		{"ftp://h/%2Fetc", Location{Host: "h", Port: 21, Dir: "/etc"}, "ftp://h//etc"},
		{"ftp://h/%2fetc", Location{Host: "h", Port: 21, Dir: "/etc"}, "ftp://h//etc"},
		{"ftp://h/%FF%fe", Location{Host: "h", Port: 21, Dir: "\xff\xfe"}, "ftp://h/%FF%FE"},
		{"ftp://h/Gr\u00fc\u00dfe", Location{Host: "h", Port: 21, Dir: "Gr\u00fc\u00dfe"}, "ftp://h/Gr%C3%BC%C3%9Fe"},
		{"ftp://h/a%25b", Location{Host: "h", Port: 21, Dir: "a%b"}, ""},
		{"ftp://h/a+b", Location{Host: "h", Port: 21, Dir: "a+b"}, "ftp://h/a%2Bb"},
		{"ftp://h/a:b@c", Location{Host: "h", Port: 21, Dir: "a:b@c"}, "ftp://h/a%3Ab%40c"},
		{"ftp://h/a;type=i", Location{Host: "h", Port: 21, Dir: "a"}, "ftp://h/a"},
		{"ftp://h/a;TYPE=A", Location{Host: "h", Port: 21, Dir: "a"}, "ftp://h/a"},
		{"ftp://h/a;type=x", Location{Host: "h", Port: 21, Dir: "a;type=x"}, "ftp://h/a%3Btype%3Dx"},
		{"ftp://h/;type=d", Location{Host: "h", Port: 21}, "ftp://h/"},
		{"ftp://h/%3Ftype%23", Location{Host: "h", Port: 21, Dir: "?type#"}, ""},
		{"ftp://u@h/", Location{Host: "h", Port: 21, User: "u"}, ""},
		{"ftp://u:p@h/", Location{Host: "h", Port: 21, User: "u", Password: "p", HasPassword: true}, "ftp://u@h/"},
		{"ftp://u:@h/", Location{Host: "h", Port: 21, User: "u", HasPassword: true}, "ftp://u@h/"},
		{"ftp://u:p:q@h/", Location{Host: "h", Port: 21, User: "u", Password: "p:q", HasPassword: true}, "ftp://u@h/"},
		{"ftp://u:p@q@h/", Location{Host: "h", Port: 21, User: "u", Password: "p@q", HasPassword: true}, "ftp://u@h/"},
		{"ftp://me%40example.org:a%2Fb@h/", Location{Host: "h", Port: 21, User: "me@example.org", Password: "a/b", HasPassword: true}, "ftp://me%40example.org@h/"},
		{"ftp://a%3Ab:c@h/", Location{Host: "h", Port: 21, User: "a:b", Password: "c", HasPassword: true}, "ftp://a%3Ab@h/"},
		{"ftp://@h/", Location{Host: "h", Port: 21}, "ftp://h/"},
		{"ftp://192.0.2.1/", Location{Host: "192.0.2.1", Port: 21}, ""},
		{"ftp://[::1]/", Location{Host: "::1", Port: 21}, ""},
		{"ftp://[::1]:2121/x", Location{Host: "::1", Port: 2121, HasPort: true, Dir: "x"}, ""},
		{"ftp://u:p@[2001:db8::1]:21/x", Location{Host: "2001:db8::1", Port: 21, HasPort: true, User: "u", Password: "p", HasPassword: true, Dir: "x"}, "ftp://u@[2001:db8::1]/x"},
		{"ftp://[fe80::1%25eth0]/", Location{Host: "fe80::1%eth0", Port: 21}, ""},
		{"ftp://h/../x", Location{Host: "h", Port: 21, Dir: "../x"}, ""},
		{"ftps://h/", Location{Host: "h", Port: 990, Security: ftpclient.SecurityImplicit}, ""},
		{"ftps://h:990/", Location{Host: "h", Port: 990, HasPort: true, Security: ftpclient.SecurityImplicit}, "ftps://h/"},
		{"ftps://h:21/", Location{Host: "h", Port: 21, HasPort: true, Security: ftpclient.SecurityImplicit}, ""},
		{"FTPES://u:p@h/d", Location{Host: "h", Port: 21, User: "u", Password: "p", HasPassword: true, Dir: "d", Security: ftpclient.SecurityExplicit}, "ftpes://u@h/d"},
		{"ftpes://h:990/", Location{Host: "h", Port: 990, HasPort: true, Security: ftpclient.SecurityExplicit}, ""},
	} {
		got, err := Parse(tt.url)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", tt.url, got, err, tt.want)
			continue
		}
		show := tt.show
		if show == "" {
			show = tt.url
		}
		if got.String() != show {
			t.Errorf("Parse(%q).String() = %q, want %q", tt.url, got.String(), show)
		}
		again, err := Parse(got.String())
		got.Password, got.HasPassword = "", false
		got.HasPort = got.Port != got.Security.DefaultPort() // a default is not shown
		if err != nil || again != got {
			t.Errorf("%q does not survive: %+v, %v", show, again, err)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"", "ftp://"},
		{"host/dir", "write ftp://host/dir"},
		{"u:sesame@host/dir", "write ftp://u@host/dir"},
		{"ftp:/h/", "not a URL"},
		{"sftp://h/", "sshfs"},
		{"http://h/", "not FTP"},
		{"HTTPS://h/", "not FTP"},
		{"smb://h/", "not a scheme"},
		{"ftp://", "no host"},
		{"ftp:///dir", "no host"},
		{"ftp://:21/", "no host"},
		{"ftp://u:sesame@/x", "no host"},
		{"ftp://:sesame@h/", "no user"},
		{"ftp://h:0/", "port"},
		{"ftp://h:65536/", "port"},
		{"ftp://h:ftp/", "port"},
		{"ftp://u:sesame/x@h/", "port"},
		{"ftp://::1/", "brackets"},
		{"ftp://[::1/", "brackets"},
		{"ftp://[192.0.2.1]/", "brackets"},
		{"ftp://h o/", "not a host name"},
		{"ftp://h/%0d%0aDELE%20x", "control character"},
		{"ftp://h/%00", "control character"},
		{"ftp://h/a\nb", "control character"},
		{"ftp://h/%7F", "control character"},
		{"ftp://u%0D:p@h/", "control character"},
		{"ftp://u:sesame%0A@h/", "control character"},
		{"ftp://h%0A/", "control character"},
		{"ftp://h/%2", "hexadecimal"},
		{"ftp://h/%zz", "hexadecimal"},
		{"ftp://h/x?y", "query"},
		{"ftp://u:sesame#1@h/", "query"},
	} {
		_, err := Parse(tt.url)
		if exit.CodeOf(err) != exit.Usage || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q): %v; want %q", tt.url, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "sesame") || strings.ContainsAny(err.Error(), "\r\n\x00")) {
			t.Errorf("Parse(%q) tells the password or breaks the line: %q", tt.url, err)
		}
	}
}

func TestLocationRoot(t *testing.T) {
	for _, tt := range []struct{ dir, home, want string }{
		{"", "/home/me", "/home/me"},
		{"", "/", "/"},
		{"", "", "/"},
		{"x/y", "/home/me", "/home/me/x/y"},
		{"x/", "/", "/x"},
		{"/", "/home/me", "/"},
		{"/etc/", "/home/me", "/etc"},
		{"../you", "/home/me", "/home/you"},
	} {
		if got := (Location{Dir: tt.dir}).Root(tt.home); got != tt.want {
			t.Errorf("root of %q in %q = %q, want %q", tt.dir, tt.home, got, tt.want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("ftp://u:p@[::1]:2121//a%20b;type=i")
	f.Add("ftp://h/%2F%FF")
	f.Add("ftp://h:21/")
	f.Fuzz(func(t *testing.T, raw string) {
		loc, err := Parse(raw)
		if err != nil {
			return
		}
		if strings.ContainsAny(loc.User+loc.Password+loc.Host+loc.Dir, "\r\n\x00") {
			t.Fatalf("%q: control characters: %+v", raw, loc)
		}
		loc.Password, loc.HasPassword = "", false
		loc.HasPort = loc.Port != loc.Security.DefaultPort() // else it is left out
		again, err := Parse(loc.String())
		if err != nil || again != loc {
			t.Fatalf("%q became %q, which is %+v, %v; want %+v", raw, loc, again, err, loc)
		}
	})
}
