package interop

import (
	"crypto/tls"
	"path/filepath"
	"testing"

	"ftpfs/test/ftptest"
)

// A combination is one way to reach a server.
type combination struct {
	name  string
	ipv6  bool
	flags []string // of the mount
	opts  []ftptest.Option
}

// combinations are the ways with the given modes of TLS. Over TLS they are half
// of what there is, in which each version meets both families and both ways to
// open data connections, unless everything is wanted.
func combinations(modes ...ftptest.TLSMode) (all []combination) {
	for _, mode := range modes {
		versions := []uint16{tls.VersionTLS12, tls.VersionTLS13}
		if mode == ftptest.NoTLS {
			versions = []uint16{0}
		}
		for _, version := range versions {
			name := mode.String()
			opts := []ftptest.Option{ftptest.TLS(mode)}
			if version != 0 {
				name += " " + tls.VersionName(version)
				opts = append(opts, ftptest.TLSVersion(version))
			}
			ipv6 := append([]ftptest.Option{ftptest.IPv6()}, opts...)
			for _, flags := range [][]string{nil, {"--active"}} {
				way := map[bool]string{true: "passive", false: "active"}[flags == nil]
				crossed := (version == tls.VersionTLS12) == (flags == nil)
				if everything || version == 0 || !crossed {
					all = append(all, combination{name: name + ", IPv4, " + way, flags: flags, opts: opts})
				}
				if everything || version == 0 || crossed {
					all = append(all, combination{name: name + ", IPv6, " + way, ipv6: true, flags: flags, opts: ipv6})
				}
			}
		}
	}
	return all
}

// TestMatrix copies a tree into a mount and out again for each server, with and
// without TLS, over IPv4 and IPv6, with data connections that either side opens.
// test/README.md has the table.
func TestMatrix(t *testing.T) {
	t.Parallel()
	src := filepath.Join(t.TempDir(), "src")
	sampleTree(t, src, treeSize{files: 30, dirs: 6, big: 2})
	for _, c := range combinations(ftptest.NoTLS, ftptest.Explicit, ftptest.Implicit) {
		if c.ipv6 && testing.Short() {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ftptest.Each(t, func(t *testing.T, s *ftptest.Server) {
				t.Parallel()
				copied(t, mounted(t, s, c.flags...), s, src)
			}, c.opts...)
		})
	}
}

// copied copies src into the mount, and out of a new mount. On the server's
// disk, and in what comes back, everything must be as it was.
func copied(t *testing.T, m *mount, s *ftptest.Server, src string) {
	t.Helper()
	with := withMode | withMtime
	if s.User == "anonymous" { // vsftpd lets it change no mode
		with = withMtime
	}
	want := digest(t, src, with)
	if r := shell(t, m.dir, `cp -a "$SRC" in`, "SRC="+src); r.code != 0 || r.out+r.err != "" {
		t.Errorf("cp -a in: %v", r)
	}
	same(t, "on the server's disk", digest(t, filepath.Join(s.Dir, "in"), with), want)
	m.umount()
	m.mount()
	out := filepath.Join(t.TempDir(), "out")
	if r := shell(t, m.dir, `cp -a in "$OUT"`, "OUT="+out); r.code != 0 || r.out+r.err != "" {
		t.Errorf("cp -a out: %v", r)
	}
	same(t, "copied out", digest(t, out, with), want)
	if r := shell(t, m.dir, `rm -r in && ls -A`); r.code != 0 || r.out+r.err != "" {
		t.Errorf("rm -r: %v", r)
	}
	same(t, "after rm -r", digest(t, s.Dir, 0), nil)
}
