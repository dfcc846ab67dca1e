package ftpserver_test

import (
	"strings"
	"sync"
	"testing"

	"ftpfs/ftpserver"
)

func TestLogin(t *testing.T) {
	c := dial(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0), Banner: "hello"}))
	c.expect("220 hello")
	for _, command := range []string{"PWD", "STAT /", "SITE CHMOD 600 f", "EPSV", "TYPE I", "RETR f"} {
		c.do(command, "530 Please login")
	}
	for _, command := range []string{"STAT", "HELP", "FEAT", "SYST", "SITE HELP"} {
		c.do(command, "2")
	}
	c.do("PASS p", "503")
	c.do("USER u", "331")
	c.do("PASS wrong", "530 Login incorrect.")
	c.do("PASS p", "503")
	c.do("USER nobody", "331")
	c.do("PASS p", "530 Login incorrect.")
	c.do("USER anonymous", "331")
	c.do("PASS p", "530")
	c.expectEOF()
}

func TestLoginStates(t *testing.T) {
	c := login(t, start(t, ftpserver.Options{FS: ftpserver.NewMemFS(0)}))
	c.do("PASS p", "202")
	c.do("ACCT x", "202")
	c.do("MKD d", "257")
	c.do("CWD d", "250")
	c.do("USER u", "331")
	c.do("PWD", "530")
	c.do("PASS p", "230")
	c.do("PWD", `257 "/"`)
	c.do("REIN", "220")
	c.do("ACCT x", "530")
	c.do("PWD", "530")
}

func TestAnonymous(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	write(t, fsys, "f", "x")
	c := dial(t, start(t, ftpserver.Options{FS: fsys, Anonymous: true}))
	c.expect("220")
	c.do("USER ftp", "331")
	c.do("PASS a@b", "230")
	c.do("TYPE I", "200")
	if got := c.get("RETR f"); got != "x" {
		t.Errorf("RETR: %q", got)
	}
	writes := []string{"DELE f", "MKD d", "RMD d", "STOR g", "APPE g", "STOU", "RNFR f", "RNTO g",
		"MFMT 20200101000000 f", "SITE CHMOD 600 f", "SITE UTIME 202001010000 f", "SITE SYMLINK f l"}
	for _, command := range writes {
		c.do(command, "550 Read-only file system")
	}
	if row := c.do("MLST f", "250"); !strings.Contains(row, "perm=r;") {
		t.Errorf("perm of a read-only file: %q", row)
	}
}

func TestAnonymousWrite(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	c := dial(t, start(t, ftpserver.Options{FS: fsys, Anonymous: true, AnonymousWrite: true}))
	c.expect("220")
	c.do("USER anonymous", "331")
	c.do("PASS", "230")
	c.put("STOR f", "x")
}

func TestUsersOwnTreeAndRights(t *testing.T) {
	shared, own := ftpserver.NewMemFS(0), ftpserver.NewMemFS(0)
	write(t, own, "mine", "")
	write(t, shared, "ours", "")
	addr := start(t, ftpserver.Options{FS: shared, Users: map[string]ftpserver.User{
		"a": {Check: ftpserver.Password("pa"), FS: own},
		"b": {Check: ftpserver.Password("pb"), ReadOnly: true},
		"c": {},
	}})
	a, b, c := dial(t, addr), dial(t, addr), dial(t, addr)
	for user, conn := range map[string]*raw{"a": a, "b": b} {
		conn.expect("220")
		conn.do("USER "+user, "331")
		conn.do("PASS p"+user, "230")
	}
	a.do("MLST mine", "250")
	a.do("MLST ours", "550")
	b.do("MLST ours", "250")
	b.do("DELE ours", "550 Read-only file system")
	a.do("DELE mine", "250")
	c.expect("220")
	c.do("USER c", "331")
	c.do("PASS", "530")
}

func TestTraceMasksPasswords(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	o := ftpserver.Options{FS: ftpserver.NewMemFS(0)}
	o.Trace.Command = func(_ int, line string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, line)
	}
	o.Trace.Reply = func(_, code int, text string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, text)
	}
	c := dial(t, start(t, o))
	c.expect("220")
	c.do("USER u", "331")
	c.do("pass p", "230")
	c.do("ACCT secret", "202")
	mu.Lock()
	defer mu.Unlock()
	all := strings.Join(seen, "|")
	want := "FTP server ready.|USER u|Password required.|PASS ***|Logged in.|ACCT ***|No account needed."
	if all != want {
		t.Errorf("trace is %q, want %q", all, want)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	fsys := ftpserver.NewMemFS(0)
	for name, o := range map[string]ftpserver.Options{
		"no FS":           {},
		"no FS for user":  {Users: map[string]ftpserver.User{"u": {}}},
		"no FS anonymous": {Anonymous: true, Users: map[string]ftpserver.User{"u": {FS: fsys}}},
		"banner":          {FS: fsys, Banner: "a\r\n230 b"},
		"ports":           {FS: fsys, PassiveMin: 2000, PassiveMax: 1000},
		"half a range":    {FS: fsys, PassiveMax: 1000},
		"disable":         {FS: fsys, Disable: []string{"NOSUCH"}},
		"disable site":    {FS: fsys, Disable: []string{"SITE NOSUCH"}},
	} {
		if _, err := ftpserver.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
