package measure

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/live"
)

// Watcher says, at the beginning of a job, who else is told of each sample that is settled: on. over is called when the
// run has ended.
type Watcher func(Job) (on func(bench.Sample), over func(bench.Run))

// Live is a Watcher that tells the receiver at the other end of a wire. to makes a wire for each run. place is the name
// of this place in a fleet.
func Live(place string, to func() live.Wire) Watcher {
	return func(j Job) (func(bench.Sample), func(bench.Run)) {
		on, end := live.Tell(to(), live.Pings{Place: place, Location: j.Location, Platform: j.Platform,
			Engine: j.Engine, Class: string(j.Plan.Class), Count: j.Plan.Count,
			Every: float64(j.Plan.Cooldown) / float64(time.Millisecond)})
		return on, func(r bench.Run) { end(r.ID) }
	}
}

// watched is on together with the watcher that e names.
func (e Env) watched(j Job, on func(bench.Sample)) (both func(bench.Sample), over func(bench.Run)) {
	if e.Watch == nil {
		return on, func(bench.Run) {}
	}
	also, over := e.Watch(j)
	return func(s bench.Sample) {
		also(s)
		if on != nil {
			on(s)
		}
	}, over
}
