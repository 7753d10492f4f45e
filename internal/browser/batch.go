package browser

import (
	"maps"
	"slices"
	"time"

	"rtcbench/bench"
)

// batch is what main.ts tells of a run while it goes on. Together the batches hold everything.
type batch struct {
	Batch  int // its number, from 0: they may overtake each other
	Rows   []row
	State  state
	Facts  *facts // when they have changed
	Hidden bool   // the page was in the background since the run began

	Reached string // a phase of the join; it comes alone
}

// row is a sample as main.ts writes it; the same one comes again when its fate changes.
type row [10]float64

func (r row) sample() bench.Sample {
	return bench.Sample{
		Seq: uint32(r[0]), Outcome: bench.Outcome(r[1]), Reason: bench.Reason(r[2]), Stamped: r[3] != 0,
		Due: millis(r[4]), Sent: millis(r[5]), SendCall: millis(r[6]), RTT: millis(r[7]), Hold: millis(r[8]), Up: millis(r[9]),
	}
}

// state is probe.ts's Result, as it was at that moment.
type state struct {
	Ended, Error                              string
	NoEcho                                    bool
	Start, End                                float64 // Unix ms; 0 = no counted ping yet
	FirstPong                                 float64 // ms after the join began
	Identity, Kind                            string
	Others                                    []string
	Duplicate, Malformed, Foreign, WarmupSent int
	Strays, Unmatched                         int
	ControlSent                               int
	Ways                                      bench.Ways
}

// collected is what a page has told of a run by now.
type collected struct {
	plan    bench.Plan
	teller  *bench.Teller
	samples []bench.Sample
	state   state
	facts   facts
	hidden  bool
	next    int           // the first batch that has not come
	waiting map[int]batch // later ones that have
}

func (c *collected) add(b batch) {
	c.waiting[b.Batch] = b
	for b, ok := c.waiting[c.next]; ok; b, ok = c.waiting[c.next] {
		c.take(b)
	}
}

// takeRest takes what came after a batch that will never come.
func (c *collected) takeRest() {
	for _, n := range slices.Sorted(maps.Keys(c.waiting)) {
		c.take(c.waiting[n])
	}
}

func (c *collected) take(b batch) {
	delete(c.waiting, b.Batch)
	c.next = b.Batch + 1
	c.state, c.hidden = b.State, c.hidden || b.Hidden
	if b.Facts != nil {
		c.facts = *b.Facts
	}
	for _, r := range b.Rows {
		c.put(r.sample())
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
			c.samples[n-1].Outcome = bench.Unsettled // this one is told of now
		}
	}
	known := &c.samples[s.Seq-1]
	changed := known.Outcome != s.Outcome
	*known = s
	if changed && s.Outcome != bench.Unsettled {
		c.teller.Tell(s)
	}
}
