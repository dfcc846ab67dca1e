// Package wan is a packet-level network link with a delay, a rate, a queue and
// losses, between this machine and a network namespace of the link's own. A
// server that is started inside is as far away as the link says, for any client
// outside, in any protocol.
//
// The link is two TUN devices and a goroutine each way that takes packets from
// the one and gives them to the other when they are due. It needs root, Linux
// and /dev/net/tun, and neither netem nor iproute2. Devices and namespace live
// as long as this process and what [Link.Start] has started: nothing of them has
// a name in the file system, and nothing is left when the process is killed.
//
// Packets are given out by absolute times of the monotonic clock, with a timer
// slack of 1 ns: on an idle machine some 50 µs late, on a busy one as late as the
// scheduler is. A late packet delays none of those after it.
package wan
