package cache_test

import (
	"testing"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/test/fakeremote"
)

// What is read a second time, or listed, is a hit; what had to be fetched is not.
func TestStatsOfCaches(t *testing.T) {
	tree := fakeremote.New()
	data := octets(300_000, 1)
	tree.Put("/f", data)
	v := newVolume(t, tree, cache.Options{CacheBytes: 2 << 20, TTL: time.Hour})
	load(t, v, "f")
	first := v.Stats()
	if got := first.Content.Hits + first.Content.Waits; got != int64(len(data)) || first.Content.Waits == 0 {
		t.Errorf("first read: %+v", first.Content)
	}
	if first.Content.Bytes < int64(len(data)) || first.Content.Limit != 2<<20 || first.Content.Files != 1 {
		t.Errorf("held: %+v", first.Content)
	}
	if first.Listings.Misses == 0 || first.Listings.Directories != 1 || first.Disk != nil {
		t.Errorf("%+v", first)
	}
	tree.ForgetCalls()
	load(t, v, "f")
	again := v.Stats()
	if again.Content.Hits-first.Content.Hits != int64(len(data)) || again.Content.Waits != first.Content.Waits {
		t.Errorf("second read: %+v after %+v", again.Content, first.Content)
	}
	if again.Listings.Hits <= first.Listings.Hits || again.Listings.Misses != first.Listings.Misses {
		t.Errorf("second open: %+v after %+v", again.Listings, first.Listings)
	}
	if c := tree.Calls(""); len(c) != 0 {
		t.Errorf("Stats, or the second read, asked the server: %v", c)
	}
}

// Uploads are counted by what became of them, and a spool while it is there.
func TestStatsOfUploads(t *testing.T) {
	tree := fakeremote.New()
	v := newVolume(t, tree, cache.Options{})
	h := create(t, v, "a")
	write(t, h, octets(10_000, 2), 0)
	if s := v.Stats(); s.Spool.Bytes < 10_000 || s.Uploaded != 0 {
		t.Errorf("written: %+v", s)
	}
	flush(t, h)
	h.Release()
	if s := v.Stats(); s.Spool.Bytes != 0 || s.Uploaded != 1 || s.UploadsFailed != 0 {
		t.Errorf("uploaded: %+v", s)
	}
	tree.Fail("Store", "/b", 1, fakeremote.Error("STOR", "/b", ftpclient.KindPermission, 553, "no"))
	h = create(t, v, "b")
	write(t, h, octets(10, 3), 0)
	kind(t, h.Flush(t.Context()), ftpclient.KindPermission)
	if s := v.Stats(); s.Uploaded != 1 || s.UploadsFailed != 1 {
		t.Errorf("refused: %+v", s)
	}
	write(t, h, octets(11, 3), 0)
	flush(t, h)
	h.Release()
}

// What is on the disk is counted when it is read from there.
func TestStatsOfDisk(t *testing.T) {
	k := newKeeps(t)
	data := octets(200_000, 4)
	k.put("/f", data)
	for _, hits := range []int64{0, int64(len(data))} {
		k.mounted(func(v *cache.Volume) {
			load(t, v, "f")
			s := v.Stats().Disk
			if s == nil || s.Hits != hits || s.Limit != 4<<30 || s.Dir != k.dir || hits > 0 && s.Bytes < hits {
				t.Errorf("%+v, want %d octets from the disk", s, hits)
			}
		})
	}
}

func TestMeant(t *testing.T) {
	for p, want := range map[string]string{
		"/d/.a.txt.ftpfs-0123456789abcdef": "/d/a.txt",
		"/d/a.txt":                         "/d/a.txt",
		".b.ftpfs-0123456789abcdef":        "b",
		"/.hidden":                         "/.hidden",
	} {
		if got := cache.Meant(p); got != want {
			t.Errorf("Meant(%q) = %q, want %q", p, got, want)
		}
	}
}
