// Package sandbox is a real LiveKit server inside this process, on 127.0.0.1 alone unless it is told another address,
// for commands that work without any account. It measures this machine, not a network.
package sandbox

import (
	"crypto/rand"
	"errors"
	"time"
)

// ErrUnavailable means that this build has no server in it.
var ErrUnavailable = errors.New("this build has no LiveKit server in it")

// Options choose what is otherwise chosen for them: the loopback address, free ports, a fresh key and secret.
type Options struct {
	Address       string // IPv4, of an interface that is up
	Port, UDPPort int
	Key, Secret   string

	TCPPort      int  // of ICE over TCP; 0 = none, and otherwise UDP is not offered
	NoAutoCreate bool // rooms have to be made before anybody joins

	Codecs []string // MIME types of what may be published; none = all that LiveKit knows
}

// startTimeout bounds one attempt to start; ports that somebody else took meanwhile cost another.
const (
	startTimeout  = 10 * time.Second
	startAttempts = 5
)

const loopback = "127.0.0.1"

func (o Options) filled() Options {
	if o.Address == "" {
		o.Address = loopback
	}
	if o.Key == "" {
		o.Key = "sandbox"
	}
	if o.Secret == "" {
		o.Secret = rand.Text() + rand.Text()
	}
	return o
}
