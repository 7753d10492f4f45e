package lab

import (
	"fmt"
	"os"
	"os/exec"
)

// Network is the three places and the router between them. Whoever builds a Network closes it. If the process is
// killed, the places and the router end with the process.
type Network struct {
	places [places]*place
	router *router
}

// Build makes the network of s. The same seed draws the same fates for the same packets.
func Build(s Scenario, seed uint64) (*Network, error) {
	if os.Getuid() != 0 {
		return nil, fmt.Errorf("%w: this is user %d", ErrUnavailable, os.Getuid())
	}
	n := &Network{}
	var devices [places]*os.File
	for p := range places {
		var err error
		if n.places[p], err = newPlace(p); err != nil {
			n.closePlaces()
			return nil, err
		}
		devices[p] = n.places[p].device
	}
	var err error
	if n.router, err = startRouter(newExchange(s, seed), devices); err != nil {
		n.closePlaces()
		return nil, err
	}
	return n, nil
}

// Start starts cmd in a place, as the first process of a PID namespace: the processes that cmd starts end with cmd, and
// cmd ends with this process at the latest. cmd.SysProcAttr is replaced.
func (n *Network) Start(p Place, cmd *exec.Cmd) error { return n.places[p].start(cmd) }

// Do calls f on a thread that is in the place, for sockets that are to be there.
func (n *Network) Do(p Place, f func()) {
	done := make(chan struct{})
	n.places[p].work <- func() { defer close(done); f() }
	<-done
}

// Close ends the network and gives what its router wrote down. The processes in the network must have ended before.
func (n *Network) Close() (Log, error) {
	records, err := n.router.close()
	n.closePlaces()
	return Log{Start: n.router.start, Realtime: n.router.realtime, Records: records}, err
}

func (n *Network) closePlaces() {
	for _, p := range n.places {
		if p != nil {
			p.close()
		}
	}
}
