package ftpserver_test

import (
	"slices"
	"strings"
	"testing"

	"ftpfs/ftpserver"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func mount(t testing.TB, trees map[string]ftpserver.FS) ftpserver.FS {
	t.Helper()
	tree, err := ftpserver.Mount(trees)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestMount: several trees are one, and each keeps to itself.
func TestMount(t *testing.T) {
	eachFS(t, func(t *testing.T, music ftpserver.FS) {
		root, in := ftpserver.NewMemFS(0), ftpserver.NewMemFS(0)
		write(t, root, "readme", "read me")
		write(t, root, "shadow", "a file where a tree appears")
		write(t, music, "song", "la")
		c := login(t, start(t, ftpserver.Options{FS: mount(t, map[string]ftpserver.FS{
			"/": ftpserver.Restrict(root, ftpserver.Access{ReadOnly: true}), "/music": music, "/pub/deep/in": in, "/shadow": in})}))
		if got, want := names(c.get("LIST")), []string{"music", "pub", "readme", "shadow"}; !slices.Equal(got, want) {
			t.Errorf("LIST: %q, want %q", got, want)
		}
		if got := c.get("MLSD /pub"); !contains(got, "type=dir;") || !contains(got, "; deep\r\n") {
			t.Errorf("MLSD: %q", got)
		}
		for _, step := range [][2]string{
			{"MLST music", "250"}, {"CWD pub/deep/in", "250"}, {"PWD", `257 "/pub/deep/in"`}, {"CWD ../..", "250"}, {"PWD", `257 "/pub"`},
			{"MKD x", "550"}, {"MKD deep", "550 File exists"}, {"RMD deep", "450 Device or resource busy"}, {"DELE deep", "550 Is a directory"},
			{"RNFR deep", "350"}, {"RNTO shallow", "450"}, {"RNFR /music", "350"}, {"RNTO /m", "450"},
			{"RNFR /music/song", "350"}, {"RNTO /pub/deep/in/song", "550 Invalid cross-device link"},
			{"RNFR /music/song", "350"}, {"RNTO /music/tune", "250"}, {"SITE CHMOD 700 /music", "450"}, {"SITE SYMLINK x /pub/deep", "550 File exists"},
			{"MKD /music/new", "257"}, {"SIZE /shadow", "550 Is a directory"}, {"DELE /readme", "550 Read-only"}, {"SIZE /pub/nothing", "550 No such file"},
		} {
			c.do(step[0], step[1])
		}
		c.put("STOR /pub/deep/in/f", "one tree in two places")
		if got := c.get("RETR /shadow/f"); got != "one tree in two places" {
			t.Errorf("the other place has %q", got)
		}
		for _, p := range []string{"/pub/f", "/pub/deep", "/readme"} {
			data := c.passive()
			c.do("STOR "+p, "550")
			data.Close()
		}
		if got := read(t, music, "tune"); got != "la" {
			t.Errorf("renamed: %q", got)
		}
	})
}

func TestMountWithoutRoot(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: mount(t, map[string]ftpserver.FS{"/a": ftpserver.NewMemFS(0), "/b/c": ftpserver.NewMemFS(7)})}))
	if got, want := names(c.get("LIST -a")), []string{".", "..", "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("LIST -a: %q, want %q", got, want)
	}
	c.do("MKD x", "550 Permission denied")
	c.do("MKD x/y", "550 No such file")
	c.do("CWD x", "550 No such file")
	c.do("AVBL /b/c", "213 7")
	c.do("AVBL /b", "213 0")
	for _, at := range []string{"a", "/a/", "/../a", ""} {
		if _, err := ftpserver.Mount(map[string]ftpserver.FS{at: ftpserver.NewMemFS(0)}); err == nil {
			t.Errorf("a tree at %q", at)
		}
	}
}
