package ftptest

import "os/exec"

// An Option changes how a server is started. The zero value of each setting
// is the server's own default.
type Option func(*options)

type options struct {
	clients, perHost int
	portMin, portMax int
	extra            []string
	readOnly         bool
	tls              TLSMode
	tlsVersion       uint16
	noTickets        bool
	ipv6             bool
	zone             string
	host             string
	below            string                // where the server's directories are; empty: os.TempDir
	start            func(*exec.Cmd) error // nil: cmd.Start
}

// MaxClients limits how many sessions the server allows.
func MaxClients(n int) Option { return func(o *options) { o.clients = n } }

// MaxPerHost limits how many sessions the server allows from one address.
func MaxPerHost(n int) Option { return func(o *options) { o.perHost = n } }

// PassivePorts confines data connections to the ports from min to max.
func PassivePorts(min, max int) Option {
	return func(o *options) { o.portMin, o.portMax = min, max }
}

// TimeZone is the zone that the server's process lives in, by its IANA name. The
// bundled server, which lives in the test's process, has no such option.
func TimeZone(name string) Option { return func(o *options) { o.zone = name } }

// Extra adds lines to the configuration file of vsftpd and ProFTPD, arguments
// to the command line of Pure-FTPd, and names of commands to those that the
// bundled server is without.
func Extra(lines ...string) Option {
	return func(o *options) { o.extra = append(o.extra, lines...) }
}

// ReadOnly makes the server refuse every change.
func ReadOnly() Option { return func(o *options) { o.readOnly = true } }

// Inside lets the server listen on an address of another network namespace,
// where start starts its program, as cmd.Start would here. The address must be
// reachable from here. The bundled server, having no program of its own, cannot.
func Inside(host string, start func(cmd *exec.Cmd) error) Option {
	return func(o *options) { o.host, o.start = host, start }
}

// Below puts all files of the server below a directory that is there, in place
// of the temporary one.
func Below(dir string) Option { return func(o *options) { o.below = dir } }
