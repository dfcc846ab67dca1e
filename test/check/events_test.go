package main

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// run is a run of go test -json: a pass, a skip, a failed subtest, a package
// that fails after its tests, one that does not build.
const run = `
{"Action":"start","Package":"ftpfs/a"}
{"Action":"run","Package":"ftpfs/a","Test":"TestPass"}
{"Action":"output","Package":"ftpfs/a","Test":"TestPass","Output":"    x.go:1: ftptest: server vsftpd: version 3.0.3\n"}
{"Action":"pass","Package":"ftpfs/a","Test":"TestPass","Elapsed":0}
{"Action":"run","Package":"ftpfs/a","Test":"TestSkip"}
{"Action":"output","Package":"ftpfs/a","Test":"TestSkip","Output":"=== RUN   TestSkip\n"}
{"Action":"output","Package":"ftpfs/a","Test":"TestSkip","Output":"    x.go:9: no rsync here\n"}
{"Action":"output","Package":"ftpfs/a","Test":"TestSkip","Output":"--- SKIP: TestSkip (0.00s)\n"}
{"Action":"skip","Package":"ftpfs/a","Test":"TestSkip","Elapsed":0}
{"Action":"run","Package":"ftpfs/a","Test":"TestUp"}
{"Action":"run","Package":"ftpfs/a","Test":"TestUp/one"}
{"Action":"output","Package":"ftpfs/a","Test":"TestUp/one","Output":"    x_test.go:5: one is wrong\n"}
{"Action":"output","Package":"ftpfs/a","Test":"TestUp/one","Output":"        and more\n"}
{"Action":"output","Package":"ftpfs/a","Test":"TestUp/one","Output":"    process.go:5: what a server said\n"}
{"Action":"fail","Package":"ftpfs/a","Test":"TestUp/one","Elapsed":0}
{"Action":"run","Package":"ftpfs/a","Test":"TestUp/two"}
{"Action":"pass","Package":"ftpfs/a","Test":"TestUp/two","Elapsed":0}
{"Action":"fail","Package":"ftpfs/a","Test":"TestUp","Elapsed":0}
{"Action":"fail","Package":"ftpfs/a","Elapsed":1}
{"Action":"run","Package":"ftpfs/b","Test":"TestPass"}
{"Action":"pass","Package":"ftpfs/b","Test":"TestPass","Elapsed":0}
{"Action":"output","Package":"ftpfs/b","Output":"ftptest: left behind: file /x\n"}
{"Action":"fail","Package":"ftpfs/b","Elapsed":1}
{"Action":"build-output","ImportPath":"ftpfs/c","Output":"c.go:1:1: undefined: x\n"}
{"Action":"build-fail","ImportPath":"ftpfs/c"}
{"Action":"fail","Package":"ftpfs/c","Elapsed":0,"FailedBuild":"ftpfs/c"}
{"Action":"run","Package":"ftpfs/d","Test":"TestHang"}
{"Action":"output","Package":"ftpfs/d","Test":"TestHang","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"ftpfs/d","Elapsed":1}
{"Action":"skip","Package":"ftpfs/e","Elapsed":0}
`

func read(t *testing.T, events string) (*report, *strings.Builder) {
	t.Helper()
	var out strings.Builder
	r := newReport(&out, false)
	if err := r.read(strings.NewReader(strings.TrimLeft(events, "\n"))); err != nil {
		t.Fatal(err)
	}
	return r, &out
}

func TestCounts(t *testing.T) {
	r, out := read(t, run)
	if r.summary(nil, time.Second, false) {
		t.Error("a run with failures is well")
	}
	text := strings.TrimRight(out.String(), "\n")
	if last := text[strings.LastIndexByte(text, '\n')+1:]; last != "3 passed, 4 failed, 1 skipped" {
		t.Errorf("last line: %q", last)
	}
	for _, want := range []string{
		"failed: a TestUp/one\n    x_test.go:5: one is wrong\n        and more\nfailed: b\n", "what a server said", "left behind: file /x", "undefined: x", "panic: test timed out",
		"skipped: a TestSkip: x.go:9: no rsync here", "failed: c\n", "failed: d\n",
		"ran against: vsftpd: version 3.0.3 (1 times)",
	} {
		if strings.Count(text, want) != 1 && strings.Count(text+"\n", want) != 1 {
			t.Errorf("%q is not there once in\n%s", want, text)
		}
	}
}

func TestSkipsAreFailuresInCI(t *testing.T) {
	const skipped = `{"Action":"skip","Package":"ftpfs/a","Test":"TestSkip"}`
	for _, strict := range []bool{false, true} {
		r, _ := read(t, skipped)
		if well := r.summary(nil, 0, strict); well == strict {
			t.Errorf("a skip with strict=%v: well=%v", strict, well)
		}
	}
}

func TestFailedCheck(t *testing.T) {
	r, out := read(t, "")
	r.check("good", func() (string, error) { return "", nil })
	r.check("bad", func() (string, error) { return "a.go:1: wrong\n", errors.New("exit status 1") })
	if r.passed != 1 || r.failed != 1 || !strings.Contains(out.String(), "a.go:1: wrong\nexit status 1\nFAIL bad") {
		t.Errorf("%d passed, %d failed:\n%s", r.passed, r.failed, out)
	}
}
