package main

import (
	"os"
	"path/filepath"
	"testing"

	"ftpfs/cache"
	"ftpfs/cmd/ftpfs/internal/exit"
	"ftpfs/cmd/ftpfs/internal/spools"
)

func TestWritingFlags(t *testing.T) {
	c, _, err := parsed(t, "-o", "atomic=always,on-conflict=overwrite,attr-errors=report,write-back,spool-size=64M")
	if err == nil {
		err = c.validateWriting()
	}
	want := writingSettings{Atomic: cache.AtomicAlways, Overwrite: true, WriteBack: true, SpoolBytes: 64 << 20, ReportAttrs: true}
	if err != nil || c.job.Writing != want {
		t.Errorf("%+v, %v", c.job.Writing, err)
	}
	for _, o := range []string{"atomic=sometimes", "on-conflict=ask", "attr-errors=tell", "spool-size=1M"} {
		c, _, err := parsed(t, "-o", o)
		if err == nil {
			err = c.validateWriting()
		}
		if exit.CodeOf(err) != exit.Usage {
			t.Errorf("-o %s: %v", o, err)
		}
	}
}

// TestAdoptedSpool: what a dead mount of the same source has left to finish comes
// into the new one's folder; that of another source is only told.
func TestAdoptedSpool(t *testing.T) {
	base := t.TempDir()
	leave := func(source string) {
		s, err := spools.Open(base, source, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"spool-1", "upload-1.json", "copy-1"} {
			if err := os.WriteFile(filepath.Join(s.Files(), name), []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s.Lock.Close() // as if the process had died
	}
	leave("ftp://a/")
	leave("ftp://b/")
	var warned []string
	s, err := spools.Open(base, "ftp://b/", func(text string) { warned = append(warned, text) })
	if err != nil {
		t.Fatal(err)
	}
	if s.Adopted != 1 || len(warned) != 1 {
		t.Errorf("adopted %d, warned %q", s.Adopted, warned)
	}
	for _, name := range []string{"spool-1", "upload-1.json"} {
		if data, err := os.ReadFile(filepath.Join(s.Files(), name)); err != nil || string(data) != "ftp://b/" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(base, "mount-*")); len(left) != 2 {
		t.Errorf("folders: %q", left)
	}
	if kept, err := s.Close(); err != nil || kept == "" {
		t.Errorf("close: kept %q, %v", kept, err)
	}
}
