package status

import (
	"cmp"
	"path"
	"slices"
	"time"

	"ftpfs/cache"
	"ftpfs/ftpclient"
	"ftpfs/fusefs"
)

// Sources are what a snapshot is made from. Kernel may be nil, for a mount that is
// about to be made.
type Sources struct {
	Mount   Mount
	Version string
	Client  *ftpclient.Client
	Volume  *cache.Volume
	Kernel  *fusefs.Server
	Recent  *Recent
	Hide    func(string) string // takes secrets out of what a server has said; nil: there are none
}

// mostUploads is how many are in a snapshot.
const mostUploads = 100

// Take makes a snapshot.
func (s Sources) Take() Snapshot {
	now := time.Now()
	client, features := s.Client.Stats(), s.Client.Features()
	snap := Snapshot{
		Time: now.UTC(), Version: s.Version, Mount: s.Mount,
		Server:      serverOf(client, features),
		Traffic:     trafficOf(client),
		Connections: connectionsOf(client, now),
		Transfers:   transfersOf(client, now),
		Caches:      cachesOf(s.Volume.Stats()),
		Uploads:     uploadsOf(s.Volume),
		Operations:  []Operation{},
	}
	var kernel fusefs.Stats
	if s.Kernel != nil {
		kernel = s.Kernel.Stats()
	}
	for _, o := range kernel.Ops {
		snap.Operations = append(snap.Operations, operationOf(o))
	}
	snap.Errors = errorsOf(kernel.Failures, s.Recent)
	if s.Hide != nil {
		snap.hide(s.Hide)
	}
	return snap
}

// hide changes all that has words of the server in it.
func (s *Snapshot) hide(hide func(string) string) {
	s.Server.LastError, s.Server.Greeting = hide(s.Server.LastError), hide(s.Server.Greeting)
	for i := range s.Uploads.List {
		s.Uploads.List[i].Error = hide(s.Uploads.List[i].Error)
	}
	for i := range s.Errors {
		s.Errors[i].Text = hide(s.Errors[i].Text)
	}
}

func serverOf(c ftpclient.Stats, f ftpclient.Features) Server {
	s := Server{State: "up", Since: c.Server.Since.UTC(), Outages: c.Server.Outages, Logins: c.Server.Logins,
		Failures: c.Server.Failures, Greeting: f.Greeting, TLS: f.TLS}
	switch {
	case c.Server.Down:
		s.State = "down"
	case len(c.Connections) == 0:
		s.State = "idle"
	}
	if c.Server.Err != nil {
		at := c.Server.ErrAt.UTC()
		s.LastError, s.LastErrorAt = c.Server.Err.Error(), &at
	}
	return s
}

func trafficOf(c ftpclient.Stats) Traffic {
	return Traffic{Received: c.Received, Sent: c.Sent, ReceiveRate: c.ReceiveRate, SendRate: c.SendRate,
		Transfers: c.Transfers, Commands: c.Commands, Replies: c.Replies, RefusedCalls: c.Refusals}
}

func connectionsOf(c ftpclient.Stats, now time.Time) Connections {
	cs := Connections{Limit: c.Limit, Open: len(c.Connections), Dialing: c.Dialing, Waiting: c.Waiting, List: []Connection{}}
	for _, cn := range c.Connections {
		if cn.State == ftpclient.ConnBusy {
			cs.Busy++
		}
		cs.List = append(cs.List, Connection{ID: cn.ID, State: cn.State.String(), Command: cn.Command,
			Ago: seconds(now.Sub(cn.At)), Age: seconds(now.Sub(cn.Since))})
	}
	return cs
}

func transfersOf(c ftpclient.Stats, now time.Time) []Transfer {
	list := []Transfer{}
	for _, cn := range c.Connections {
		t := cn.Transfer
		if t == nil {
			continue
		}
		tr := Transfer{Connection: cn.ID, Kind: kindOf(t), State: cn.State.String(), Path: cache.Meant(t.Path),
			Bytes: t.Bytes, From: t.From, Size: -1, Rate: t.Rate, Seconds: seconds(now.Sub(t.Since))}
		if t.Size >= 0 {
			tr.Size = t.From + t.Size
		}
		list = append(list, tr)
	}
	return list
}

func kindOf(t *ftpclient.TransferStats) string {
	switch {
	case t.Up:
		return "upload"
	case t.Verb == "RETR":
		return "download"
	}
	return "listing"
}

func cachesOf(v cache.Stats) Caches {
	c := Caches{
		Content: Content{Hits: v.Content.Hits, Waits: v.Content.Waits, HitRate: share(v.Content.Hits, v.Content.Waits),
			Bytes: v.Content.Bytes, Limit: v.Content.Limit, Files: v.Content.Files},
		Listings: Listings{Hits: v.Listings.Hits, Misses: v.Listings.Misses, HitRate: share(v.Listings.Hits, v.Listings.Misses),
			Bytes: v.Listings.Bytes, Limit: v.Listings.Limit, Directories: v.Listings.Directories},
	}
	if d := v.Disk; d != nil {
		c.Disk = &Disk{Dir: d.Dir, Hits: d.Hits, Bytes: d.Bytes, Limit: d.Limit}
	}
	return c
}

// share is what part hits are; -1 if there was neither.
func share(hits, misses int64) float64 {
	if hits+misses == 0 {
		return -1
	}
	return float64(hits) / float64(hits+misses)
}

func uploadsOf(v *cache.Volume) Uploads {
	st := v.Stats()
	u := Uploads{Confirmed: st.Uploaded, GivenUp: st.UploadsFailed, SpoolBytes: st.Spool.Bytes, SpoolLimit: st.Spool.Limit, List: []Upload{}}
	for _, up := range v.Uploads() {
		one := Upload{Path: up.Path, State: UploadState(up), Size: up.Size, Since: up.Since.UTC()}
		if up.Err != nil {
			one.Error = up.Err.Error()
		}
		if up.Ended {
			u.Failed++
		} else {
			u.Pending++
			u.PendingBytes += up.Size
		}
		u.List = append(u.List, one)
	}
	slices.SortStableFunc(u.List, func(a, b Upload) int { return cmp.Compare(rank[a.State], rank[b.State]) })
	u.List = u.List[:min(len(u.List), mostUploads)]
	return u
}

// rank orders uploads: what wants attention first.
var rank = map[string]int{"failed": 0, "uploading": 1, "waiting": 2}

// UploadState is the word for the state of an upload.
func UploadState(u cache.Upload) string {
	switch {
	case u.Busy:
		return "uploading"
	case u.Ended:
		return "failed"
	}
	return "waiting"
}

func operationOf(o fusefs.OpStats) Operation {
	answered := int64(0)
	for _, n := range o.Buckets {
		answered += n
	}
	op := Operation{Name: o.Name, Count: answered, Failed: o.Failed, Running: max(0, o.Begun-answered),
		P50: quantile(o.Buckets, answered, 0.5), P99: quantile(o.Buckets, answered, 0.99),
		sum: seconds(o.Time), buckets: o.Buckets}
	if answered > 0 {
		op.Mean = op.sum / float64(answered)
	}
	return op
}

// quantile is the upper bound of the bucket that the q-th part of all lies in, of
// the last the lower one.
func quantile(buckets []int64, all int64, q float64) float64 {
	bounds := fusefs.Bounds()
	seen := int64(0)
	for i, n := range buckets {
		if seen += n; all > 0 && float64(seen) >= q*float64(all) {
			return seconds(bounds[min(i, len(bounds)-1)])
		}
	}
	return 0
}

func errorsOf(failures []fusefs.Failure, recent *Recent) []ErrorEntry {
	list := recent.entries()
	for _, f := range failures {
		list = append(list, ErrorEntry{Time: f.Last.UTC(), Count: f.Count, From: "operation",
			Text: f.Op + " " + path.Join("/", f.Path) + ": " + f.Errno.Error() + ": " + f.Err.Error()})
	}
	slices.SortStableFunc(list, func(a, b ErrorEntry) int { return b.Time.Compare(a.Time) })
	return list
}

func seconds(d time.Duration) float64 { return d.Seconds() }
