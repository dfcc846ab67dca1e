// Package status tells what a mount does: as a structure, JSON, text for a terminal,
// metrics for Prometheus, and a page with pictures.
//
// A [Snapshot] is made from the counters of the packages that do the work. To make
// one sends nothing to the server and waits for nothing but locks that are held
// briefly. Its JSON is an interface: names and units stay, others may be added.
// Octets are whole numbers, durations are seconds, times are RFC 3339, rates are
// octets a second and the mean of the last five seconds; what is not known is -1
// or left out. Names that are not UTF-8 have their other octets replaced.
//
// [Handler] serves a snapshot over HTTP to who may see it: see its comment.
package status
