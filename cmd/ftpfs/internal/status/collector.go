package status

import (
	"github.com/prometheus/client_golang/prometheus"

	"ftpfs/fusefs"
)

// collector makes metrics of a snapshot, taken when they are asked for.
type collector struct{ take func() Snapshot }

var _ prometheus.Collector = collector{}

// Describe sends nothing: which metrics there are depends on the mount.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c.take()
	send := func(kind prometheus.ValueType, name, help string, value float64, labels ...string) {
		var names, values []string
		for i := 0; i < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc("ftpfs_"+name, help, names, nil), kind, value, values...)
	}
	gauge := func(name, help string, value float64, labels ...string) {
		send(prometheus.GaugeValue, name, help, value, labels...)
	}
	count := func(name, help string, value int64, labels ...string) {
		send(prometheus.CounterValue, name, help, float64(value), labels...)
	}
	gauge("info", "The mount; 1.", 1, "version", s.Version, "mountpoint", utf8(s.Mount.Mountpoint), "source", utf8(s.Mount.Source))
	collectServer(s, gauge, count)
	collectCaches(s.Caches, gauge, count)
	collectUploads(s.Uploads, gauge, count)
	collectOperations(s.Operations, out, gauge, count)
}

type (
	gaugeFunc func(name, help string, value float64, labels ...string)
	countFunc func(name, help string, value int64, labels ...string)
)

func collectServer(s Snapshot, gauge gaugeFunc, count countFunc) {
	up := 1.0
	if s.Server.State == "down" {
		up = 0
	}
	gauge("up", "0 if the last try to connect to the server failed and there is no connection, else 1.", up)
	if !s.Server.Since.IsZero() {
		gauge("up_changed_timestamp_seconds", "When ftpfs_up became what it is.", float64(s.Server.Since.UnixMilli())/1e3)
	}
	count("outages_total", "How often the server went down.", s.Server.Outages)
	count("logins_total", "Control connections that were made.", s.Server.Logins)
	count("login_failures_total", "Control connections that could not be made.", s.Server.Failures)
	states := map[string]int{"busy": 0, "idle": 0, "parked": 0}
	for _, c := range s.Connections.List {
		states[c.State]++
	}
	for state, n := range states {
		gauge("connections", "Control connections.", float64(n), "state", state)
	}
	gauge("connections_limit", "Control connections that are used at a time at most.", float64(s.Connections.Limit))
	gauge("connection_waiters", "Operations that wait for a connection.", float64(s.Connections.Waiting))
	gauge("transfers_running", "Data connections in use.", float64(len(s.Transfers)))
	count("transfers_total", "Data connections that were opened for a transfer.", s.Traffic.Transfers)
	count("received_bytes_total", "Octets received over data connections.", s.Traffic.Received)
	count("sent_bytes_total", "Octets sent over data connections.", s.Traffic.Sent)
	count("commands_total", "Commands sent.", s.Traffic.Commands)
	count("replies_total", "Replies received.", s.Traffic.Replies)
	count("refusals_total", "Replies of 4yz and 5yz, of which many answer a look.", s.Traffic.RefusedCalls)
}

func collectCaches(c Caches, gauge gaugeFunc, count countFunc) {
	count("content_hit_bytes_total", "Octets read that were in memory.", c.Content.Hits)
	count("content_waited_bytes_total", "Octets of reads that had to wait for the server or the disk.", c.Content.Waits)
	gauge("content_bytes", "Octets in memory.", float64(c.Content.Bytes))
	gauge("content_limit_bytes", "Octets that may be in memory.", float64(c.Content.Limit))
	count("listing_hits_total", "Questions about names that were answered at once.", c.Listings.Hits)
	count("listing_misses_total", "Questions about names for which the server was asked.", c.Listings.Misses)
	gauge("listing_bytes", "Octets of listings in memory, about.", float64(c.Listings.Bytes))
	gauge("listing_directories", "Directories that are known.", float64(c.Listings.Directories))
	if d := c.Disk; d != nil {
		count("disk_hit_bytes_total", "Octets read from the cache on the disk.", d.Hits)
		gauge("disk_limit_bytes", "Octets that the cache on the disk may have.", float64(d.Limit))
		if d.Bytes >= 0 {
			gauge("disk_bytes", "Octets that the cache on the disk has, for all servers.", float64(d.Bytes))
		}
	}
}

func collectUploads(u Uploads, gauge gaugeFunc, count countFunc) {
	gauge("uploads_pending", "Files that wait for their upload in the background, or are being sent.", float64(u.Pending))
	gauge("uploads_pending_bytes", "Octets of those.", float64(u.PendingBytes))
	gauge("uploads_failed", "Files whose upload has failed and is not tried again.", float64(u.Failed))
	count("uploads_confirmed_total", "Uploads that the server has confirmed.", u.Confirmed)
	count("uploads_given_up_total", "Uploads that have failed.", u.GivenUp)
	gauge("spool_bytes", "Octets written that are held on the local disk.", float64(u.SpoolBytes))
}

func collectOperations(ops []Operation, out chan<- prometheus.Metric, gauge gaugeFunc, count countFunc) {
	took := prometheus.NewDesc("ftpfs_operation_duration_seconds", "How long requests of the kernel took.", []string{"operation"}, nil)
	bounds := fusefs.Bounds()
	for _, o := range ops {
		cumulative, sum := map[float64]uint64{}, uint64(0)
		for i, b := range bounds {
			sum += uint64(o.buckets[i])
			cumulative[b.Seconds()] = sum
		}
		out <- prometheus.MustNewConstHistogram(took, uint64(o.Count), o.sum, cumulative, o.Name)
		count("operation_failures_total", "Requests of the kernel that were answered by an error, but for names that do not exist.", o.Failed, "operation", o.Name)
		gauge("operations_running", "Requests of the kernel that are not answered yet.", float64(o.Running), "operation", o.Name)
	}
}
