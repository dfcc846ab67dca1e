package ftpserver_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

// features returns the lines of FEAT.
func features(c *raw) []string {
	c.t.Helper()
	lines := strings.Split(c.do("FEAT", "211-"), "\n")
	for i, l := range lines[1 : len(lines)-1] {
		if !strings.HasPrefix(l, " ") || strings.HasPrefix(l, "  ") {
			c.t.Errorf("line %q of FEAT is not indented by one space", l)
		}
		lines[i+1] = l[1:]
	}
	return lines[1 : len(lines)-1]
}

// featureUse exercises each feature that FEAT may advertise.
var featureUse = map[string]func(c *raw){
	"AVBL":                                  func(c *raw) { c.do("AVBL", "213 ") },
	"HASH SHA-256*;SHA-512;SHA-1;MD5;CRC32": func(c *raw) { c.do("HASH f", "213 SHA-256 0-") },
	"MFF modify;UNIX.mode;":                 func(c *raw) { c.do("MFF modify=20200101000000; f", "213 modify=20200101000000; f") },
	"RANG STREAM":                           func(c *raw) { c.do("RANG 1 2", "350"); c.get("RETR f") },
	"EPRT":                                  func(c *raw) { c.do("EPRT |1|127.0.0.1|2000|", "200") },
	"EPSV":                                  func(c *raw) { c.do("EPSV", "229") },
	"MDTM":                                  func(c *raw) { c.do("MDTM f", "213 20210102030405") },
	"MFMT":                                  func(c *raw) { c.do("MFMT 20210102030405 f", "213 Modify=20210102030405; f") },
	"PASV":                                  func(c *raw) { c.do("PASV", "227") },
	"SIZE":                                  func(c *raw) { c.do("SIZE f", "213 5") },
	"SITE CHMOD":                            func(c *raw) { c.do("SITE CHMOD 600 f", "200") },
	"SITE SYMLINK":                          func(c *raw) { c.do("SITE SYMLINK f l", "200") },
	"SITE UTIME":                            func(c *raw) { c.do("SITE UTIME 20210102030405 f", "200") },
	"TVFS": func(c *raw) {
		c.do("MKD d", "257")
		c.do("SIZE /d/../f", "213 5")
	},
	"UTF8": func(c *raw) {
		c.do("OPTS UTF8 ON", "200")
		c.do("OPTS utf8 off", "501")
		c.do("MKD ü", `257 "/ü"`)
	},
	"REST STREAM": func(c *raw) {
		data := c.passive()
		c.do("REST 3", "350")
		c.do("RETR f", "150")
		if got, _ := io.ReadAll(data); string(got) != "45" {
			c.t.Errorf("REST: %q", got)
		}
		c.expect("226")
	},
	"MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;": func(c *raw) {
		row := c.do("MLST f", "250")
		for _, fact := range []string{"type=file;", "size=5;", "modify=2", "perm=awrdf;", "unique=", "UNIX.mode="} {
			if !strings.Contains(row, fact) {
				c.t.Errorf("no %s in %q", fact, row)
			}
		}
		if got := names(c.get("MLSD")); !slices.Contains(got, "f") {
			c.t.Errorf("MLSD: %q", got)
		}
	},
}

func TestFeaturesWork(t *testing.T) {
	fsys := ftpserver.NewMemFS(1 << 20)
	tree(t, fsys)
	must(t, fsys.Rename("b", "f"))
	must(t, fsys.Remove("l"))
	must(t, fsys.Remove("d/in"))
	must(t, fsys.RemoveDir("d"))
	c := login(t, start(t, ftpserver.Options{FS: fsys}))
	lines := features(c)
	if len(lines) != len(featureUse) || !slices.IsSorted(lines) {
		t.Errorf("FEAT has %q", lines)
	}
	for _, feature := range lines {
		use, ok := featureUse[feature]
		if !ok {
			t.Errorf("nothing exercises %q", feature)
			continue
		}
		use(c)
	}
	c.do("OPTS MLST size;", "200")
	if !slices.Contains(features(c), "MLST type;size*;modify;perm;unique;UNIX.mode;") {
		t.Error("FEAT does not show what OPTS MLST chose")
	}
}

func TestDisable(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "12345")
	c := login(t, start(t, ftpserver.Options{FS: fsys, Disable: []string{"MLSD", "epsv", "SITE UTIME", "SIZE"}}))
	for _, command := range []string{"MLSD", "EPSV", "EPSV ALL", "SITE UTIME 202001010000 f", "SIZE f"} {
		c.do(command, "502")
	}
	for _, feature := range features(c) {
		if strings.HasPrefix(feature, "MLST") || feature == "EPSV" || feature == "SITE UTIME" || feature == "SIZE" {
			t.Errorf("FEAT still has %q", feature)
		}
	}
	if help := c.do("HELP", "214-"); strings.Contains(help, "EPSV") || !strings.Contains(help, "PASV") {
		t.Errorf("HELP: %q", help)
	}
	c.do("SITE CHMOD 600 f", "200")

	c = login(t, start(t, ftpserver.Options{FS: fsys, Disable: []string{"SITE", "MLST"}}))
	c.do("SITE CHMOD 600 f", "502")
	c.do("OPTS MLST type;", "501")
	for _, feature := range features(c) {
		if strings.HasPrefix(feature, "SITE") || strings.HasPrefix(feature, "MLST") {
			t.Errorf("FEAT still has %q", feature)
		}
	}
}

// TestEveryCommandIsKnown: what HELP lists is answered by more than 500.
func TestEveryCommandIsKnown(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}))
	lines := strings.Split(c.do("HELP", "214-"), "\n")
	verbs := strings.Fields(strings.Join(lines[1:len(lines)-1], " "))
	if len(verbs) < 45 {
		t.Errorf("HELP lists %q", verbs)
	}
	for _, verb := range verbs {
		c.do("HELP "+verb, "214 Syntax: "+verb)
		if verb == "QUIT" || verb == "REIN" || verb == "USER" {
			continue
		}
		c.do("ABOR", "225") // without a data connection nothing starts
		c.write(verb + "\r\n")
		if got := c.reply(); strings.HasPrefix(got, "500") || strings.HasPrefix(got, "502") {
			t.Errorf("%s: %q", verb, got)
		}
	}
	c.do("HELP NOSUCH", "502")
	c.do("HELP SITE CHMOD", "214 Syntax: SITE CHMOD <sp> mode <sp> path")
	c.do("SYST", "215 UNIX Type: L8")
	c.do("OPTS NOSUCH", "501")
}
