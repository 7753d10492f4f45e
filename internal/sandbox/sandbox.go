// Package sandbox is a real LiveKit server inside this process, on 127.0.0.1 alone unless it is told another address,
// for commands that work without any account. It measures this machine, not a network.
package sandbox

import (
	"crypto/rand"
	"errors"
	"time"

	"rtcbench/internal/sandbox/options"
)

// ErrUnavailable means that this build has no server in it.
var ErrUnavailable = errors.New("this build has no LiveKit server in it")

// Options are how a server is to be.
type Options = options.Server

// startTimeout bounds one attempt to start; ports that somebody else took meanwhile cost another.
const (
	startTimeout  = 10 * time.Second
	startAttempts = 5
)

const loopback = "127.0.0.1"

// filled is o with all that nobody chose.
func filled(o Options) Options {
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
