package secret

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseNetrc(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []netrcEntry
	}{
		{"empty", "", nil},
		{"one line", "machine h login u password p", []netrcEntry{{machine: "h", login: "u", password: "p", hasPass: true}}},
		{"many lines, tabs, CRLF", "machine\th\r\n\tlogin u\r\n\tpassword p\r\n", []netrcEntry{{machine: "h", login: "u", password: "p", hasPass: true}}},
		{"account and port are passed over", "machine h port 21 account a login u", []netrcEntry{{machine: "h", login: "u"}}},
		{"quotes", `machine h login "u v" password "p \"q\" \\ #"`, []netrcEntry{{machine: "h", login: "u v", password: `p "q" \ #`, hasPass: true}}},
		{"hash in a password", "machine h login u password p#q # said so", []netrcEntry{{machine: "h", login: "u", password: "p#q", hasPass: true}}},
		{"comment lines", "# machine x\nmachine h # host\nlogin u", []netrcEntry{{machine: "h", login: "u"}}},
		{"a password named machine", "machine h login machine password login", []netrcEntry{{machine: "h", login: "machine", password: "login", hasPass: true}}},
		{"macdef", "machine h login u\nmacdef init\nmachine fake login x\ncd /\n\nmachine i login v", []netrcEntry{{machine: "h", login: "u"}, {machine: "i", login: "v"}}},
		{"default", "machine h login u\ndefault login anonymous password me@", []netrcEntry{{machine: "h", login: "u"}, {isDefault: true, login: "anonymous", password: "me@", hasPass: true}}},
		{"empty password", `machine h login u password ""`, []netrcEntry{{machine: "h", login: "u", hasPass: true}}},
	} {
		got, err := parseNetrc(tt.text)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestParseNetrcRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"\n\nsesame", "line 3"},
		{"machine h login u password", "without a value"},
		{"machine", "without a value"},
		{"login u", "before any machine"},
		{"machine h password \"sesame\nlogin u", "not closed"},
		{`machine h password "sesame`, "not closed"},
		{"machine h login u password my sesame", "neither"},
	} {
		_, err := parseNetrc(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: %v, want %q and no password", tt.text, err, tt.want)
		}
	}
}

func FuzzParseNetrc(f *testing.F) {
	f.Add("machine h login u password \"p\\\"\"\nmacdef m\nx\n\ndefault login a")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parseNetrc(text)
		if err == nil && len(entries) > len(text) {
			t.Fatalf("%d entries of %d bytes", len(entries), len(text))
		}
	})
}
