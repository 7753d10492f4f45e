// Package measure carries out one job and gives back one whole run. It takes the seats, answers pings from this process
// where nobody else does, and notes what the ping loop cannot know. Flags, files, events and requests all become a Job.
package measure

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/echo"
)

// Job is one measurement, in plain values.
type Job struct {
	Platform string      // a name of platform.All
	Engine   string      // bench.Native or bench.Browser; "" = the platform's usual one
	Place    bench.Place // where to meet
	Here     bool        // on a server of this machine; Place is not read
	Local    bool        // pings are answered from here, from a second seat
	Service  Service     // gives the room, with an echo in it; zero = Place says where

	Plan   bench.Plan
	Within time.Duration // for everything until the seats are taken

	Location      string  // where this is measured from; "" = not given
	Asked         float64 // the quantile that a limit was set on; 0 = none
	Assumed       *bench.Assumed
	ShowAddresses bool // keep the addresses of ICE pairs in the run
	Lab           Lab  // zero = no lab
}

// Service is an echo service to ask for a room.
type Service struct{ echo.Client }

// Named reports whether a service is named.
func (s Service) Named() bool { return s.URL != "" }

// Lab is the scenario of rtcbench lab that a job is measured in.
type Lab struct {
	Name     string
	OneClock bool // its echo has this machine's own clock
}

// Env is the process and the machine that measure.
type Env struct {
	Platforms map[string]bench.Platform // by name
	Clock     bench.Clock
	Browser   browser.Options // Rooms are filled in
	Tool      bench.Tool
	Floors    Floors
	Say       func(line string) // what a person should know and no run can tell; nil = nobody listens
	Watch     Watcher           // nil = nobody watches
}

// life is how long tokens and rooms of a job last: 10 minutes more than the job can take.
func (j Job) life() time.Duration { return Longest(j.Plan) + 10*time.Minute }

// Longest is how long a plan may take at the most, its reconnects aside.
func Longest(p bench.Plan) time.Duration {
	step := p.Cooldown
	if p.ClosedLoop() {
		step = p.Timeout
	}
	const aYear = 365 * 24 * time.Hour
	if float64(p.Count+p.Warmup)*float64(step) > float64(aYear) {
		return aYear
	}
	return p.EchoTimeout + time.Duration(p.Count+p.Warmup)*step + p.Timeout + p.ReconnectTimeout
}
