package ftpserver_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

// TestFaultSilent: no answer, and the next command is answered.
func TestFaultSilent(t *testing.T) {
	c, fsys, _, _ := faulty(t,
		ftpserver.Fault{Verb: "STAT", Kind: ftpserver.FaultSilent},
		ftpserver.Fault{Verb: "DELE", Point: ftpserver.AtReply, Kind: ftpserver.FaultSilent})
	c.write("STAT f\r\n")
	c.do("SIZE f", "213 10")
	c.write("DELE f\r\n")
	c.do("NOOP", "200")
	if _, err := fsys.Stat("f"); err == nil {
		t.Error("DELE was not obeyed")
	}
}

// TestFaultLate: two replies change places.
func TestFaultLate(t *testing.T) {
	c, _, _, _ := faulty(t, ftpserver.Fault{Verb: "SIZE", Nth: 1, Point: ftpserver.AtReply, Kind: ftpserver.FaultLate})
	c.write("SIZE f\r\nPWD\r\nSIZE f\r\n")
	for _, want := range []string{"257", "213 10", "213 10"} {
		c.expect(want)
	}
}

// TestFaultDropAhead: of the commands in a segment the first is obeyed only.
func TestFaultDropAhead(t *testing.T) {
	c, fsys, _, _ := faulty(t, ftpserver.Fault{Kind: ftpserver.FaultDropAhead})
	c.write("PWD\r\nDELE f\r\nABOR\r\nQUIT\r\n")
	c.expect("257")
	c.do("SIZE f", "213 10")
	data := c.passive()
	c.write("RETR f\r\nABOR\r\nPWD\r\n")
	c.expect("150")
	if got, err := io.ReadAll(data); string(got) != "0123456789" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	c.expect("226")
	c.do("NOOP", "200")
	if _, err := fsys.Stat("f"); err != nil {
		t.Errorf("DELE was obeyed: %v", err)
	}
}

// TestFaultDropData: what was opened ahead is gone.
func TestFaultDropData(t *testing.T) {
	c, _, _, _ := faulty(t, ftpserver.Fault{Verb: "CWD", Kind: ftpserver.FaultDropData})
	data := c.passive()
	c.do("CWD /", "250")
	if got, err := io.ReadAll(data); len(got) > 0 || err == nil {
		t.Errorf("the data connection lives: %q, %v", got, err)
	}
	c.do("RETR f", "425")
	if got := c.get("RETR f"); got != "0123456789" {
		t.Errorf("%q", got)
	}
}

// TestFaultPreliminary: 226 before the data, 150 twice, no 150.
func TestFaultPreliminary(t *testing.T) {
	c, _, _, _ := faulty(t,
		ftpserver.Fault{Verb: "RETR", Nth: 1, Kind: ftpserver.FaultEarly},
		ftpserver.Fault{Verb: "RETR", Nth: 2, Kind: ftpserver.FaultTwice},
		ftpserver.Fault{Verb: "RETR", Nth: 3, Kind: ftpserver.FaultNoPreliminary})
	for _, want := range []struct{ before, after []string }{
		{[]string{"150", "226"}, nil}, {[]string{"150", "150"}, []string{"226"}}, {nil, []string{"226"}}} {
		data := c.passive()
		c.write("RETR f\r\n")
		for _, code := range want.before {
			c.expect(code)
		}
		if got, err := io.ReadAll(data); string(got) != "0123456789" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		data.Close()
		for _, code := range want.after {
			c.expect(code)
		}
		c.do("NOOP", "200")
	}
}

// TestFaultType: ASCII though TYPE I was said, and TYPE forgotten after LIST.
func TestFaultType(t *testing.T) {
	c, fsys, srv, _ := faulty(t, ftpserver.Fault{Verb: "RETR", Nth: 1, Kind: ftpserver.FaultASCII})
	write(t, fsys, "text", "a\nb\n")
	if got := c.get("RETR text"); got != "a\r\nb\r\n" {
		t.Errorf("struck: %q", got)
	}
	if got := c.get("RETR text"); got != "a\nb\n" {
		t.Errorf("not struck: %q", got)
	}
	must(t, srv.SetFaults(ftpserver.Fault{Verb: "LIST", Point: ftpserver.AtReply, Kind: ftpserver.FaultForgetType}))
	c.get("LIST")
	if got := c.get("RETR text"); got != "a\r\nb\r\n" {
		t.Errorf("after LIST: %q", got)
	}
	c.do("TYPE I", "200")
	if got := c.get("RETR text"); got != "a\nb\n" {
		t.Errorf("after TYPE I: %q", got)
	}
}

// TestFaultRefusesAll: 550 for everything.
func TestFaultRefusesAll(t *testing.T) {
	c, _, srv, _ := faulty(t)
	must(t, srv.SetFaults(ftpserver.Fault{Kind: ftpserver.FaultReply, Code: 550, Text: "No."}))
	for _, command := range []string{"NOOP", "PWD", "EPSV", "TYPE I", "SIZE f", "XYZZY", "STAT"} {
		c.do(command, "550 No.")
	}
}

// TestFaultListings: the lies of listings, over the data connection and in
// STAT.
func TestFaultListings(t *testing.T) {
	c, fsys, srv, _ := faulty(t)
	for _, name := range []string{"a", "b", "c"} {
		write(t, fsys, name, "")
	}
	status := func() []string {
		rows := strings.Split(c.do("STAT .", "212-"), "\n")
		rows = rows[1 : len(rows)-1]
		for i, row := range rows {
			rows[i] = row[strings.LastIndex(row, " ")+1:]
		}
		return rows
	}
	lie := func(kind ftpserver.FaultKind) {
		t.Helper()
		var faults []ftpserver.Fault
		for _, verb := range []string{"LIST", "NLST", "MLSD", "STAT"} {
			faults = append(faults, ftpserver.Fault{Verb: verb, Kind: kind})
		}
		must(t, srv.SetFaults(faults...))
	}
	lie(ftpserver.FaultOmit)
	if got := status(); !slices.Equal(got, []string{"b", "f"}) {
		t.Errorf("omit: STAT: %q", got)
	}
	if got := c.get("NLST"); got != "b\r\nf\r\n" {
		t.Errorf("omit: NLST: %q", got)
	}
	if got := names(c.get("MLSD")); !slices.Equal(got, []string{"..", "b", "f"}) {
		t.Errorf("omit: MLSD: %q", got)
	}
	lie(ftpserver.FaultTruncate)
	if got := c.get("NLST"); got != "a\r\n\r\n" {
		t.Errorf("truncate: NLST: %q", got)
	}
	if got := status(); len(got) != 2 || got[0] != "a" || got[1] == "b" {
		t.Errorf("truncate: STAT: %q", got)
	}
	lie(ftpserver.FaultStale)
	before, listed := status(), c.get("NLST")
	must(t, fsys.Remove("a"))
	if got := status(); !slices.Equal(got, before) || !slices.Contains(got, "a") {
		t.Errorf("stale: STAT: %q, before %q", got, before)
	}
	if got := c.get("NLST"); got != listed {
		t.Errorf("stale: NLST: %q, before %q", got, listed)
	}
	lie(ftpserver.FaultDialect)
	if got := c.do("STAT .", "212-"); !strings.Contains(got, "M                    0 b\n") {
		t.Errorf("dialect: STAT: %q", got)
	}
	if got := c.get("MLSD"); !strings.Contains(got, "-rw") || strings.Contains(got, "type=") {
		t.Errorf("dialect: MLSD: %q", got)
	}
	must(t, srv.SetFaults())
	if got := status(); !slices.Equal(got, []string{"b", "c", "f"}) {
		t.Errorf("without rules: STAT: %q", got)
	}
}
