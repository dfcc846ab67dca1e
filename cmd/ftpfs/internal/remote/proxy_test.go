package remote

import (
	"os"
	"strings"
	"testing"

	"ftpfs/cmd/ftpfs/internal/proxy"
	"ftpfs/cmd/ftpfs/internal/secret"
)

// TestHideProxy: the password leaves the arguments in each form that they have.
func TestHideProxy(t *testing.T) {
	raw := "socks5://me:sesame,%2F@h:1"
	p, err := proxy.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FTPFS_PROXY", "http://you:sesame2@other")
	process := new(secret.Process)
	fl := NewFlags(&Server{})
	fl.proxy, fl.server.Network.Proxy = raw, p
	args := []string{"--proxy", raw, "--proxy=" + raw, "-oro,proxy=" + strings.ReplaceAll(raw, ",", `\,`) + ",uid=0"}
	fl.HideProxy(process, args)
	all := strings.Join(args, " ") + os.Getenv("FTPFS_PROXY")
	if strings.Contains(all, "sesame") || strings.Count(all, "socks5://me@h:1") != 3 || !process.Secrets.Exposed() || process.Secrets.Proxy != "sesame,/" {
		t.Errorf("%q, %+v", all, process.Secrets)
	}
}
