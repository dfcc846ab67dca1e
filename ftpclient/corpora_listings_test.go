package ftpclient

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// parseListing reads a whole listing as a LIST or MLSD would.
func parseListing(t testing.TB, data string, facts bool, now time.Time) *Listing {
	t.Helper()
	var lr listReader
	if !facts {
		lr.rows = &rowReader{now: now}
	}
	if err := readLines(strings.NewReader(data), lr.line); err != nil {
		t.Fatal(err)
	}
	return lr.result()
}

// chromiumContradicted are the names of a listing about which we decided
// otherwise: they have them and we do not, or the other way round.
var chromiumContradicted = map[string]struct {
	name   func(string) bool
	reason string
}{
	"dir-listing-ls-19": {func(s string) bool { return s == " " }, "a name that is one space is a name"},
	"dir-listing-ls-31": {func(s string) bool { return strings.Contains(s, "\n") }, "a name with line feeds cannot be sent: it is skipped, and said to be"},
}

func TestListingsOfChromium(t *testing.T) {
	type listing struct {
		ID, File, Now string
		Expect        []corpusEntry
	}
	met, all := 0, 0
	for _, c := range readJSONL[listing](t, "chromium/cases.jsonl") {
		data, err := os.ReadFile(corpus(t, "chromium/"+c.File))
		if err != nil {
			t.Fatal(err)
		}
		l := parseListing(t, string(data), false, corpusNow(c.Now))
		otherwise, contradicted := chromiumContradicted[c.ID]
		var want []corpusEntry
		for _, w := range c.Expect {
			if *w.Name == "." || *w.Name == ".." {
				continue
			}
			if all++; !contradicted || !otherwise.name(*w.Name) {
				want = append(want, w)
			}
		}
		if contradicted {
			t.Logf("%s: not met: %s", c.ID, otherwise.reason)
			l.Entries = slices.DeleteFunc(l.Entries, func(e Entry) bool { return otherwise.name(e.Name) })
		}
		met += chromiumMet(t, c.ID, want, l)
	}
	t.Logf("chromium: %d of %d entries met", met, all)
}

// chromiumMet counts the entries that are as expected, and reports the others.
func chromiumMet(t *testing.T, id string, want []corpusEntry, l *Listing) (met int) {
	if len(l.Entries) != len(want) {
		t.Errorf("%s: %d entries, want %d; skipped %q", id, len(l.Entries), len(want), l.Skipped)
		return 0
	}
	for i, w := range want {
		if d := chromiumDiffers(id, w, l.Entries[i]); d != "" {
			t.Errorf("%s: entry %d: %s: %+v", id, i, d, l.Entries[i])
			continue
		}
		met++
	}
	return met
}

// chromiumDiffers compares without sizes of what is no file. Where they
// decided otherwise for all of a dialect: OpenVMS has names in the case that
// the server lists, and no sizes, since blocks are no octets; a size of both
// forks on Mac OS (ls-14) is not what RETR sends.
func chromiumDiffers(id string, w corpusEntry, e Entry) string {
	vms := strings.Contains(id, "-vms-")
	if e.Type != TypeFile || e.Size == -1 && (vms || id == "dir-listing-ls-14") {
		w.Size = nil
	}
	if vms {
		e.Name = strings.ToLower(e.Name)
	}
	if w.Name != nil && !utf8.ValidString(e.Name) { // octets here, decoded there
		name := onlyASCII(*w.Name)
		w.Name, e.Name = &name, onlyASCII(e.Name)
	}
	return w.differs(e)
}

func onlyASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return -1
		}
		return r
	}, s)
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

var basicContradicted = map[string]string{
	"basic-ftp-17": "a target is not guessed from equal unique facts: hard links have them too",
	"basic-ftp-18": "as 17",
	"basic-ftp-19": "as 17",
	"basic-ftp-25": "data sets of MVS are a dialect here",
}

func TestListingsOfBasicFTP(t *testing.T) {
	type entry struct {
		corpusEntry
		Link *string
		User *string
	}
	type listing struct {
		ID, Title, Listing string
		Expect             []entry
	}
	met, all := 0, 0
	for _, c := range readJSONL[listing](t, "basic-ftp/listings.jsonl") {
		all++
		if reason, ok := basicContradicted[c.ID]; ok {
			t.Logf("%s: not met: %s", c.ID, reason)
			continue
		}
		l := parseListing(t, c.Listing, strings.HasPrefix(c.Title, "MLSD"), time.Date(2019, 3, 1, 0, 0, 0, 0, time.UTC))
		if len(l.Entries) != len(c.Expect) {
			t.Errorf("%s: %d entries, want %d: %+v", c.ID, len(l.Entries), len(c.Expect), l)
			continue
		}
		ok := true
		for i, w := range c.Expect {
			w.Target, w.Owner = w.Link, w.User
			if e := l.Entries[i]; e.Size < 0 {
				w.Size = nil // 0 for unknown there, -1 here
			}
			if d := w.differs(l.Entries[i]); d != "" {
				t.Errorf("%s: entry %d: %s: %+v", c.ID, i, d, l.Entries[i])
				ok = false
			}
		}
		if ok {
			met++
		}
	}
	t.Logf("basic-ftp listings: %d of %d met", met, all)
}

func TestRepliesOfBasicFTP(t *testing.T) {
	type splitting struct {
		Title, Res string
		Exp        struct {
			Messages []string
			Rest     string
		}
	}
	for _, c := range readJSONL[splitting](t, "basic-ftp/control-replies.jsonl") {
		r := newReplyReader(strings.NewReader(c.Res + "\r\n"))
		for i, want := range c.Exp.Messages {
			got, err := r.read()
			if err != nil {
				t.Errorf("%s: message %d: %v", c.Title, i, err)
				break
			}
			if text := withCodes(got); text != strings.ReplaceAll(want, "\r", "") {
				t.Errorf("%s: message %d: %q, want %q", c.Title, i, text, want)
			}
		}
		if _, err := r.read(); c.Exp.Rest != "" && err == nil {
			t.Errorf("%s: an unfinished reply was taken for one", c.Title)
		}
	}
}

// withCodes puts back the codes that a reply came with.
func withCodes(r reply) string {
	lines := append([]string(nil), r.lines...)
	last := len(lines) - 1
	if last > 0 {
		lines[0] = fmt.Sprintf("%d-%s", r.code, lines[0])
	}
	lines[last] = strings.TrimSuffix(fmt.Sprintf("%d %s", r.code, lines[last]), " ")
	return strings.Join(lines, "\n")
}

func TestPassiveRepliesOfBasicFTP(t *testing.T) {
	type passive struct {
		Verb, Reply string
		Port        int
		Error       bool
	}
	for _, c := range readJSONL[passive](t, "basic-ftp/pasv-epsv.jsonl") {
		r, err := newReplyReader(strings.NewReader(c.Reply + "\r\n")).read()
		if err != nil {
			t.Fatal(err)
		}
		port, ok := pasvPort(r)
		if c.Verb == "EPSV" {
			port, ok = epsvPort(r)
		}
		if ok == c.Error || port != c.Port {
			t.Errorf("%s: port %d, %v; want %d", c.Reply, port, ok, c.Port)
		}
	}
}

// liveTruth is what the directory of the live listings holds.
type liveTruth struct {
	NameHex string `json:"name_hex"`
	Mode    string `json:"mode_octal"`
	Size    int64
	Mtime   int64
	Target  *string
}

func readTruth(t *testing.T) map[string]liveTruth {
	t.Helper()
	data, err := os.ReadFile(corpus(t, "live/truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []liveTruth
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	truth := make(map[string]liveTruth)
	for _, e := range all {
		var name []byte
		if _, err := fmt.Sscanf(e.NameHex, "%x", &name); err != nil {
			t.Fatal(err)
		}
		truth[string(name)] = e
	}
	return truth
}

// TestLiveListings reads what real servers sent for one directory of hostile
// names, and compares every entry with what the directory held. What is not
// there must be among the names that the server is known to hide or that FTP
// cannot send. The listings by NLST are left out: they have no types, and are
// never asked for.
func TestLiveListings(t *testing.T) {
	truth := readTruth(t)
	for _, file := range []string{
		"vsftpd-3.0.3.LIST_-a", "proftpd-1.3.8.LIST", "proftpd-1.3.8.MLSD",
		"pure-ftpd-1.0.50.LIST_-a", "pure-ftpd-1.0.50.MLSD", "pyftpdlib-1.5.7.MLSD",
		"vsftpd-3.0.3.LIST", "pure-ftpd-1.0.50.LIST", "pyftpdlib-1.5.7.LIST", "pyftpdlib-1.5.7.LIST_-a",
		"vsftpd-3.0.3.LIST_star", "proftpd-1.3.8.LIST_star", "pure-ftpd-1.0.50.LIST_star", "pyftpdlib-1.5.7.LIST_star",
		"proftpd-1.3.8.LIST_-a",
	} {
		data, err := os.ReadFile(corpus(t, "live/"+file+".raw"))
		if err != nil {
			t.Fatal(err)
		}
		facts := strings.HasSuffix(file, "MLSD")
		l := parseListing(t, string(data), facts, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
		seen := make(map[string]bool)
		for _, e := range l.Entries {
			want, ok := truth[e.Name]
			if !ok && strings.HasPrefix(file, "pyftpdlib") && strings.Contains(e.Name, "?") {
				continue
			}
			if !ok {
				t.Errorf("%s: %q is no name of the directory", file, e.Name)
				continue
			}
			seen[e.Name] = true
			checkLive(t, file, e, want, facts)
		}
		for name := range truth {
			if !seen[name] && !ofPattern(file) && !passing(name) && !strings.ContainsAny(name, "\r\n") && !hidden(file, name, truth[name]) {
				t.Errorf("%s: %q is missing", file, name)
			}
		}
		t.Logf("%s: %d of %d entries, %d lines skipped", file, len(seen), len(truth), len(l.Skipped))
	}
}

// ofPattern listings are those of what a server took for a pattern or a name:
// of a part of the directory.
func ofPattern(file string) bool {
	return strings.HasSuffix(file, "LIST_star") || file == "proftpd-1.3.8.LIST_-a"
}

// passing names came and went while the listings were taken.
func passing(name string) bool {
	return containsAny(name, []string{"STOU.", "ftp6p", "ftpd.", ".pureftpd-upload"})
}

// hidden tells what a server does not list at all.
func hidden(file, name string, e liveTruth) bool {
	control := strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
	switch {
	case strings.HasSuffix(file, "LIST") && !strings.HasPrefix(file, "pyftpdlib") && name[0] == '.':
		return true
	case strings.HasPrefix(file, "pure-ftpd"):
		return control || name == "fifo"
	case strings.HasPrefix(file, "pyftpdlib") && !utf8.ValidString(name):
		return true // question marks stand for the octets
	case strings.HasSuffix(file, "MLSD"):
		return e.Target != nil // broken and looping links
	}
	return false
}

// dated tells whether a time can be right: LIST of ProFTPD and Pure-FTPd gives
// those of the future without a year.
func dated(file string, e liveTruth) bool {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	return !strings.Contains(file, "LIST") || time.Unix(e.Mtime, 0).Before(now)
}

func checkLive(t *testing.T, file string, e Entry, want liveTruth, facts bool) {
	t.Helper()
	var mode uint32
	fmt.Sscanf(want.Mode, "0o%o", &mode)
	kinds := map[uint32]Type{0o100000: TypeFile, 0o040000: TypeDir, 0o120000: TypeSymlink}
	kind, ok := kinds[mode&0o170000]
	if !ok {
		kind = TypeOther
	}
	follows := facts && strings.HasPrefix(file, "pyftpdlib")
	if e.Type != kind && !follows && !(facts && kind == TypeOther) {
		t.Errorf("%s: %q: type %d, want %d", file, e.Name, e.Type, kind)
	}
	if e.Type == TypeFile && kind == TypeFile && e.Size != want.Size {
		t.Errorf("%s: %q: size %d, want %d", file, e.Name, e.Size, want.Size)
	}
	if e.Type == TypeSymlink && !facts && e.Target != *want.Target {
		t.Errorf("%s: %q: target %q, want %q", file, e.Name, e.Target, *want.Target)
	}
	if kind == TypeFile && e.HasMode && !follows && e.Mode != mode&0o7777 {
		t.Errorf("%s: %q: mode %o, want %o", file, e.Name, e.Mode, mode&0o7777)
	}
	if d := time.Unix(want.Mtime, 0).Sub(e.ModTime); kind == TypeFile && e.Name != "plain.txt" && dated(file, want) && (d < 0 || d >= e.Precision) {
		t.Errorf("%s: %q: time %v, want %v", file, e.Name, e.ModTime, time.Unix(want.Mtime, 0).UTC())
	}
}
