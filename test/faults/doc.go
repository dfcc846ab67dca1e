// Package faults breaks connections at random octets while files are read and
// directories listed, and holds what comes of it against what must come of it.
//
// What must hold, whatever happens on the way and wherever: who reads gets the
// right octets, or an error within the deadlines; never wrong octets, never nothing
// at all. A download that one fault has cut goes on, from where it was, and nobody
// notices. Afterwards the same client lists and reads rightly, has as many
// connections as it may have, all of them of use, and none besides.
//
// TestWriting does the same to files that are written: a close that succeeds has told
// the truth, one that fails has left the old version, and what was written is kept.
//
// Between client and server is a relay for control and data connections, of real
// TCP, which ends them by RST or FIN, or falls silent, at a given octet of what
// comes from the server; so it goes with every server, in the clear and over TLS,
// where a FIN without close_notify is a cut. What servers themselves do wrong, as
// 426 after half of the data, the bundled server does to order, and real servers are
// restarted.
package faults
