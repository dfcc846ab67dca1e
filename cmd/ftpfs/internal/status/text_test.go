package status

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	text := strings.Join(sample().Text(), "\n")
	for _, want := range []string{
		"/mnt/nas  ftp://me@nas.local/  pid 42, mounted for 1d02h, write-back",
		"server       up for 1h00m; TLS 1.3",
		"last trouble 1h30m ago: 421 Too many users.",
		"connections  2 of 8, 1 busy, 3 operations wait for one",
		"#1   busy    RETR /a, 2s ago",
		"traffic      in 3.0 MiB/s, out 0 B/s; 5.0 GiB in and 6.8 KiB out by 12 transfers, 345 commands",
		"#1   download   4.0 MiB/s  [########........]  50% of 1.0 GiB, 2m08s left  /a",
		"content      75% of the 4.0 MiB read were there; 4.0 MiB of 256 MiB in use by 3 files",
		"listings     nothing was asked; 0 B of 64 MiB in use by 0 directories",
		"disk         10 B read from it; ? of 4.0 GiB in use in /var/cache/x",
		"uploads      1 pending (2.0 KiB), 1 failed; 5 confirmed, 1 given up; 4.0 KiB written and held here",
		"failed        2.0 KiB  for 1m00s  /b: STOR /b: 552 Quota exceeded.",
		"read             100        1        2    500 us     16 us     17 ms",
		"(3 times)  flush /b: disk quota exceeded: STOR /b: 552 Quota exceeded.",
		"page         http://127.0.0.1:9121/",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	down := sample()
	down.Server.State = "down"
	if text := strings.Join(down.Text(), "\n"); !strings.Contains(text, "server       DOWN for 1h00m: 421 Too many users.") {
		t.Errorf("%s", text)
	}
}

// One of a kind is told as one.
func TestTextOfOne(t *testing.T) {
	one := sample()
	one.Traffic.Transfers, one.Traffic.Commands, one.Connections.Waiting = 1, 1, 1
	one.Caches.Content.Files, one.Caches.Listings.Directories = 1, 1
	one.Caches.Listings.Hits, one.Caches.Listings.Misses, one.Caches.Listings.HitRate = 1, 0, 1
	text := strings.Join(one.Text(), "\n")
	for _, want := range []string{"by 1 transfer, 1 command\n", "1 operation waits for one\n", "by 1 file\n", "of 1 question was answered", "by 1 directory\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// The names in the JSON are an interface: this test is changed by additions only.
func TestJSONNames(t *testing.T) {
	text, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	var all any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var got []string
	fields("", all, func(name string) { got = append(got, name) })
	slices.Sort(got)
	want := strings.Fields(`
caches.content.bytes caches.content.files caches.content.hit_bytes caches.content.hit_rate caches.content.limit_bytes
caches.content.waited_bytes caches.disk.bytes caches.disk.dir caches.disk.hit_bytes caches.disk.limit_bytes caches.listings.bytes
caches.listings.directories caches.listings.hit_rate caches.listings.hits caches.listings.limit_bytes caches.listings.misses
connections.busy connections.dialing connections.limit connections.list.age_seconds connections.list.id
connections.list.last_command connections.list.last_command_seconds_ago connections.list.state connections.open connections.waiting
errors.count errors.from errors.text errors.time mount.http mount.mountpoint mount.pid mount.read_only mount.source mount.started
mount.write_back operations.count operations.failed operations.mean_seconds operations.name operations.p50_seconds
operations.p99_seconds operations.running server.failed_logins server.last_error server.last_error_time server.logins
server.outages server.since server.state server.tls time traffic.commands traffic.received_bytes
traffic.received_bytes_per_second traffic.refusals traffic.replies traffic.sent_bytes traffic.sent_bytes_per_second
traffic.transfers transfers.bytes transfers.bytes_per_second transfers.connection transfers.from_byte transfers.kind
transfers.path transfers.seconds transfers.size transfers.state uploads.confirmed uploads.failed uploads.given_up
uploads.list.bytes uploads.list.error uploads.list.path uploads.list.since uploads.list.state uploads.pending
uploads.pending_bytes uploads.spool_bytes uploads.spool_limit_bytes version`)
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s is gone", name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s is new: add it here", name)
		}
	}
}

// fields tells of the names of all values, a list's being those of its elements.
func fields(prefix string, v any, tell func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			fields(strings.TrimPrefix(prefix+"."+name, "."), inner, tell)
		}
	case []any:
		for _, inner := range v[:min(1, len(v))] {
			fields(prefix, inner, tell)
		}
	default:
		tell(prefix)
	}
}

func TestUnits(t *testing.T) {
	for got, want := range map[string]string{
		Size(0): "0 B", Size(1023): "1023 B", Size(1024): "1.0 KiB", Size(1<<20 - 1): "1.0 MiB", Size(-1): "?", Size(1 << 62): "4096 PiB",
		Percent(0.999): "99.9%", Percent(0.9999): "99.9%", Percent(1): "100%", Percent(0.5): "50%",
		Latency(0.0000163): "16 us", Latency(0.0021): "2.1 ms", Latency(0.5): "500 ms", Latency(12): "12.0 s",
		Duration(59 * time.Second): "59s", Duration(61 * time.Second): "1m01s", Duration(25 * time.Hour): "1d01h", Duration(-1): "0s",
		Bar(0, 4): "[....]", Bar(1, 4): "[####]", Bar(0.5, 4): "[##..]", Bar(7, 4): "[####]",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFit(t *testing.T) {
	lines := []string{"short", "much too long", "日本語の名前", "last"}
	got := Fit(lines, 8, 3)
	if want := []string{"short", "much to>", "(2 lines more)"}; got[0] != want[0] || got[1] != want[1] || len(got) != 3 {
		t.Errorf("%q", got)
	}
	for columns := 1; columns < 14; columns++ {
		for _, line := range Fit(lines, columns, 10) {
			used := 0
			for _, r := range line {
				used += columnsOf(r)
			}
			if used > columns {
				t.Errorf("%q takes %d columns of %d", line, used, columns)
			}
		}
	}
	if got := Fit(lines[2:3], 12, 1); got[0] != lines[2] {
		t.Errorf("%q was cut, though it fits", got)
	}
}
