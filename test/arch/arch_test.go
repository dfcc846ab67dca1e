package arch

import (
	"strings"
	"testing"
)

// checks are the rules, each with fixtures that break it and fixtures that are
// close to that and do not. A fixture is a file name, a newline and the text.
var checks = []struct {
	name      string
	rule      rule
	bad, good []string
}{
	{"import direction", importDirection,
		[]string{
			"ftpclient/a.go\npackage ftpclient\nimport _ \"ftpfs/cache\"",
			"ftpclient/a_test.go\npackage ftpclient\nimport _ \"ftpfs/ftpserver\"",
			"ftpserver/a.go\npackage ftpserver\nimport _ \"ftpfs/ftpclient\"",
			"cache/a.go\npackage cache\nimport _ \"ftpfs/fusefs\"",
			"fusefs/a.go\npackage fusefs\nimport _ \"ftpfs/ftpserver\"",
			"cmd/ftpfs/a.go\npackage main\nimport _ \"ftpfs/test/ftptest\"",
			"cache/a.go\npackage cache\nimport _ \"ftpfs/test/fakeremote\"",
		},
		[]string{
			"cache/a.go\npackage cache\nimport _ \"ftpfs/ftpclient\"",
			"cache/a_test.go\npackage cache_test\nimport _ \"ftpfs/cache\"",
			"cmd/ftpfs/a.go\npackage main\nimport _ \"ftpfs/ftpserver\"",
			"test/x/a.go\npackage x\nimport _ \"ftpfs/test/ftptest\"",
			"cache/a_test.go\npackage cache_test\nimport _ \"ftpfs/test/fakeremote\"",
		}},
	{"folders", topFolders,
		[]string{"main.go\npackage main", "internal/x/a.go\npackage x"},
		[]string{"cmd/ftpfs/main.go\npackage main"}},
	{"no client in fusefs", noClientInFusefs,
		[]string{"fusefs/a.go\npackage fusefs\nvar c *ftpclient.Client"},
		[]string{"fusefs/a.go\npackage fusefs\nvar k ftpclient.Kind", "cache/a.go\npackage cache\nvar c *ftpclient.Client"}},
	{"package comments", packageDoc,
		[]string{"cache/a.go\npackage cache", "cache/a.go\n// Detached.\n\npackage cache"},
		[]string{"cache/a.go\n// Package cache is.\npackage cache"}},
	{"no sleep in tests", noSleep,
		[]string{"cache/a_test.go\npackage cache\nfunc f() { time.Sleep(1) }", "test/x/a.go\npackage x\nfunc f() { time.Sleep(1) }"},
		[]string{"cache/a.go\npackage cache\nfunc f() { time.Sleep(1) }", "cache/a_test.go\npackage cache\nfunc f() { time.After(1) }",
			"cache/a_test.go\npackage cache\nfunc f() { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }"}},
	{"no standard log", noStandardLog,
		[]string{"cache/a.go\npackage cache\nimport \"log\""},
		[]string{"cache/a.go\npackage cache\nimport \"log/slog\"", "cmd/ftpfs/a.go\npackage main\nimport \"log\""}},
	{"no decision by text", noDecisionByText,
		[]string{
			"cache/a.go\npackage cache\nfunc f() { if strings.Contains(err.Error(), \"x\") {} }",
			"cache/a.go\npackage cache\nfunc f() { if strings.HasPrefix(strings.ToLower(err.Error()), \"x\") {} }",
			"cache/a.go\npackage cache\nfunc f() { if err.Error() == \"x\" {} }",
			"cache/a.go\npackage cache\nfunc f() { switch err.Error() {} }",
			"cache/a.go\npackage cache\nfunc f() { if pattern.MatchString(err.Error()) {} }",
		},
		[]string{
			"cache/a.go\npackage cache\nfunc f() { s := \"x: \" + err.Error(); g(s) }",
			"cache/a.go\npackage cache\nfunc f() { g(strings.TrimSpace(err.Error())) }",
			"cache/a_test.go\npackage cache\nfunc f() { if strings.Contains(err.Error(), \"x\") {} }",
		}},
	{"file size", fileSize,
		[]string{"cache/a.go\npackage cache" + strings.Repeat("\n", 501)},
		[]string{"cache/a.go\npackage cache" + strings.Repeat("\n", 499)}},
	{"names", noVagueNames,
		[]string{"cache/util.go\npackage cache", "cache/helpers_test.go\npackage cache", "cmd/common/a.go\npackage common"},
		[]string{"cache/block.go\npackage cache"}},
}

func TestArchitecture(t *testing.T) {
	all := project(t)
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			for _, broken := range c.rule(all) {
				t.Error(broken)
			}
		})
	}
}

// TestRules proves that each rule finds what breaks it, and nothing else.
func TestRules(t *testing.T) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range c.bad {
				if len(c.rule(fixture(t, f))) == 0 {
					t.Errorf("not found: %.200s", f)
				}
			}
			for _, f := range c.good {
				if broken := c.rule(fixture(t, f)); len(broken) > 0 {
					t.Errorf("found %q in: %.200s", broken, f)
				}
			}
		})
	}
}

func fixture(t *testing.T, text string) []source {
	t.Helper()
	name, code, _ := strings.Cut(text, "\n")
	return []source{parse(t, name, []byte(code+"\n"))}
}
