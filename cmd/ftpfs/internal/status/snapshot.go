package status

import "time"

// Snapshot is a mount at one time.
type Snapshot struct {
	Time        time.Time    `json:"time"`
	Version     string       `json:"version"` // of the program
	Mount       Mount        `json:"mount"`
	Server      Server       `json:"server"`
	Traffic     Traffic      `json:"traffic"`
	Connections Connections  `json:"connections"`
	Transfers   []Transfer   `json:"transfers"` // under way
	Caches      Caches       `json:"caches"`
	Uploads     Uploads      `json:"uploads"`
	Operations  []Operation  `json:"operations"` // of the kernel
	Errors      []ErrorEntry `json:"errors"`     // the last ones, the newest first
}

// Mount is what was mounted, and how.
type Mount struct {
	Mountpoint string    `json:"mountpoint"`
	Source     string    `json:"source"` // the URL, without a password
	PID        int       `json:"pid"`
	Started    time.Time `json:"started"`
	ReadOnly   bool      `json:"read_only"`
	WriteBack  bool      `json:"write_back"`
	HTTP       string    `json:"http,omitempty"` // where the page is
}

// Server is whether the server is there, as far as it was tried.
type Server struct {
	// State: "up", with connections; "idle", without any, since none was needed;
	// "down", since the last try to connect failed.
	State string `json:"state"`
	// Since is when it came up, which it is while it is idle, too, or went down.
	Since       time.Time  `json:"since"`
	Outages     int64      `json:"outages"`
	Logins      int64      `json:"logins"`
	Failures    int64      `json:"failed_logins"`        // refused ones, and connects that failed
	LastError   string     `json:"last_error,omitempty"` // of those, in the server's words
	LastErrorAt *time.Time `json:"last_error_time,omitempty"`
	Greeting    string     `json:"greeting,omitempty"`
	TLS         string     `json:"tls,omitempty"` // version and suite; left out without TLS
}

// Traffic is what went to the server and came from it.
type Traffic struct {
	Received     int64   `json:"received_bytes"` // over data connections, listings among them
	Sent         int64   `json:"sent_bytes"`
	ReceiveRate  float64 `json:"received_bytes_per_second"`
	SendRate     float64 `json:"sent_bytes_per_second"`
	Transfers    int64   `json:"transfers"` // begun
	Commands     int64   `json:"commands"`
	Replies      int64   `json:"replies"`
	RefusedCalls int64   `json:"refusals"` // replies of 4yz and 5yz, of which many answer a look
}

// Connections are the control connections.
type Connections struct {
	Limit   int          `json:"limit"` // that are used at a time at most
	Open    int          `json:"open"`
	Busy    int          `json:"busy"`    // of those
	Dialing int          `json:"dialing"` // beside those
	Waiting int          `json:"waiting"` // operations that wait for one
	List    []Connection `json:"list"`
}

// Connection is one of them.
type Connection struct {
	ID      int     `json:"id"`
	State   string  `json:"state"` // busy, idle, parked: a download at rest
	Command string  `json:"last_command"`
	Ago     float64 `json:"last_command_seconds_ago"`
	Age     float64 `json:"age_seconds"`
}

// Transfer is a file, or a listing, on its way.
type Transfer struct {
	Connection int     `json:"connection"`
	Kind       string  `json:"kind"`      // download, upload, listing
	State      string  `json:"state"`     // busy, parked
	Path       string  `json:"path"`      // on the server; of an upload to a temporary file, that which it is for
	Bytes      int64   `json:"bytes"`     // that have moved
	From       int64   `json:"from_byte"` // where in the file it began
	Size       int64   `json:"size"`      // of the file, -1: not known
	Rate       float64 `json:"bytes_per_second"`
	Seconds    float64 `json:"seconds"`
}

// Progress is how much of the file is behind, from 0 to 1; -1: not known.
func (t Transfer) Progress() float64 {
	if t.Size <= 0 {
		return -1
	}
	return min(1, float64(t.From+t.Bytes)/float64(t.Size))
}

// Caches are what is kept here of the server.
type Caches struct {
	Content  Content  `json:"content"`
	Listings Listings `json:"listings"`
	Disk     *Disk    `json:"disk,omitempty"`
}

// Content is the memory for file contents. What the kernel has kept itself is not
// asked for here.
type Content struct {
	Hits    int64   `json:"hit_bytes"`    // read, and there
	Waits   int64   `json:"waited_bytes"` // of reads that had to wait
	HitRate float64 `json:"hit_rate"`     // from 0 to 1; -1: nothing was read
	Bytes   int64   `json:"bytes"`
	Limit   int64   `json:"limit_bytes"`
	Files   int     `json:"files"`
}

// Listings is what is known of directories.
type Listings struct {
	Hits        int64   `json:"hits"`
	Misses      int64   `json:"misses"`
	HitRate     float64 `json:"hit_rate"` // from 0 to 1; -1: nothing was asked
	Bytes       int64   `json:"bytes"`
	Limit       int64   `json:"limit_bytes"`
	Directories int     `json:"directories"`
}

// Disk is the cache on the disk.
type Disk struct {
	Dir   string `json:"dir"`
	Hits  int64  `json:"hit_bytes"` // read from it by this mount
	Bytes int64  `json:"bytes"`     // of all servers
	Limit int64  `json:"limit_bytes"`
}

// Uploads are files that the server does not have yet, and what became of others.
type Uploads struct {
	Pending      int      `json:"pending"` // waiting or being sent in the background
	PendingBytes int64    `json:"pending_bytes"`
	Failed       int      `json:"failed"` // tried no more: ftpfs uploads
	Confirmed    int64    `json:"confirmed"`
	GivenUp      int64    `json:"given_up"`
	SpoolBytes   int64    `json:"spool_bytes"`
	SpoolLimit   int64    `json:"spool_limit_bytes"` // 0: none
	List         []Upload `json:"list"`              // the failed ones first; 100 at most
}

// Upload is a file that nobody waits for.
type Upload struct {
	Path  string    `json:"path"`  // in the mount
	State string    `json:"state"` // waiting, uploading, failed
	Size  int64     `json:"bytes"`
	Since time.Time `json:"since"`
	Error string    `json:"error,omitempty"` // of the last try
}

// Operation is one kind of the kernel's requests.
type Operation struct {
	Name    string  `json:"name"`
	Count   int64   `json:"count"` // answered
	Failed  int64   `json:"failed"`
	Running int64   `json:"running"`
	Mean    float64 `json:"mean_seconds"`
	P50     float64 `json:"p50_seconds"` // the half took no longer; exact to a factor of two
	P99     float64 `json:"p99_seconds"`

	sum     float64 // seconds
	buckets []int64
}

// ErrorEntry is something that went wrong.
type ErrorEntry struct {
	Time  time.Time `json:"time"`  // the last time
	Count int       `json:"count"` // how often
	From  string    `json:"from"`  // operation: a program has got an error; log: a line of the log
	Text  string    `json:"text"`
}
