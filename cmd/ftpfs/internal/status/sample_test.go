package status

import (
	"time"

	"ftpfs/fusefs"
)

// sample is a mount at work.
func sample() Snapshot {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	trouble := now.Add(-90 * time.Minute)
	buckets := make([]int64, len(fusefs.Bounds())+1)
	buckets[0], buckets[10] = 98, 2
	return Snapshot{Time: now, Version: "ftpfs 1.0",
		Mount: Mount{Mountpoint: "/mnt/nas", Source: "ftp://me@nas.local/", PID: 42, Started: now.Add(-26 * time.Hour), WriteBack: true, HTTP: "http://127.0.0.1:9121/"},
		Server: Server{State: "up", Since: now.Add(-time.Hour), Outages: 1, Logins: 9, Failures: 2,
			LastError: "421 Too many users.", LastErrorAt: &trouble, TLS: "TLS 1.3"},
		Traffic: Traffic{Received: 5 << 30, Sent: 7000, ReceiveRate: 3 << 20, Transfers: 12, Commands: 345, Replies: 400, RefusedCalls: 6},
		Connections: Connections{Limit: 8, Open: 2, Busy: 1, Waiting: 3, List: []Connection{
			{ID: 1, State: "busy", Command: "RETR /a", Ago: 2, Age: 60}, {ID: 4, State: "idle", Command: "NOOP", Ago: 61, Age: 70}}},
		Transfers: []Transfer{{Connection: 1, Kind: "download", State: "busy", Path: "/a", Bytes: 256 << 20, From: 256 << 20, Size: 1 << 30, Rate: 4 << 20, Seconds: 60}},
		Caches: Caches{Content: Content{Hits: 3 << 20, Waits: 1 << 20, HitRate: 0.75, Bytes: 4 << 20, Limit: 256 << 20, Files: 3},
			Listings: Listings{HitRate: -1, Limit: 64 << 20}, Disk: &Disk{Dir: "/var/cache/x", Hits: 10, Bytes: -1, Limit: 4 << 30}},
		Uploads: Uploads{Pending: 1, PendingBytes: 2048, Failed: 1, Confirmed: 5, GivenUp: 1, SpoolBytes: 4096, List: []Upload{
			{Path: "b", State: "failed", Size: 2048, Since: now.Add(-time.Minute), Error: "STOR /b: 552 Quota exceeded."}}},
		Operations: []Operation{{Name: "read", Count: 100, Failed: 1, Running: 2, Mean: 0.0005, P50: 16e-6, P99: 0.017, sum: 0.05, buckets: buckets}},
		Errors:     []ErrorEntry{{Time: now, Count: 3, From: "operation", Text: "flush /b: disk quota exceeded: STOR /b: 552 Quota exceeded."}}}
}
