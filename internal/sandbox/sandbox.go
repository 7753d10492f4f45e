// Package sandbox is a real LiveKit server inside this process, on 127.0.0.1 alone, for one
// command that works without any account. It measures this machine, not a network.
package sandbox

import (
	"crypto/rand"
	"errors"
	"time"
)

// ErrUnavailable means that this build has no server in it.
var ErrUnavailable = errors.New("this build has no LiveKit server in it")

// Options choose what is otherwise chosen for them: free ports, a fresh key and secret.
type Options struct {
	Port, UDPPort int
	Key, Secret   string
}

// startTimeout bounds one attempt to start; ports that somebody else took meanwhile cost another.
const (
	startTimeout  = 10 * time.Second
	startAttempts = 5
)

func (o Options) withKeys() Options {
	if o.Key == "" {
		o.Key = "sandbox"
	}
	if o.Secret == "" {
		o.Secret = rand.Text() + rand.Text()
	}
	return o
}
