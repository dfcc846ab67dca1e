package interop

import (
	"os"
	"path/filepath"
	"testing"

	"ftpfs/ftpserver"
)

// TestServerIgnoresCase: on a server that takes names which differ in case only for
// one, no file is overwritten under another name (NAME-2).
func TestServerIgnoresCase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tree, err := ftpserver.OpenDirFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() }) // after the server
	if err := os.Mkdir(filepath.Join(dir, "Dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"File.txt": "precious", "other": "other\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := newMount(t, serveTree(t, ftpserver.Options{FS: tree, Profile: "iis", LoginDelay: -1, Anonymous: true, AnonymousWrite: true}))
	m.mount()
	r := shell(t, m.dir, `
		fails() { "$@" 2>"$LOCAL/err" && echo "$* did not fail" >&2; grep -q "$why" "$LOCAL/err" || cat "$LOCAL/err" >&2; }
		why='No such file'; fails cat file.txt; fails ls dir
		why='File exists'; fails cp other file.txt; fails cp other FILE.TXT; fails mkdir dir
		mv -T other FILE.txt 2>"$LOCAL/err" && echo 'mv did not fail' >&2 # it looks at what is not there to say why
		(set -C; echo x >file.txt) 2>"$LOCAL/err" && echo 'O_EXCL did not fail' >&2
		cat File.txt; mv File.txt file.TXT; mv Dir dir; ls; cat file.TXT`, "LOCAL="+t.TempDir())
	if want := "preciousdir\nfile.TXT\nother\nprecious"; r.code != 0 || r.err != "" || r.out != want {
		t.Errorf("%v, want %q", r, want)
	}
}
