package measure

import (
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
)

// seen is what an engine knows of the clocks of a run.
type seen struct {
	clocks bench.Clocks
	synced stats.Offset // for bench.SyncedClocks
}

// complete fills in what Probe cannot know of its run. No other function does.
func (a *attempt) complete(run *bench.Run, of seen, err error) {
	job := a.job
	run.Platform, run.RoomURL, run.Location = job.Platform, a.meeting.URL(), job.Location
	run.Tool, run.Asked, run.Assumed = a.env.Tool, job.Asked, job.Assumed
	run.Echo.Mode = "remote"
	if job.Local {
		run.Echo.Mode = "local"
	}
	if of.clocks != "" {
		run.Clocks, run.Synced = of.clocks, of.synced
	}
	run.Err = err
	if job.Here && !run.Standin {
		run.Doubts = append(run.Doubts, bench.Doubt{Code: bench.SandboxDoubt,
			Text: fmt.Sprintf("this measures this machine, not a network: the %s server runs inside this process",
				a.platform.Title)})
	}
	if job.Lab.Name != "" {
		run.Doubts = append(run.Doubts, bench.Doubt{Code: "lab",
			Text: fmt.Sprintf("this is no real network: rtcbench lab played %q on this machine", job.Lab.Name)})
	}
	if job.Lab.OneClock { // all places of a lab are on one machine's clock
		run.Clocks = bench.OneClock
	}
	run.Place()
	if !job.ShowAddresses {
		result.HideAddresses(run.Facts.ICE)
	}
	a.env.Floors.put(run)
}
