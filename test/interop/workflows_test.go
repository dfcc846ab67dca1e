package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ftpfs/test/ftptest"
)

// A workflow is what somebody does in a directory, with its own checks: what it
// prints on stderr or an exit code is a failure. What it leaves in the directory
// "kept" must be on the server's disk as it is in the mount.
type workflow struct {
	name, needs, script string
	heavy               bool
}

// workflows are run with -e, in an empty directory of the mount; $LOCAL is an empty
// local one, and $SRC has a tree and the files of a small Go module.
var workflows = []workflow{
	{name: "git", needs: "git", script: `
		export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_CONFIG_GLOBAL=/dev/null
		git init -q -b main "$LOCAL/r"
		for i in 1 2 3; do echo $i >"$LOCAL/r/f$i"; git -C "$LOCAL/r" add .; git -C "$LOCAL/r" commit -qm $i; done
		git clone -q "$LOCAL/r" kept
		cd kept
		echo new >new; mkdir d; echo in >d/in; git add .; git commit -qm 'in the mount'
		git mv new moved; git commit -qam moved
		git checkout -q -b side; echo side >f1; git commit -qam side; git checkout -q main; git merge -q side
		git worktree add -q ../tree HEAD; test "$(cat ../tree/f1)" = side; git worktree remove ../tree
		git gc -q; git fsck --strict 2>&1 | grep -v dangling >&2 || true
		test -z "$(git status --porcelain)"
		git clone -q . "$LOCAL/back"; diff -r -x .git . "$LOCAL/back"`},
	{name: "make", needs: "make", script: `
		mkdir kept; cd kept
		for i in 1 2 3 4; do echo "int f$i(void) { return $i; }" >f$i.c; done
		printf 'int f1(void), f2(void), f3(void), f4(void);\nint main(void) { return f1() + f2() + f3() + f4() != 10; }\n' >main.c
		printf 'prog: main.o f1.o f2.o f3.o f4.o\n\t$(CC) -o $@ $^\nclean:\n\trm -f prog *.o\n' >Makefile
		make -s -j2; ./prog; make -s -j2
		touch -d '3 hours ago' *.c; touch -d '2 hours ago' *.o; touch -d '1 hour ago' prog; make -s -j2 # times are to the second
		test f1.o -ot prog; touch f1.c; make -s -j2; ./prog
		test f1.o -nt main.o; make -s clean; ls; make -s -j2; ./prog`, heavy: true},
	{name: "go", needs: "go", script: `
		mkdir kept; cd kept; cp "$SRC/go.mod.example" go.mod; cp "$SRC/main.go.example" main.go
		go build -o prog .; test "$(./prog)" = hello; go vet .; gofmt -l .`, heavy: true},
	{name: "sqlite", needs: "sqlite3", script: `
		mkdir kept; cd kept
		for mode in delete wal; do
			sqlite3 $mode.db "PRAGMA journal_mode=$mode; CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT);" >$LOCAL/out || cat $LOCAL/out >&2
			{ echo 'BEGIN;'; for i in $(seq 1000); do echo "INSERT INTO t VALUES ($i, 'row $i');"; done; echo 'COMMIT;'; } | sqlite3 $mode.db
			for i in 1 2 3; do sqlite3 $mode.db "UPDATE t SET s = s || '!' WHERE n % 10 = $i; INSERT INTO t (s) VALUES ('new');"; done
			test "$(sqlite3 $mode.db 'PRAGMA integrity_check; SELECT count(*) FROM t; SELECT s FROM t WHERE n = 12')" = "$(printf 'ok\n1003\nrow 12!')"
		done`},
	{name: "archives", needs: "unzip", script: `
		mkdir kept; cd kept; cp -r "$SRC/tree" a
		tar -cf a.tar a; tar -czf a.tgz a; mkdir x; tar -C x -xpf a.tar; diff -r a x/a
		python3 -c 'import shutil; shutil.make_archive("z", "zip", ".", "a")'
		unzip -q z.zip -d y; diff -r a y/a; unzip -qt z.zip >"$LOCAL/out"`, heavy: true},
	{name: "rsync", needs: "rsync", script: `
		rsync -a -O --delete "$SRC/tree/" kept/; rsync -a -O "$SRC/tree/" kept/ --itemize-changes
		rm "kept/$(ls kept | head -1)" -r; touch kept/extra; rsync -a -O --delete "$SRC/tree/" kept/; diff -r "$SRC/tree" kept
		rsync -a -O --delete kept/ "$LOCAL/back/"; diff -r kept "$LOCAL/back"; rsync -a -O kept/ "$LOCAL/back/" --itemize-changes
		find "$LOCAL/back" -newermt now`, heavy: true},
	{name: "find -delete", needs: "find", script: `
		cp -r "$SRC/tree" gone; mkdir kept; echo stays >kept/f
		find gone -type f -name '*.txt' -delete; find gone -delete; test ! -e gone; ls -A`},
	{name: "venv", needs: "python3", script: `
		unset PYTHONDONTWRITEBYTECODE
		touch target; if ln -s target link 2>"$LOCAL/err"; then # else there is no lib64
			python3 -m venv --copies --without-pip kept/v; rm link
		else
			grep -q 'not permitted' "$LOCAL/err"; mkdir kept; python3 -m venv --copies --without-pip "$LOCAL/v"; cp -rL "$LOCAL/v" kept/v
		fi
		echo 'x = 1' >kept/m.py; cd kept; test "$(./v/bin/python -c 'import m; print(m.x + 41)')" = 42; ls __pycache__; rm -rf v/lib64`, heavy: true},
	{name: "editor", needs: "vim", script: `
		mkdir kept; cd kept; printf 'one\ntwo\n' >f
		vim -u NONE -N -es -c 'set backup writebackup swapfile backupdir=. directory=.' -c '%s/two/TWO/' -c wq f; cat f
		vim -u NONE -N -es -c '1d' -c wq f; test "$(cat f)" = TWO; ls -A`, heavy: true},
	{name: "vim, swap file", needs: "vim", script: `
		mkdir kept; cd kept; printf 'one\n' >f
		for set in 'nobackup nowritebackup' 'backup backupcopy=yes' 'writebackup backupcopy=no'; do
			vim -u NONE -N -es -c "set $set swapfile directory=. backupdir=." -c 's/$/!/' -c wq f
		done; test "$(cat f)" = 'one!!!'; ls -A`, heavy: true},
	{name: "emacs", needs: "emacs", script: `
		mkdir kept; cd kept; printf 'one\ntwo\n' >f; export HOME="$LOCAL"
		for i in 1 2; do
			emacs -Q --batch f --eval '(progn (goto-char (point-max)) (insert "more\n") (save-buffer) (insert "again\n") (save-buffer))' 2>"$LOCAL/out"
		done; test "$(cat f)" = "$(printf 'one\ntwo\nmore\nagain\nmore\nagain')"; ls -A`, heavy: true},
	{name: "nano", needs: "nano", script: `
		mkdir kept; cd kept; printf 'one\n' >f; export TERM=xterm HOME="$LOCAL"
		for key in '' 'typed ' '\017' '\r' '\030' ''; do sleep 1; printf "$key"; done | script -qec 'nano -B f' "$LOCAL/typed" >"$LOCAL/out"
		test "$(cat f)" = 'typed one'; test "$(cat f~)" = one`, heavy: true},
	{name: "zip", needs: "zip", script: `
		mkdir kept; cd kept; cp -r "$SRC/tree" a; zip -qr z.zip a; echo changed >a/changed; zip -qru z.zip a; zip -qd z.zip a/changed
		zip -qu z.zip a/changed; unzip -qt z.zip >"$LOCAL/out"; unzip -q z.zip -d y; diff -r a y/a`, heavy: true},
	{name: "7z", needs: "7z", script: `
		mkdir kept; cd kept; cp -r "$SRC/tree" a; 7z a -bso0 -bsp0 z.7z a; echo changed >a/changed; 7z u -bso0 -bsp0 z.7z a
		7z d -bso0 -bsp0 z.7z a/changed; rm a/changed; 7z t -bso0 -bsp0 z.7z; 7z x -bso0 -bsp0 -oy z.7z; diff -r a y/a`, heavy: true},
	{name: "rclone", needs: "rclone", script: `
		export RCLONE_CONFIG=/dev/null HOME="$LOCAL"
		rclone sync -q "$SRC/tree" kept; rclone check -q "$SRC/tree" kept; rm -r "kept/$(ls kept | head -1)"; echo extra >kept/extra
		rclone sync -q "$SRC/tree" kept; diff -r "$SRC/tree" kept; rclone sync -q kept "$LOCAL/back"; diff -r kept "$LOCAL/back"`, heavy: true},
	{name: "unison", needs: "unison", script: `
		export HOME="$LOCAL"; cp -r "$SRC/tree" "$LOCAL/l"; mkdir kept
		sync() { unison -batch -silent -times "$LOCAL/l" "$PWD/kept" >"$LOCAL/out" 2>&1 || cat "$LOCAL/out" >&2; diff -r "$LOCAL/l" kept; }
		sync; echo there >kept/there; rm -r "kept/$(ls kept | head -1)"; echo here >"$LOCAL/l/here"; sync; test -e kept/here; test -e "$LOCAL/l/there"
		echo changed >>kept/there; sync; sync`, heavy: true},
	{name: "npm", needs: "npm", script: `
		export HOME="$LOCAL" npm_config_update_notifier=false; mkdir "$LOCAL/p" kept; cd "$LOCAL/p"
		echo '{"name":"p","version":"1.0.0","bin":"cli.js"}' >package.json; echo 'module.exports = 42' >index.js
		printf '#!/usr/bin/env node\nconsole.log(require("./index.js"))\n' >cli.js; npm pack -s >"$LOCAL/out"; cd "$OLDPWD/kept"
		echo '{"name":"q","version":"1.0.0","private":true}' >package.json
		npm install -s --offline --no-audit --no-fund --no-bin-links "$LOCAL/p/p-1.0.0.tgz"
		test "$(node -e 'console.log(require("p"))')" = 42; npm ls >"$LOCAL/out"; npm uninstall -s p; test ! -e node_modules/p; ls -A`, heavy: true},
	{name: "LibreOffice", needs: "soffice", script: `
		mkdir kept; export HOME="$LOCAL"; echo 'a letter' >"$LOCAL/letter.txt"
		for to in odt docx odt; do
			soffice --headless --convert-to $to --outdir kept "$LOCAL/letter.txt" >"$LOCAL/out" 2>&1 || cat "$LOCAL/out" >&2
		done
		soffice --headless --convert-to txt:Text --outdir kept kept/letter.odt >"$LOCAL/out" 2>&1; grep -q 'a letter' kept/letter.txt; ls kept`, heavy: true},
	{name: "in place", needs: "rsync", script: `
		mkdir kept; cd kept; seq 100000 >f; cp f "$LOCAL/f"
		for g in f "$LOCAL/f"; do
			sed -i 's/^77$/seventy/' "$g"; printf HELLO | dd of="$g" bs=1 seek=1000 conv=notrunc status=none
			echo tail >>"$g"; truncate -s -3 "$g"
		done; cmp f "$LOCAL/f"
		seq 100001 >"$LOCAL/g"; rsync -I --inplace --no-whole-file "$LOCAL/g" f; cmp f "$LOCAL/g"`, heavy: true},
}

// TestWorkflows runs what people do in mounted directories: some of it on a server
// with MLSD and one without; with FTPFS_TEST_WORKFLOWS=all, all on each server.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	src := t.TempDir()
	sampleTree(t, filepath.Join(src, "tree"), treeSize{files: 25, dirs: 6, big: 1})
	for name, text := range map[string]string{
		"go.mod.example":  "module example\n\ngo 1.21\n",
		"main.go.example": "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n",
	} {
		if err := os.WriteFile(filepath.Join(src, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	servers := []string{ftptest.Vsftpd, ftptest.ProFTPD}
	all := os.Getenv("FTPFS_TEST_WORKFLOWS") == "all"
	if all {
		servers = ftptest.Names()
	}
	for _, name := range servers {
		t.Run(name, func(t *testing.T) {
			s := ftptest.Start(t, name)
			t.Parallel()
			m := mounted(t, s)
			for _, w := range workflows {
				if w.heavy && !all {
					continue
				}
				t.Run(w.name, func(t *testing.T) { w.run(t, m, s, src) })
			}
		})
	}
}

func (w workflow) run(t *testing.T, m *mount, s *ftptest.Server, src string) {
	if _, err := exec.LookPath(w.needs); err != nil {
		ftptest.Skip(t, "%v", err)
	}
	dir := m.path(w.name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r := shell(t, dir, "set -e\n"+w.script, "SRC="+src, "LOCAL="+t.TempDir())
	if r.code != 0 || r.err != "" {
		t.Errorf("%v", r)
	}
	kept := digest(t, filepath.Join(dir, "kept"), 0)
	same(t, "on the server's disk", digest(t, filepath.Join(s.Dir, w.name, "kept"), 0), kept)
	if len(kept) == 0 {
		t.Error("nothing is there to be compared")
	}
}
