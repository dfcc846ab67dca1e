package main

import (
	"strings"

	"ftpfs/cache"
)

// diskOptions say where content is kept for later mounts. The demo's server is
// never seen again.
func (j mountJob) diskOptions() cache.DiskOptions {
	if j.DiskDir == "" || j.Demo {
		return cache.DiskOptions{}
	}
	return cache.DiskOptions{Dir: j.DiskDir, Bytes: j.DiskBytes, Server: j.serverIdentity()}
}

// serverIdentity tells apart what paths belong to: the server and the user, with
// or without TLS, and how names are encoded.
func (j mountJob) serverIdentity() string {
	loc := j.Location
	loc.Host = strings.ToLower(loc.Host)
	return loc.User + "@" + loc.Address() + " " + strings.ToLower(j.Habits.Encoding)
}
