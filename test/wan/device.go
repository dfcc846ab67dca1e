package wan

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// A device is a TUN device, which is gone when it is closed. A Read is a packet
// that the kernel sends through it, a Write one that it receives.
type device struct{ *os.File }

// deviceQueue is how many packets the kernel keeps for us before it drops some:
// all that TCP sends at once at 100 MB/s while we are not scheduled for 0.1 s.
const deviceQueue = 10000

// openDevice makes a device with this address in the namespace of the calling
// thread. The other address of its /30 network is reached through it.
func openDevice(addr netip.Addr) (d *device, err error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	name, err := createTUN(fd)
	if err == nil {
		err = configure(name, addr)
	}
	if err == nil {
		err = unix.SetNonblock(fd, true) // for the runtime's poller, so that Close ends a Read
	}
	if err != nil {
		unix.Close(fd) // the error that counts is the first
		return nil, err
	}
	return &device{os.NewFile(uintptr(fd), name)}, nil
}

// createTUN makes the device of an open /dev/net/tun: packets without headers
// of the device's own. The kernel, being offered no offload, gives each packet
// whole, with its checksum.
func createTUN(fd int) (name string, err error) {
	request, err := unix.NewIfreq("ftpfswan%d")
	if err != nil {
		return "", err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return "", os.NewSyscallError("ioctl TUNSETIFF", err)
	}
	return request.Name(), nil
}

// configure gives a device its address, network, queue and MTU, and sets it up.
func configure(name string, addr netip.Addr) error {
	address := func(bytes [4]byte) func(*unix.Ifreq) error {
		return func(r *unix.Ifreq) error { return r.SetInet4Addr(bytes[:]) }
	}
	number := func(n uint32) func(*unix.Ifreq) error {
		return func(r *unix.Ifreq) error { r.SetUint32(n); return nil }
	}
	return ioctls(name, []ioctl{
		{"SIOCSIFADDR", unix.SIOCSIFADDR, address(addr.As4())},
		{"SIOCSIFNETMASK", unix.SIOCSIFNETMASK, address([4]byte{255, 255, 255, 252})},
		{"SIOCSIFMTU", unix.SIOCSIFMTU, number(mtu)},
		{"SIOCSIFTXQLEN", unix.SIOCSIFTXQLEN, number(deviceQueue)},
		{"SIOCSIFFLAGS", unix.SIOCSIFFLAGS, up},
	})
}

// upLoopback sets up the loopback device of the calling thread's namespace.
func upLoopback() error {
	return ioctls("lo", []ioctl{{"SIOCSIFFLAGS", unix.SIOCSIFFLAGS, up}})
}

func up(r *unix.Ifreq) error { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil }

// An ioctl is a request of netdevice(7).
type ioctl struct {
	name    string
	request uint
	set     func(*unix.Ifreq) error
}

func ioctls(device string, all []ioctl) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(socket)
	for _, i := range all {
		r, err := unix.NewIfreq(device)
		if err == nil {
			err = i.set(r)
		}
		if err == nil {
			err = unix.IoctlIfreq(socket, i.request, r)
		}
		if err != nil {
			return fmt.Errorf("%s of %s: %w", i.name, device, err)
		}
	}
	return nil
}

// freeNetwork returns the two addresses of a /30 network of 198.18.0.0/15 that
// this machine has no address in.
func freeNetwork() (client, server netip.Addr, err error) {
	taken, err := net.InterfaceAddrs()
	if err != nil {
		return client, server, err
	}
	for range 100 {
		n := rand.Uint32N(1<<17) &^ 3
		network := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18 + byte(n>>16), byte(n >> 8), byte(n)}), 30)
		if !overlaps(network, taken) {
			client = network.Addr().Next()
			return client, client.Next(), nil
		}
	}
	return client, server, fmt.Errorf("198.18.0.0/15 has no free network")
}

func overlaps(network netip.Prefix, taken []net.Addr) bool {
	for _, a := range taken {
		if p, err := netip.ParsePrefix(a.String()); err == nil && network.Overlaps(p.Masked()) {
			return true
		}
	}
	return false
}
