// Package lab is a wide-area network on one machine: three places, each a network namespace, and a router in user
// space. The router carries every packet between the places as a scenario says, and writes down what it did to each
// packet. A measurement in the lab is compared with what the router wrote down, not with what the scenario asked for.
package lab

import (
	"errors"
	"time"
)

// Place is one end of the lab's paths: a network namespace with one address.
type Place int

const (
	Runner Place = iota // where the command under test runs
	SFU                 // where the LiveKit server is
	Echo                // where the echo answers
	places
)

var placeNames = [places]string{"runner", "sfu", "echo"}

func (p Place) String() string { return placeNames[p] }

// Address is where the place is found, without a port.
func (p Place) Address() string { return [places]string{"10.77.0.1", "10.77.0.2", "10.77.0.3"}[p] }

// ErrUnavailable means that this machine, or this user, cannot have a lab.
var ErrUnavailable = errors.New("the lab needs Linux, root and /dev/net/tun")

// Fate is what became of a packet.
type Fate uint8

const (
	Carried    Fate = iota
	Lost            // at random
	LostBurst       // in the bad state of the burst model
	LostQueue       // the queue was full
	Unroutable      // for no place of the lab: another address, IPv6, broadcasts
)

var fateNames = [...]string{"carried", "lost", "lost in a burst", "queue full", "to nobody here"}

func (f Fate) String() string { return fateNames[f] }

// Record is one packet at the router. Times are after the router's start, on the monotonic clock.
type Record struct {
	From, To Place
	Fate     Fate
	Copy     bool // the second of a packet that was duplicated
	UDP      bool
	Size     int // bytes of the IP packet
	Arrived  time.Duration
	Due      time.Duration // when the scenario wanted it to leave
	Left     time.Duration // when it left; 0 if it was not carried
}

// Delay is how long the packet really took through the router: results call it injected.
func (r Record) Delay() time.Duration { return r.Left - r.Arrived }

// Added is the router's own error: by how much the packet left late.
func (r Record) Added() time.Duration { return r.Left - r.Due }

// Log is what the router wrote down.
type Log struct {
	Start    time.Time // from which the times of the records count
	Realtime bool      // the router's thread ran by SCHED_FIFO
	Records  []Record  // in the order of their arrival
}
