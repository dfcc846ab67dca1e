package ftpserver_test

import (
	"testing"

	"ftpfs/ftpserver"
)

// TestDropBox: what is uploaded can be neither read, listed, changed nor
// replaced, and what breaks leaves nothing that blocks its name.
func TestDropBox(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys ftpserver.FS) {
		write(t, fsys, "there", "there")
		if err := fsys.Mkdir("d", 0o755); err != nil {
			t.Fatal(err)
		}
		tree := ftpserver.Restrict(fsys, ftpserver.Access{WriteOnce: true, NoMkdir: true, NoRead: true, NoList: true})
		c := login(t, start(t, ftpserver.Options{FS: tree}))
		c.put("STOR new", "new")
		c.put("STOR d/new", "new too")
		for _, command := range []string{"RETR new", "RETR there", "LIST", "NLST", "MLSD", "LIST d", "STAT /", "MKD e", "RMD d", "DELE there",
			"RNFR there\r\nRNTO x", "SITE CHMOD 600 there", "MFMT 20200101000000 there", "SITE SYMLINK there l", "LIST *"} {
			data := c.passive()
			if command[:4] == "RNFR" {
				c.do("RNFR there", "350")
				command = command[len("RNFR there\r\n"):]
			}
			c.do(command, "550 Permission denied")
			data.Close()
		}
		for _, command := range []string{"STOR there", "APPE there", "STOR new"} {
			data := c.passive()
			c.do(command, "550 File exists")
			data.Close()
		}
		c.do("HASH there", "550 Permission denied")
		c.do("SIZE there", "213 5")
		data := c.passive()
		c.do("STOU new", "150 FILE: /new.1")
		data.Close()
		c.expect("226")

		c.do("PORT 127,0,0,1,255,254", "200") // nobody is there
		c.do("STOR broken", "150")
		c.expect("425")
		c.put("STOR broken", "whole")
		data = c.passive()
		c.do("STOR cut", "150")
		if err := data.SetLinger(0); err != nil {
			t.Error(err)
		}
		data.Close()
		c.expect("426")
		c.put("STOR cut", "cut no more")
		for name, want := range map[string]string{"there": "there", "new": "new", "d/new": "new too", "broken": "whole", "cut": "cut no more"} {
			if got := read(t, fsys, name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

// TestRestrictions: each by itself, and what listings show of it.
func TestRestrictions(t *testing.T) {
	for _, tt := range []struct {
		name                        string
		access                      ftpserver.Access
		retr, list, stor, mkd, dele string
		row                         string // of MLST
	}{
		{"none", ftpserver.Access{}, "150", "150", "150", "257", "250", "perm=awrdf;"},
		{"read only", ftpserver.Access{ReadOnly: true}, "150", "150", "550 Read-only", "550 Read-only", "550 Read-only", "perm=rdf;"},
		{"write once", ftpserver.Access{WriteOnce: true}, "150", "150", "550 File exists", "257", "550 Permission", "perm=rdf;"},
		{"no directories", ftpserver.Access{NoMkdir: true}, "150", "150", "150", "550 Permission", "250", "perm=awrdf;"},
		{"no reading", ftpserver.Access{NoRead: true}, "550 Permission", "150", "150", "257", "250", "perm=awdf;"},
		{"no listing", ftpserver.Access{NoList: true}, "150", "550 Permission", "150", "257", "250", "perm=awrdf;"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := ftpserver.NewMemFS(0)
			write(t, fsys, "f", "f")
			c := login(t, start(t, ftpserver.Options{FS: ftpserver.Restrict(fsys, tt.access)}))
			if got := c.do("MLST f", "250"); !contains(got, tt.row) {
				t.Errorf("%q has no %q", got, tt.row)
			}
			for _, step := range [][2]string{{"RETR f", tt.retr}, {"LIST", tt.list}, {"STOR f", tt.stor}} {
				data := c.passive()
				c.do(step[0], step[1])
				data.Close()
				if step[1] == "150" {
					c.expect("226")
				}
			}
			c.do("MKD d", tt.mkd)
			c.do("DELE f", tt.dele)
		})
	}
}
