package browser

import (
	"maps"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser/contract"
	"rtcbench/internal/recorder"
)

// collected is what a page has told of a run by now.
type collected struct {
	plan    bench.Plan
	teller  *recorder.Teller
	samples []bench.Sample
	bursts  []contract.NoiseBurst
	state   contract.State
	facts   contract.Facts
	hidden  bool
	next    int                    // the first batch that has not come
	waiting map[int]contract.Batch // later ones that have
}

func (c *collected) add(b contract.Batch) {
	c.waiting[b.Batch] = b
	for b, ok := c.waiting[c.next]; ok; b, ok = c.waiting[c.next] {
		c.take(b)
	}
}

// takeRest takes the batches that came after one that will never come.
func (c *collected) takeRest() {
	for _, n := range slices.Sorted(maps.Keys(c.waiting)) {
		c.take(c.waiting[n])
	}
}

func (c *collected) take(b contract.Batch) {
	delete(c.waiting, b.Batch)
	c.next = b.Batch + 1
	c.state, c.hidden = b.State, c.hidden || b.Hidden
	if b.Facts != nil {
		c.facts = *b.Facts
	}
	c.bursts = append(c.bursts, b.Bursts...)
	for _, s := range b.Samples {
		c.put(sampleOf(s))
	}
}

func sampleOf(s contract.Sample) bench.Sample {
	return bench.Sample{
		Seq: s.Seq, Outcome: s.Outcome, Reason: s.Reason, Stamped: s.Stamped,
		Due: fromMillis(s.Due), Sent: fromMillis(s.Sent), SendCall: fromMillis(s.SendCall),
		RTT: fromMillis(s.RTT), Hold: fromMillis(s.Hold), Up: fromMillis(s.Up),
	}
}

func (c *collected) put(s bench.Sample) {
	for n := uint32(len(c.samples)) + 1; n <= s.Seq; n++ {
		due := time.Duration(0)
		if !c.plan.ClosedLoop() {
			due = c.plan.Due(n)
		}
		// What the page never told of is not known to have left.
		c.samples = append(c.samples, bench.Sample{Seq: n, Due: due, Outcome: bench.NotSent, Reason: bench.Stalled})
		if n == s.Seq {
			c.samples[n-1].Outcome = bench.Unsettled // this batch tells of it now
		}
	}
	known := &c.samples[s.Seq-1]
	changed := known.Outcome != s.Outcome
	*known = s
	if changed && s.Outcome != bench.Unsettled {
		c.teller.Tell(s)
	}
}

// media is what the page has told of sound itself; nil where the plan did not ask for that.
func (c *collected) media() *bench.Media {
	if !c.plan.Media {
		return nil
	}
	m := bench.Media{Bursts: []bench.NoiseBurst{}}
	known := func(ms *float64) bench.Quantity {
		if ms == nil {
			return bench.Quantity{}
		}
		return bench.Known(fromMillis(*ms), true)
	}
	for _, b := range c.bursts {
		m.Put(bench.NoiseBurst{Seq: b.Seq, At: bench.Known(fromMillis(b.At-c.state.Start), c.state.Start != 0),
			Ear: known(b.Ear), Match: b.Match, Buffer: known(b.Buffer), Target: known(b.Target), Played: b.Played,
			Concealed: b.Concealed})
	}
	return &m
}
