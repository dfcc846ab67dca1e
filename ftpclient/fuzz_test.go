package ftpclient

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func FuzzReply(f *testing.F) {
	for _, s := range []string{
		"200 ok\r\n", "150-A\r\n160-B\r\n150 C\r\n", "200\r\n", "220-x\r\n200\r\n220\r\n", "250-\xff\xfb\x01\xff\xff\n250 x\n",
		"SSH-2.0\r\n", "99 x\r\n", "200-\r\n", "229 (|||1|)\r\n", "<html>\r\n", "HTTP/1.1 400\r\n", "999 x\r\n", "2\xff\xff0 x\r\n",
		"257 \"/a\"\"b\" x\r\n", "257 \"\r\n", "211-F\r\n UTF8\r\n211-SIZE\r\n211 End\r\n", "\xff\xf4\xff\xf2226 x\r\n", "550 " + strings.Repeat("x", 5000) + "\r\n",
		"550 No such file\r\n", "550 /a/b: Permission denied\r\n", "200 a\r200 b\r\n", "200 cut",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newReplyReader(bytes.NewReader(data))
		used := 0
		for {
			rep, err := r.read()
			if err != nil {
				return
			}
			if rep.code < 100 || rep.code > 699 || len(rep.lines) == 0 || len(rep.lines) > maxReplyLines+1 {
				t.Fatalf("%+v", rep)
			}
			if used += len(rep.text()); used > len(data) {
				t.Fatalf("%d octets of text from %d", used, len(data))
			}
			quotedPath(rep)
			featLines(rep)
			kindOfReply("STOR", rep, "/a/b")
		}
	})
}

func FuzzPassive(f *testing.F) {
	for _, s := range []string{
		"Entering Passive Mode (127,0,0,1,4,51)", "listen to 127,0,0,1,4,51", "mode. 127,0,0,1,4,51", "256,0,0,1,4,51",
		"(|||6446|)", "(!!!6446!)", "(!!6446!)", "1,2,3,4,0,0", "1,2,3,4,5,6,7", ",1,2,3,4,5,6",
		"(|||99999|)", "(|||0|)", "(||||)", "(|1|10.0.0.1|6446|)", "|||||||1|", "1,2,3,4,1000,6", "(1,2,3,4,5,6", "1,2,3,4,5,",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(reply) (int, bool){pasvPort, epsvPort} {
			for _, code := range []int{227, 229, 500} {
				port, ok := parse(reply{code: code, lines: []string{text}})
				if ok && (port < 1 || port > 65535 || code == 500) {
					t.Fatalf("port %d of %d %q", port, code, text)
				}
			}
		}
	})
}

// Whatever an argument holds, it is one line on the wire or none.
func FuzzCommand(f *testing.F) {
	f.Add("DELE", "/a\xff b", true)
	f.Add("PASS", "", false)
	f.Add("MKD", "/a\r\nDELE x", false)
	f.Fuzz(func(t *testing.T, verb, arg string, double bool) {
		b, err := appendCommand(nil, command{verb, arg}, double)
		if err != nil {
			if len(b) > 0 {
				t.Fatalf("%q was written all the same", b)
			}
			return
		}
		line := strings.TrimSuffix(string(b), "\r\n")
		if len(line) != len(b)-2 || strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("%q is not one line", b)
		}
		if double {
			line = strings.ReplaceAll(line, "\xff\xff", "\xff")
		}
		if arg != "" && !double && line != verb+" "+arg {
			t.Fatalf("%q of %q %q", line, verb, arg)
		}
	})
}

// checkEntry is what holds of every entry, whatever the server sent.
func checkEntry(t *testing.T, e Entry) {
	t.Helper()
	if e.Name == "" || e.Size < -1 || e.Mode > 0o7777 || e.ModTime.IsZero() != (e.Precision == 0) || e.Target != "" && e.Type != TypeSymlink {
		t.Fatalf("%+v", e)
	}
}

func FuzzFactsLine(f *testing.F) {
	for _, s := range []string{
		"type=file;size=11;modify=20181025120459; a", "Type=OS.unix=slink:/x;perm=;UNIX.mode=01777; ln", " only name",
		"type=cdir;modify=20161231235960.5; /", "size=-1;modify=191120181025120; x", "a", "x=; y",
		"type=dir;perm=flcdmpe;unix.ownername=joe;unix.owner=7;unix.groupname=g;unix.gid=8;unique=8U1; d",
		"type=OS.unix=symlink;perm=r; s", "type=OS.unix=chr-13/29;sizd=1; n", "type=pdir;UNIX.mode=9; ..", "type=file;perm=awr;modify=20181025120459.999; f", "nofact; x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if e, _, ok := parseFactsLine(line); ok {
			checkEntry(t, e)
			if !strings.HasSuffix(line, " "+e.Name) {
				t.Fatalf("%q is not the end of %q", e.Name, line)
			}
		}
	})
}

// rowSeeds are rows of every dialect.
var rowSeeds = []string{
	"-rw-r--r--   1 root     other        531 Jan 29 03:26 README", "drwxr-x---+1464 chrism   chrism     41472 Feb 25 13:17 20090225",
	"lrwxrwxrwx 1 a b 5 Feb 29 24:00 x -> y -> z", "crw-r----- 1 root kmem 0, 27 Jan 30 11:42 kmem",
	"-rw-rw---- 1 ep1adm sapsys 0 6月 3日 2003年 x", "12-05-96  05:03PM       <DIR>          myDir", "11-14-1997 16:21 953 A",
	"-rw-r--r-- 1 u g 33.5k 2005-06-07 21:22 x", "-rw-r--r-- 1 u g 1 24-04-2003 17:12 x", "drwx 1 1 1 3 29 03:26 x",
	"-rwxr-xr-x  332  7  339 Feb  5  2004 w", "d [R----F--] supervisor            512       Jan 16 18:53 login",
	"A.TXT;2 1/16 12-MAR-2005 08:44:57 [SYSTEM] (RWED,RWED,RE,RE)", "A.DIR;1", "A.;1 ****** 15-JUI-2002", "*.*;0  <%RMS-E-FNF, file not found>",
	"SAVE00 3390   2004/06/23  1    1  FB     128  6144  PS    A.B", "Migrated   NAME", "V 3390 **NONE** 1+++++ VBS 32767 27966 PO-E 'A'",
	"SAVE03    01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001", "EAGKCPT 000058 000009 00 FO RN RU 31 ANY",
	"IBMUSER1  JOB01906  OUTPUT    3 Spool Files", "U TSU01830 IBMUSER  OUTPUT TSU ABEND=522 3 spool files",
	"PEP 4019 04/03/18 18:58:16 *STMF e", "PEP 3 29.06.13 14:06:34 *DIR dir1/", "Q *MEM A.FILE/B.MBR", "FILE1 101 528 12-Jan-14 14:21:18 255, 0 \"e\"",
	"     0    RSA    DIR   05-12-97   16:52  Maintenance Desktop", "+i8388621.48594,m825718503,r,s280,up644,\tdjb.html",
	"-C--E-----FTP B QUA1I1      18128       41 Aug 12 13:56 QUADTEST", "    2048    Feb-28-1998   05:23:30  dir <DIR>",
	"README   ANONYMOU V         71         26          1 1997-04-02 12:33:20 TCP291",
	"README              763  Jul 11 21:05  Information", "morgan               14  -> ../real/morgan", "total 8",
	"drwxrwsrwt 2 u g 4096 Dec 31  1999 sticky", "-rwsr-xr-x. 1 u g 1.5M Jan  1 2020 setuid", "prw-r--r-- 1 u g 0 Jan 1 00:00 fifo",
	"-rw-r--r-- 1 u g 5 2020-01-01 12:00:00.123456789 +0100 full-iso", "-rw-r--r-- 1 u g 5 Jan 15 13:05 CET z", "-rw-r--r-- 1 u g 5 15. Jan 2020 german",
	"11-21-26  02:35AM                   12 file.txt", "2026-11-21  14:35       <JUNCTION>     j", "11-21-2026  02:35PM  <SYMLINKD>  s [C:\\x]",
	"PEP 4019 04/03/18 18:58:16 *LIB l", "PEP 4019 04/03/18 18:58:16 *FILE A.SAVF", "PEP 4019 04/03/18 18:58:16 *SYMLNK s", "PEP 4019 04/03/18 18:58:16 *USRSPC u",
	"WEBSHARE          DIR        -          -          -  5/30/97 18:44:17 -", "File         Code             EOF  Last Modification    Owner  RWEP",
	"-rw-r--r--    54149       27826    81975 Jul 22  2010 09.jpg", "drwxr-xr-x               folder        0 Jan  4 14:49 Steak",
}

// A row is read in every dialect, first in a listing and after a row of the
// same dialect; names, targets and owners are parts of what was sent.
func FuzzRow(f *testing.F) {
	for _, s := range rowSeeds {
		f.Add(s)
	}
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line string) {
		for _, d := range dialects {
			if strings.TrimSpace(line) == "" {
				return
			}
			parse := d.parser([]string{line}, now)
			for range 2 {
				e, v := parse(line)
				if v != aRow {
					continue
				}
				checkEntry(t, e)
				base, _ := cutVersion(e.Name) // what stands before ";1" may have lost ".DIR"
				if d.name == "z/VM" {
					base, _, _ = strings.Cut(base, ".")
				}
				for _, part := range []string{base, e.Target, e.Owner, e.Unique} {
					if !strings.Contains(line, part) {
						t.Fatalf("%s: %+v was not in %q", d.name, e, line)
					}
				}
			}
		}
	})
}

func FuzzListing(f *testing.F) {
	f.Add([]byte("total 1\r\n-rw-r--r-- 1 0 0 1 Nov 21 02:35 a\nb\r\n"), false)
	f.Add([]byte("type=cdir; .\r\ntype=file; nl\r\nx\r\n"), true)
	f.Add([]byte("-rw-r--r-- 1 0 0 1 Nov 21 02:35  a\n-rw-r--r-- 1 0 0 1 Nov 21 02:35  b\n"), false)
	f.Add([]byte(strings.Join(rowSeeds, "\r\n")), false)
	f.Add([]byte("Directory A:[B]\r\n\r\nA.TXT;1\r\n     1 2-JUN-1998\r\nA.TXT;2 1 2-JUN-1998\r\nTotal of 2 files"), false)
	f.Add([]byte("T\n                  79215\npub/                  =  Public area\n"), false)
	var corpus []string
	if flag.Lookup("test.fuzz").Value.String() == "" { // to go through all takes longer than a short fuzzing lasts
		seeds, _ := filepath.Glob(filepath.Join(corpora(), "wget", "ftpls-fuzz-seeds", "*")) // none is no matter
		listings, _ := filepath.Glob(filepath.Join(corpora(), "chromium", "dir-listing-*"))
		corpus = append(seeds, listings...)
	}
	for _, name := range corpus {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, isFacts bool) {
		var lr listReader
		if !isFacts {
			lr.rows = &rowReader{now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
		}
		if err := readLines(bytes.NewReader(data), lr.line); err != nil {
			t.Fatal(err)
		}
		l := lr.result()
		for _, e := range l.Entries {
			checkEntry(t, e)
			if e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\r\n\x00") {
				t.Fatalf("entry %q", e.Name)
			}
		}
		for _, s := range l.Skipped {
			if len(s.Line) > 1024 || s.Reason == "" {
				t.Fatalf("skipped %+v", s)
			}
		}
	})
}

// The seeds reach every dialect, so that fuzzing begins in each.
func TestSeedsReachEveryDialect(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, d := range dialects {
		read := 0
		for i, line := range rowSeeds {
			two := rowSeeds[i:min(i+2, len(rowSeeds))] // dls may take two lines
			run := (&rowRun{dialect: d}).again(two, now)
			run.line(line, func(_ string, _ Entry, v verdict) {
				if v == aRow {
					read++
				}
			})
		}
		if read == 0 {
			t.Errorf("no seed is a row of %s", d.name)
		}
	}
}
