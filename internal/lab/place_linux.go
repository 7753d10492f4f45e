package lab

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// place is a network namespace that lives as long as a thread of this process does. It has no name in the file system,
// so the namespace and its device go when this process ends, however that happens.
type place struct {
	device *os.File
	work   chan func()
	ended  chan struct{}
}

// newPlace makes the namespace of p, with lo and a device that leads to the router.
func newPlace(p Place) (*place, error) {
	n := &place{work: make(chan func()), ended: make(chan struct{})}
	failed := make(chan error)
	go onOwnThread(func() {
		defer close(n.ended)
		err := n.build(p)
		failed <- err
		if err != nil {
			return
		}
		for f := range n.work {
			f()
		}
	})
	if err := <-failed; err != nil {
		return nil, fmt.Errorf("%w: the %s's place: %w", ErrUnavailable, p, err)
	}
	return n, nil
}

// onOwnThread calls f on a thread that ends with f, so that no other goroutine runs in f's namespace. The first thread
// of a process never ends, so that thread is kept busy until f has another one.
func onOwnThread(f func()) {
	runtime.LockOSThread() // and never unlocked: that ends the thread
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	started := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(started)
		f()
	}()
	<-started
	runtime.UnlockOSThread()
}

func (n *place) build(p Place) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("a network namespace: %w", err)
	}
	// Nobody speaks IPv6 here; without this each device would begin to.
	os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0)
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		return fmt.Errorf("lo: %w", err)
	}
	const name = "wan0"
	tun := &netlink.Tuntap{
		LinkAttrs: netlink.LinkAttrs{Name: name, MTU: mtu, TxQLen: 1000},
		Mode:      netlink.TUNTAP_MODE_TUN, Flags: netlink.TUNTAP_NO_PI, Queues: 1, NonPersist: true,
	}
	if err := netlink.LinkAdd(tun); err != nil {
		return fmt.Errorf("a TUN device: %w", err)
	}
	n.device = tun.Fds[0]
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	address, err := netlink.ParseAddr(p.Address() + "/24")
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, address); err != nil {
		return fmt.Errorf("its address: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("start it: %w", err)
	}
	// Chromium takes the address of the default route for its candidates.
	everywhere := &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: everywhere}); err != nil {
		return fmt.Errorf("the default route: %w", err)
	}
	return nil
}

// start starts cmd in this place. cmd is killed when this process ends.
func (n *place) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		// A PID namespace: when its first process ends, all processes that it started end.
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
		Setpgid:    true, // Ctrl-C is for the lab, which passes it on
	}
	started := make(chan error)
	n.work <- func() { started <- cmd.Start() }
	return <-started
}

// close ends the namespace; what runs in it has ended before.
func (n *place) close() {
	close(n.work)
	<-n.ended
	n.device.Close()
}

// Enter is what the command of Start calls first. It mounts a /proc for the PID namespace that the command is in, and
// replaces the command by the program at path, with args and the variables environ. Enter returns only if that fails.
func Enter(path string, args, environ []string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	// The kernel tied what Start asked for to the first thread, and the thread that calls exec takes the place of the
	// first thread.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("end with the lab: %w", err)
	}
	return unix.Exec(path, args, environ)
}
