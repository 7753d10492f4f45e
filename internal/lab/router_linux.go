package lab

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// router carries packets between the devices of the places, on one operating system thread of its own. The thread
// sleeps until a packet comes or a packet is due, by a timer of the kernel and not by Go's.
type router struct {
	exchange *exchange
	devices  [places]*os.File
	base     unix.Timespec // the start by the monotonic clock
	start    time.Time
	timer    int // timerfd
	stop     int // eventfd
	realtime bool
	ended    chan error
}

// mtu is the largest packet on the lab's ways.
const mtu = 1500

// startRouter carries packets between devices until close.
func startRouter(x *exchange, devices [places]*os.File) (*router, error) {
	r := &router{exchange: x, devices: devices, ended: make(chan error, 1)}
	var err error
	if r.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	if r.stop, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		unix.Close(r.timer)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	for _, d := range devices {
		if err := unix.SetNonblock(int(d.Fd()), true); err != nil {
			unix.Close(r.timer)
			unix.Close(r.stop)
			return nil, err
		}
	}
	ready := make(chan struct{})
	go func() {
		runtime.LockOSThread() // and never unlocked: its priority goes with the thread
		unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
		const fifo, priority = 1, 50 // SCHED_FIFO, sched(7)
		r.realtime = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: fifo, Priority: priority},
			0) == nil
		r.start = time.Now()
		unix.ClockGettime(unix.CLOCK_MONOTONIC, &r.base)
		close(ready)
		r.ended <- r.run()
	}()
	<-ready
	return r, nil
}

func (r *router) now() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return time.Duration(t.Nano() - r.base.Nano())
}

func (r *router) run() error {
	fds := []unix.PollFd{{Fd: int32(r.timer), Events: unix.POLLIN}, {Fd: int32(r.stop), Events: unix.POLLIN}}
	for _, d := range r.devices {
		fds = append(fds, unix.PollFd{Fd: int32(d.Fd()), Events: unix.POLLIN})
	}
	buf := make([]byte, mtu+100)
	for {
		wait, err := r.arm()
		if err != nil {
			return err
		}
		if _, err := unix.Poll(fds, wait); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("poll: %w", err)
		}
		if fds[1].Revents != 0 {
			return nil
		}
		r.send() // what is due goes first
		for p := range places {
			if fds[2+p].Revents == 0 {
				continue
			}
			for {
				n, err := unix.Read(int(fds[2+p].Fd), buf)
				if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
					break
				}
				if err != nil {
					return fmt.Errorf("read a packet at the %s: %w", p, err)
				}
				r.exchange.arrive(r.now(), p, append([]byte(nil), buf[:n]...))
				r.send()
			}
		}
	}
}

// spin is how long before a packet is due the thread stops sleeping and only looks: about what a timer is late by. It
// is not more, for with a real-time priority it takes the processor from everybody: where packets of 0.25 ms are under
// way, a server or an echo on two processors is then 0.2 ms slower with a network than without.
const spin = 30 * time.Microsecond

// arm sets the timer to shortly before the next packet is due. wait is 0 where that moment has come, so that poll does
// not wait.
func (r *router) arm() (wait int, err error) {
	var at unix.ItimerSpec
	due, ok := r.exchange.next()
	if ok && due-r.now() <= spin {
		return 0, nil
	}
	if ok {
		at.Value = unix.NsecToTimespec(r.base.Nano() + int64(due-spin))
	}
	if err := unix.TimerfdSettime(r.timer, unix.TFD_TIMER_ABSTIME, &at, nil); err != nil {
		return 0, fmt.Errorf("set the timer: %w", err)
	}
	return -1, nil
}

// send sends what is due. A packet that its place does not take is lost, as on any network.
func (r *router) send() {
	for {
		due, ok := r.exchange.next()
		if !ok || due > r.now() {
			return
		}
		packet, to, left := r.exchange.leave()
		unix.Write(int(r.devices[to].Fd()), packet)
		left(r.now())
	}
}

// close ends the router and gives what it wrote down.
func (r *router) close() ([]Record, error) {
	var one [8]byte
	one[0] = 1
	unix.Write(r.stop, one[:])
	err := <-r.ended
	unix.Close(r.timer)
	unix.Close(r.stop)
	return r.exchange.log, err
}
