package cache

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"ftpfs/ftpclient"
)

// randomEntry is one of those that servers tell, or of those that they should
// not.
func randomEntry(rng *rand.Rand, name string) ftpclient.Entry {
	e := ftpclient.Entry{Name: name, Type: ftpclient.Type(rng.IntN(5)), Size: rng.Int64N(1<<40) - 1}
	if e.Precision = []time.Duration{0, time.Second, time.Minute, 24 * time.Hour, time.Hour}[rng.IntN(5)]; e.Precision != 0 {
		e.ModTime = time.Unix(rng.Int64N(1<<36)-1<<35, int64(rng.IntN(2)*rng.IntN(1e9))).UTC()
	}
	if rng.IntN(2) == 0 {
		e.Mode, e.HasMode = uint32(rng.IntN(0o10000)), true
	}
	if rng.IntN(50) == 0 {
		e.Mode = 1 << 20
	}
	if rng.IntN(3) == 0 {
		e.Owner, e.Group = fmt.Sprint("owner", rng.IntN(3)), "group"
	}
	if rng.IntN(3) == 0 {
		e.Unique = strings.Repeat("u", rng.IntN(300))
	}
	if e.Type == ftpclient.TypeSymlink {
		e.Target = strings.Repeat("t", rng.IntN(100))
	}
	return e
}

// A listing gives back what was put into it, whatever it was, in the order in
// which it came, and so does what is made of it without waste.
func TestListingIsFaithful(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	l := newListing(&ftpclient.Listing{}, time.Now())
	want := map[string]ftpclient.Entry{}
	for range 20_000 {
		name := fmt.Sprintf("name %d", rng.IntN(3000))
		if rng.IntN(3) == 0 {
			l.set(name, nil)
			delete(want, name)
			continue
		}
		e := randomEntry(rng, name)
		l.set(name, &e)
		want[name] = e
	}
	same := func(what string, l *listing) {
		dirs, seen := 0, 0
		for name, e := range want {
			i, ok := l.find(name)
			if !ok || l.entry(i) != e {
				t.Fatalf("%s: %q is %+v (%v), want %+v", what, name, l.entry(i), ok, e)
			}
			if e.Type == ftpclient.TypeDir {
				dirs++
			}
		}
		for i := range l.rows {
			if l.name(i) != "" {
				seen++
			}
		}
		if seen != len(want) || l.live != seen || l.dirs != dirs || len(l.subdirs()) != dirs || !l.complete {
			t.Errorf("%s: %d of %d entries are seen, %d counted; %d directories of %d", what, seen, len(want), l.live, l.dirs, dirs)
		}
	}
	same("listing", l)
	if !l.wasteful() {
		t.Error("nothing was wasted")
	}
	c := l.compacted()
	same("compacted", c)
	l.weigh()
	if c.wasteful() || c.bytes >= l.bytes {
		t.Errorf("compacted from %d to %d octets", l.bytes, c.bytes)
	}
}

// A million entries are held in what they are accounted as, under 100 octets
// each.
func TestListingCost(t *testing.T) {
	const n = 1_000_000
	before := heap()
	l := newListing(&ftpclient.Listing{}, time.Now())
	at := time.Now().UTC().Truncate(time.Second)
	for i := range n {
		name := fmt.Sprintf("entry-%06d", i)
		l.set(name, &ftpclient.Entry{Name: name, Type: ftpclient.TypeFile, Size: int64(i), ModTime: at, Precision: time.Second,
			Mode: 0o644, HasMode: true, Owner: "user", Group: "group", Unique: fmt.Sprintf("801U%X", i)})
	}
	l.weigh()
	used := heap() - before
	if l.bytes > 100*n || l.live != n {
		t.Errorf("%d entries are accounted as %d octets, %d each", l.live, l.bytes, l.bytes/n)
	}
	if used > l.bytes+l.bytes/4 || l.bytes > used+used/4 {
		t.Errorf("%d octets are accounted as %d", used, l.bytes)
	}
	t.Logf("%d octets for each entry", l.bytes/n)
	runtime.KeepAlive(l)
}

// heap is what is in use, once nothing more of earlier tests is let go.
func heap() int64 {
	var m runtime.MemStats
	last := uint64(math.MaxUint64)
	for range 20 {
		runtime.GC()
		runtime.ReadMemStats(&m)
		if m.HeapAlloc+16<<10 > last {
			break
		}
		last = m.HeapAlloc
	}
	return int64(m.HeapAlloc)
}

// Small listings are accounted as what they occupy, too.
func TestSmallListingsCost(t *testing.T) {
	const n, entries = 2000, 20
	got := &ftpclient.Listing{}
	for i := range entries {
		got.Entries = append(got.Entries, ftpclient.Entry{Name: fmt.Sprintf("some file %d", i), Type: ftpclient.TypeFile})
	}
	before := heap()
	kept, accounted := make([]*listing, n), int64(0)
	for i := range kept {
		kept[i] = newListing(got, time.Now())
		accounted += kept[i].bytes
	}
	if used := heap() - before; used > accounted+accounted/4 || accounted > used+used/4 {
		t.Errorf("%d octets are accounted as %d", used, accounted)
	}
	runtime.KeepAlive(kept)
}

// The listings that are kept are within the budget, but for the newest, which
// stays whatever its size.
func TestListingsAreWithinTheBudget(t *testing.T) {
	m := newMeta(time.Hour, 100_000, nil)
	land := func(dir string, entries int) {
		fl, ok := m.begin(dir)
		if !ok {
			t.Fatalf("%s is there already", dir)
		}
		got := &ftpclient.Listing{}
		for i := range entries {
			got.Entries = append(got.Entries, ftpclient.Entry{Name: fmt.Sprintf("%050d", i)})
		}
		m.land(dir, fl, got, nil)
	}
	check := func(what string, dirs int) {
		t.Helper()
		sum := int64(0)
		for _, l := range m.dirs.Values() {
			sum += l.bytes
		}
		if sum != m.bytes || m.dirs.Len() > 1 && sum > m.budget || dirs > 0 && m.dirs.Len() != dirs {
			t.Errorf("%s: %d listings of %d octets, accounted as %d", what, m.dirs.Len(), sum, m.bytes)
		}
	}
	for i := range 200 {
		land(fmt.Sprint("small", i), 20)
	}
	check("many small ones", 0)
	land("large", 5000)
	check("a large one", 1)
	for i := range 12_000 {
		m.put("large", fmt.Sprint("new", i), &ftpclient.Entry{})
		m.put("large", fmt.Sprint("new", i), nil)
	}
	check("one that was changed", 1)
	if l, _ := m.dirs.Peek("large"); l.rows > 2*5000+1024+1 {
		t.Errorf("%d places for 5000 entries", l.rows)
	}
	land("small", 1)
	check("a small one after it", 1)
	m.move("small", "moved")
	check("one that was moved", 1)
}

// Times are moved when a listing has ended, each by its own date; those that are
// exact stay, and so does all else.
func TestListingRetime(t *testing.T) {
	winter, summer := time.Date(1999, 1, 15, 12, 0, 0, 0, time.UTC), time.Date(1999, 7, 15, 12, 0, 0, 0, time.UTC)
	move := func(e *ftpclient.Entry) {
		by := time.Hour
		if e.ModTime.Month() == time.July {
			by = 2 * time.Hour
		}
		e.ModTime = e.ModTime.Add(-by)
	}
	l := newListing(&ftpclient.Listing{}, time.Now())
	want := map[string]ftpclient.Entry{}
	put := func(name string, at time.Time, precision, moved time.Duration) {
		e := ftpclient.Entry{Name: name, Type: ftpclient.TypeFile, Size: 5, ModTime: at, Precision: precision, Owner: "o", Unique: "u"}
		l.set(name, &e)
		e.ModTime = at.Add(-moved)
		want[name] = e
	}
	put("winter", winter, time.Minute, time.Hour)
	put("summer", summer, time.Minute, 2*time.Hour)
	put("day", summer, 24*time.Hour, 2*time.Hour)
	put("exact", summer, time.Second, 0)
	put("odd", winter, time.Hour, time.Hour)
	put("odd and exact", winter.Add(1), time.Second, 0)
	want["none"] = ftpclient.Entry{Name: "none", Type: ftpclient.TypeDir}
	none := want["none"]
	l.set("none", &none)
	l.set("removed", &none)
	l.set("removed", nil)
	l.retime(nil)
	l.retime(move)
	for name, e := range want {
		if i, ok := l.find(name); !ok || l.entry(i) != e {
			t.Errorf("%s: %+v, want %+v", name, l.entry(i), e)
		}
	}
	if _, ok := l.find("removed"); ok || l.live != len(want) {
		t.Errorf("%d entries, want %d", l.live, len(want))
	}
}

// TestMoveOfATreeWithoutRoom: directories that have grown to more than the budget cost
// others their place, and a tree can be moved then.
func TestMoveOfATreeWithoutRoom(t *testing.T) {
	m := newMeta(time.Hour, 5*listBytes, nil)
	for _, dir := range []string{"a", "a/x", "a/y", "b", "c"} {
		m.empty(dir)
	}
	for i := range 20 {
		m.put("c", fmt.Sprint("f", i), &ftpclient.Entry{Type: ftpclient.TypeFile})
	}
	if m.bytes > m.budget && m.dirs.Len() > 1 {
		t.Errorf("%d listings with %d octets, of %d", m.dirs.Len(), m.bytes, m.budget)
	}
	m.move("a", "d")
	for _, dir := range m.dirs.Keys() {
		if within(dir, "a") {
			t.Errorf("%s is still there", dir)
		}
	}
}
