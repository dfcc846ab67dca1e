package ftpclient

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var dialectsNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// rows reads a listing whose lines are given.
func rows(t testing.TB, lines ...string) *Listing {
	t.Helper()
	return parseListing(t, strings.Join(lines, "\r\n")+"\r\n", false, dialectsNow)
}

// summary is an entry in short: type, name, size, time, and what else it has.
func summary(e Entry) string {
	s := fmt.Sprintf("%c %s %d", "?fdlo"[e.Type], e.Name, e.Size)
	switch e.Precision {
	case 24 * time.Hour:
		s += e.ModTime.Format(" 2006-01-02")
	case time.Minute:
		s += strings.TrimSuffix(e.ModTime.Format(" 2006-01-02T15:04:05"), ":00")
	case time.Second:
		s += e.ModTime.Format(" 2006-01-02T15:04:05")
	}
	if e.HasMode {
		s += fmt.Sprintf(" %04o", e.Mode)
	}
	if e.Owner+e.Group != "" {
		s += fmt.Sprintf(" %s:%s", e.Owner, e.Group)
	}
	if e.Target != "" {
		s += " -> " + e.Target
	}
	return s
}

// wantRows compares a listing with the summaries of its entries and the number
// of lines that were not read.
func wantRows(t *testing.T, l *Listing, skipped int, want ...string) {
	t.Helper()
	var got []string
	for _, e := range l.Entries {
		got = append(got, summary(e))
	}
	if !slices.Equal(got, want) {
		t.Errorf("read\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if len(l.Skipped) != skipped {
		t.Errorf("skipped %q, want %d lines", l.Skipped, skipped)
	}
}

// quirkStrayRow: one listing has one dialect, whatever its first line looks like.
func TestDialectOfListing(t *testing.T) {
	const dos = "11-14-97  04:21PM                  953 A.INI"
	const unix = "-rw-r--r-- 1 u g 1 Nov 20 02:35 a"
	for _, tc := range []struct {
		name    string
		lines   []string
		want    []string
		skipped int
	}{
		{"a stray first", []string{dos, unix, unix}, []string{"a", "a"}, 1},
		{"a stray last", []string{unix, unix, dos}, []string{"a", "a"}, 1},
		{"a stray first, of another", []string{unix, dos, dos}, []string{"A.INI", "A.INI"}, 1},
		{"a banner", []string{"Welcome to the archive", unix}, []string{"a"}, 1},
		{"nothing but a banner", []string{"ftpd: .: Permission denied"}, nil, 1},
		{"nothing but a total", []string{"total 0"}, nil, 0},
		{"half a row that never goes on", []string{unix, "A.TXT;1"}, []string{"a"}, 1},
		{"names without a heading", []string{unix, "SAVE04"}, []string{"a"}, 1},
	} {
		l := rows(t, tc.lines...)
		if got := names(l); !slices.Equal(got, tc.want) || len(l.Skipped) != tc.skipped {
			t.Errorf("%s: %q, skipped %q", tc.name, got, l.Skipped)
		}
	}
}

// A listing longer than the sample stays in its dialect, also where its first
// part has no entry, and no line is lost.
func TestDialectOfLongListing(t *testing.T) {
	var lines, want []string
	for i := range 3000 {
		name := fmt.Sprintf("F%04d.TXT", i)
		lines = append(lines, name+";1", "          1  13-DEC-2005 08:45:27.56")
		want = append(want, name)
	}
	l := rows(t, lines...)
	if got := names(l); !slices.Equal(got, want) || len(l.Skipped) != 0 {
		t.Errorf("%d entries, skipped %.3q", len(got), l.Skipped)
	}
	banner := slices.Repeat([]string{"Be welcome, and mind the gap"}, 3000)
	l = rows(t, append(banner, lines...)...)
	if got := names(l); !slices.Equal(got, want) || len(l.Skipped) != len(banner) {
		t.Errorf("behind a banner: %d entries, %d skipped", len(got), len(l.Skipped))
	}
}

// quirkVMSNames: the highest version of a name, without it; no .DIR.
func TestListVMS(t *testing.T) {
	l := rows(t, "", "Directory DISK$A:[000000]", "",
		"A.TXT;2    1/16         12-MAR-2005 08:44:57  [SYS,JOHN]  (RWED,RWED,RE,)",
		"A.TXT;10   2/16         13-MAR-2005 08:44:57  [SYSTEM]  (RWED,RWED,RE,)",
		"A.TXT;9    3/16         14-MAR-2005 08:44:57  [SYSTEM]  (RWED,RWED,RE,)",
		"LONG_NAME.DIR;1", "            ******  6-MAY-2008 09:29 [ANONY,ANONYMOUS] (RE,RWED,RE,RE)",
		"DATA.DIRX;1 1 7-JAN-2000", "NOTIME.;1 1 15-JUI-2002 10:00",
		".;1 1 7-JAN-2000",
		"SECRET.TXT;1   No privilege for attempted operation", "", "Total of 7 files, 9/64 blocks")
	wantRows(t, l, 1,
		"f A.TXT -1 2005-03-13T08:44:57 0750 SYSTEM:",
		"d LONG_NAME -1 2008-05-06T09:29 0755 ANONYMOUS:ANONY",
		"f DATA.DIRX -1 2000-01-07", "f NOTIME. -1")
	wantRows(t, rows(t, "A:[B]", "", "*.*;0              <%RMS-E-FNF, file not found>"), 0)
	wantRows(t, rows(t, "A:[B]", "", "*.*;0", "              <%RMS-E-FNF, file not found>"), 0)
	wantRows(t, rows(t, "A:[B]", "", "Total of 0 blocks in 0 files."), 0)
}

// The names of a VMS listing go into commands as they are.
func TestListVMSNamesInCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]string{"/A.TXT": "", "/D/": ""})
		f.hook = hooks(on("LIST", func(s *fakeSession, _ string) {
			s.send("A.TXT;7\r\n    1  12-MAR-2005 08:44:57\r\nD.DIR;1  1  12-MAR-2005 08:44\r\n")
		}))
		c := f.client(nil)
		l, err := c.List(t.Context(), "/")
		if err != nil {
			t.Fatal(err)
		}
		if got := names(l); !slices.Equal(got, []string{"A.TXT", "D"}) {
			t.Fatalf("%q", got)
		}
		if e := l.Entries[0]; e.Precision != time.Second || e.ModTime.Year() == 2005 {
			t.Errorf("MDTM did not know the name: %+v", e)
		}
		if _, err := c.List(t.Context(), "/"+l.Entries[1].Name); err != nil {
			t.Error(err)
		}
	})
}

// quirkBlocks: tracks and blocks are no size.
func TestListMVS(t *testing.T) {
	wantRows(t, rows(t, "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
		"SAVE00 3390   2004/06/23  1    1  FB     128  6144  PS    A.B",
		"SAVE00 3390   2004/06/23  1+++++  VBS  32767 27966  PO-E  'SYS1.LIB'",
		"SAVE00 3390   **NONE**    1    1  U        0  6144  PO    C",
		"Migrated                                                  OLD",
		"Pseudo Directory                                          PREFIX",
		"ARCIVE Not Direct Access Device                           TAPE",
		"SAVE00 3390   2004/13/23  1    1  FB     128  6144  PS    NO.DAY"), 1,
		"f A.B -1 2004-06-23", "d 'SYS1.LIB' -1 2004-06-23", "d C -1", "f OLD -1", "d PREFIX -1", "f TAPE -1")
	wantRows(t, rows(t, " Name     VV.MM   Created       Changed      Size  Init   Mod   Id",
		" SAVE03    01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001", " SAVE04", " lower", " 1DIGIT"), 2,
		"f SAVE03 -1 2002-10-11T09:37", "f SAVE04 -1")
	wantRows(t, rows(t, "JOBNAME  JOBID    OWNER    STATUS CLASS",
		"USER2    JOB01906 USER     OUTPUT A        RC=0000 3 spool files",
		"USER2    TSU01830 USER     ACTIVE TSU", "USER2    JOBS USER OUTPUT"), 1,
		"f JOB01906 -1 USER:", "f TSU01830 -1 USER:")
}

// quirkDateOrder: the order of day and month is that which fits the listing.
func TestListDateOrder(t *testing.T) {
	wantRows(t, rows(t, "03-10-21  11:12       <DIR>          US", "03-25-21  12:12AM                1 b"), 0,
		"d US -1 2021-03-10T11:12", "f b 1 2021-03-25T00:12")
	wantRows(t, rows(t, "03-10-21  11:12       <DIR>          UK", "25/03/21  12:12PM                1 b"), 0,
		"d UK -1 2021-10-03T11:12", "f b 1 2021-03-25T12:12")
	wantRows(t, rows(t, "02-30-21  11:12                1 a", "01-02-21  13:12PM                1 b", "01-02-21  11:12                1 c"), 2,
		"f c 1 2021-01-02T11:12")
	const other = "Q 9 %s 15:00:01 *STMF x"
	for order, want := range map[string]string{
		"29.06.13": " 2012-05-04T14:06:34", "06/29/13": " 2012-04-05T14:06:34", "99/06/29": " 2004-05-12T14:06:34", "01/02/03": "",
	} {
		l := rows(t, fmt.Sprintf(other, order), "Q 3 04/05/12 14:06:34 *DIR d/")
		if got := summary(l.Entries[1]); got != "d d 3"+want+" Q:" {
			t.Errorf("beside %s: %s", order, got)
		}
	}
}

func TestListOS400(t *testing.T) {
	wantRows(t, rows(t, "CFT   45056 29/11/14 14:19:31 *FILE      A.FILE",
		"CFT                           *MEM       A.FILE/A.MBR",
		"CFT                           *MEM       B.FILE/B.MBR",
		"CFT   45056 29/11/14 14:19:31 *FILE      A.SAVF",
		"CFT   4 29/11/14 14:19:31     *STMF      /x/two words",
		"CFT   4 29/11/14 14:19:31     *PGM       P.PGM",
		"CFT   4 29/11/14 14:19:31     *DIR       /"), 1,
		"d A.FILE 45056 2014-11-29T14:19:31 CFT:", "f B.MBR -1 CFT:", "f A.SAVF 45056 2014-11-29T14:19:31 CFT:",
		"f two words 4 2014-11-29T14:19:31 CFT:", "o P.PGM 4 2014-11-29T14:19:31 CFT:")
}

// Dialects of which no corpus has a listing.
func TestListRareDialects(t *testing.T) {
	wantRows(t, rows(t, "+i8388621.48594,m825718503,r,s280,up640,new,\tdjb.html", "+i8388621.50690,m824255907,/,\t two words", "+r,no tab", "+\tbare"), 1,
		"f djb.html 280 1996-03-01T22:15:03 0640", "d  two words -1 1996-02-13T23:58:27", "? bare -1")
	wantRows(t, rows(t, "  size          date       time       name", "--------       ------     ------    --------",
		"    2048    Feb-28-1998   05:23:30  dir               <DIR>", "     512    Jan-10-1998   08:34:10  boot.ini",
		"     512    Jan-32-1998   08:34:10  x"), 1,
		"d dir 2048 1998-02-28T05:23:30", "f boot.ini 512 1998-01-10T08:34:10")
	wantRows(t, rows(t, "README   ANONYMOU V         71         26          1 1997-04-02 12:33:20 TCP291",
		"OMA00215 PLAN     F         64         28          1  6/26/02  9:33:21 -",
		"WEBSHARE          DIR        -          -          -  5/30/97 18:44:17 -",
		"OMA00215 PLAN     F         64         28          x  6/26/02  9:33:21 -"), 1,
		"f README.ANONYMOU -1 1997-04-02T12:33:20", "f OMA00215.PLAN -1 2002-06-26T09:33:21", "d WEBSHARE -1 1997-05-30T18:44:17")
	dls := []string{
		"README              763  Jul 11 21:05  Information about this server",
		"bin/                  -  Apr 28  1994", "pub/                  =  Public area",
		"morgan               14  -> ../real/morgan", "TIMIT.mostlikely.Z", "                  79215",
		"A_NAME_THAT_REACHES_THE_COLUMN", "                      3  05 Sep 1994",
	}
	wantRows(t, rows(t, dls...), 0,
		"f README 763 2026-07-11T21:05", "d bin -1 1994-04-28", "d pub -1",
		"l morgan -1 -> ../real/morgan", "f TIMIT.mostlikely.Z 79215", "f A_NAME_THAT_REACHES_THE_COLUMN 3 1994-09-05")
	wantRows(t, rows(t, append(dls, "anything else")...), len(dls)+1)
	wantRows(t, rows(t, "d[R----F--] super visor            512       Jan 16 18:53 login"), 0, "d login 512 2026-01-16T18:53 super visor:")
}

// quirkMacForks: the size of a file with a resource fork is not told.
func TestListMacOS(t *testing.T) {
	wantRows(t, rows(t, "-rw-r--r--    54149       27826    81975 Jul 22  2010 09.jpg",
		"-rw-r--r--        0      108767   108767 Jul 22  2010 x.jpg",
		"drwxr-xr-x               folder        0 Jan  4 14:49 Steak"), 0,
		"f 09.jpg -1 2010-07-22 0644", "f x.jpg 108767 2010-07-22 0644", "d Steak -1 2026-01-04T14:49 0755")
	wantRows(t, rows(t, "-rw-r--r--   1   500    600 Jul 22  2010 a"), 0, "f a 600 2010-07-22 0644 500:")
}

// What a listing holds is somewhere, whatever its dialect: no line is dropped.
func TestListLosesNothing(t *testing.T) {
	for _, d := range dialects {
		rr := rowReader{now: dialectsNow, among: []dialect{d}}
		var got []string
		take := func(line string, _ Entry, _ verdict) { got = append(got, line) }
		lines := append(slices.Clone(rowSeeds), "A.TXT;1") // half a row at the end
		for _, line := range lines {
			rr.line(line, take)
		}
		rr.end(take)
		if !slices.Equal(got, lines) {
			t.Errorf("%s: took %q", d.name, got)
		}
	}
}

// Dates that ls prints in one locale or another.
func TestListUnixDates(t *testing.T) {
	for date, want := range map[string]string{
		"Jan 29 03:26": "2026-01-29T03:26", "29 Jan 2005": "2005-01-29", "29. Jan 2005": "2005-01-29",
		"Jan 29 03:26:11 2005": "2005-01-29T03:26:11", "Nov 20 24:00": "2026-11-21T00:00",
		"2005-06-07 21:22": "2005-06-07T21:22", "2005/06/07": "2005-06-07", "24-04-2003 17:12": "2003-04-24T17:12",
		"04/24/2003 17:12": "2003-04-24T17:12", "09-26 2000": "2000-09-26", "3 29 03:26": "2026-03-29T03:26",
		"2005-06-07 21:22:33.000000000 +0200": "2005-06-07T19:22:33", "2005-06-07 21:22:33 -0130": "2005-06-07T22:52:33",
		"6月 3日 2003年": "2003-06-03", "6월 3일 2003년": "2003-06-03", "12월 3 03:26": "2025-12-03T03:26",
		"26 févr. 14:46": "2026-02-26T14:46", "Янв 3 2003": "2003-01-03", "3 авг 2003": "2003-08-03", "3 Χ 2003": "",
		"\xd1\xce\xd7 3 2003": "2003-01-03", "3. čec 2003": "2003-07-03", "3 kesä 2003": "2003-06-03", "Feb 30 2003": "",
		"3 \xe9 2003": "", "oca 13 2003": "2003-01-13", "des 3 2003": "2003-12-03", "Ağu 3 2003": "2003-08-03",
	} {
		l := rows(t, "-rw-r--r-- 1 u g 7 "+date+" the name")
		if want == "" {
			wantRows(t, l, 1)
			continue
		}
		wantRows(t, l, 0, "f the name 7 "+want+" 0644 u:g")
	}
}
