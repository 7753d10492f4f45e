package analysis

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/stats"
)

// Residuals are the errors that a network brings and the floor does not explain: measured − (injected and floor). The
// floor was measured in the same seconds, because the network was away in every other stretch of the run. A machine
// that is slow for a minute is slow for both.
type Residuals struct {
	Every  float64 `json:"every_ms"`
	There  int     `json:"pings"`       // how many met the network on each hop
	Away   int     `json:"floor_pings"` // how many met the network on no hop
	Floors []Error `json:"floors"`      // measured − injected, of the pings that met no network
	Errors []Error `json:"errors"`      // of the other pings: measured − (injected and floor together)
	Parts  []Grown `json:"parts"`
}

// Grown is a piece of the round trip outside the router, at the median, in ms: without the network, and with it.
type Grown struct {
	What  string  `json:"what"`
	Away  float64 `json:"floor_ms"`
	There float64 `json:"there_ms"`
}

// ways are the times of the pings of one kind: those that met the network, or those that did not.
type ways struct {
	rtt, injected, up, injectedUp, down, injectedDown []time.Duration
	parts                                             [len(partNames)][]time.Duration
}

func newResiduals(s lab.Scenario, oneWay bench.OneWay, list []Injection, run bench.Run) *Residuals {
	if s.Alternate == 0 {
		return nil
	}
	var there, away ways
	for i, in := range list {
		x := run.Samples[i]
		if !in.OK || x.Outcome != bench.Answered {
			continue
		}
		hops := 0 // without a network
		for _, at := range in.Arrived {
			if s.Away(at) {
				hops++
			}
		}
		kind := &there
		switch hops {
		case 0:
		case len(in.Arrived):
			kind = &away
		default: // the ping met the network on one hop of several
			continue
		}
		kind.rtt, kind.injected = append(kind.rtt, x.RTT), append(kind.injected, in.RTT())
		for p, d := range in.parts(x.RTT) {
			kind.parts[p] = append(kind.parts[p], d)
		}
		if up, ok := oneWay.UpOf(x); ok {
			down, _ := oneWay.DownOf(x)
			kind.up, kind.injectedUp = append(kind.up, up), append(kind.injectedUp, in.Up)
			kind.down, kind.injectedDown = append(kind.down, down), append(kind.injectedDown, in.Down)
		}
	}
	b := &Residuals{Every: millis(s.Alternate), There: len(there.rtt), Away: len(away.rtt)}
	b.add("round trip P50", 0.5, there.rtt, there.injected, away.rtt, away.injected)
	b.add("round trip P95", 0.95, there.rtt, there.injected, away.rtt, away.injected)
	b.add("round trip P99", 0.99, there.rtt, there.injected, away.rtt, away.injected)
	b.add("up P50", 0.5, there.up, there.injectedUp, away.up, away.injectedUp)
	b.add("down P50", 0.5, there.down, there.injectedDown, away.down, away.injectedDown)
	for p, name := range partNames {
		b.Parts = append(b.Parts, Grown{name, quantiles(away.parts[p])(0.5), quantiles(there.parts[p])(0.5)})
	}
	return b
}

// add compares a quantile of what was measured with the network to the same quantile of injected and floor together.
// These are sums of one ping's injected time and any ping's time on the floor. A quantile of sums is not the sum of
// quantiles, where both are spread.
func (b *Residuals) add(what string, q float64, measured, injected, floor, floorInjected []time.Duration) {
	own := make([]time.Duration, len(floor))
	for i := range own {
		own[i] = floor[i] - floorInjected[i]
	}
	f, known := stats.DifferenceOfQuantiles(floor, floorInjected, 0.5, true)
	d, ok := stats.Residual(measured, injected, own, q)
	if !known || !ok {
		return
	}
	if q == 0.5 {
		b.Floors = append(b.Floors, Error{
			What: what, Injected: quantiles(floorInjected)(q), Measured: quantiles(floor)(q), Error: millis(f.Value),
			CI: [2]float64{millis(f.Lo), millis(f.Hi)},
		})
	}
	b.Errors = append(b.Errors, Error{
		What: what, Injected: quantiles(injected)(q), Measured: quantiles(measured)(q), Error: millis(d.Value),
		CI: [2]float64{millis(d.Lo), millis(d.Hi)},
	})
}
