package report

import (
	"fmt"
	"math"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Gate is the answer to "is B worse than A by more than Percent?". A pipeline has to treat an undecided answer as a
// failure.
type Gate struct {
	Percent float64  `json:"percent"` // of A's P50, or percentage points of loss
	Shown   bool     `json:"shown"`   // B is worse: the whole 95 % interval is above Percent
	Decided bool     `json:"decided"`
	By      *float64 `json:"by,omitempty"`     // how much worse B is, as Percent; nil = no number says it
	Why     string   `json:"reason,omitempty"` // why it is not decided, or why B is worse without a By
}

// never stands for the round trip time of a ping that did not come back: longer than any other (RFC 2681, section 3.4).
// It is small enough that a percentage of it does not overflow.
const never = 1000 * time.Hour

// gates answers the questions of by. The P50 of a gate is the median of all settled pings, not only of those that came
// back: else a side that loses half of its pings could still look fast.
func (c *Groups) gates(a, b []bench.Record, by Against) (slower, lossier *Gate) {
	if by.SlowerThan != nil {
		slower = c.slower(a, b, *by.SlowerThan)
	}
	if by.LossierThan != nil {
		lossier = c.lossier(min(settledPings(a), settledPings(b)), *by.LossierThan)
	}
	for _, g := range []*Gate{slower, lossier} {
		if g != nil {
			g.Why = c.class().Words(g.Why)
		}
		if why := c.invalid(); g != nil && why != "" && !by.Invalid {
			*g = Gate{Percent: g.Percent, Why: why}
		}
	}
	return slower, lossier
}

// tooFew is why a gate is not decided between sides of which one has fewer than fewest settled pings.
const tooFew = "fewer than 10 pings were settled on one side"

const fewest = 10

// lossier answers by the loss of both sides. settled is how many pings of the smaller side are settled: a side with
// next to none may lose any number, and shows nothing unless its loss is beyond doubt all the same.
func (c *Groups) lossier(settled int, percent float64) *Gate {
	g := &Gate{Percent: percent, Why: tooFew}
	if c.LossDiff == nil {
		return g
	}
	by := 100 * c.LossDiff.Value
	g.By, g.Shown = &by, 100*c.LossDiff.CI95[0] > percent
	if g.Shown || settled >= fewest {
		g.Decided, g.Why = true, ""
	}
	return g
}

func settledPings(runs []bench.Record) (n int) {
	for _, r := range runs {
		n += r.Counts.Settled()
	}
	return n
}

func (c *Groups) slower(a, b []bench.Record, percent float64) *Gate {
	g := &Gate{Percent: percent}
	var d stats.Difference
	var ok bool
	var x, y time.Duration // P50 of each side, with lost pings
	if len(a) == 1 && len(b) == 1 && a[0].Kept == nil && b[0].Kept == nil {
		u, v, paired := settledSeries(a[0], b[0])
		x, y = medianOf(u), medianOf(v)
		d, ok = stats.NewSeries(v).Minus(stats.NewSeries(scaled(u, percent)), 0.5, paired)
		g.Why = tooFew
	} else {
		u, v := settledMedians(a), settledMedians(b)
		x, y = medianOf(u), medianOf(v)
		d, ok = stats.Shift(v, scaled(u, percent))
		g.Why = fmt.Sprintf("about %d more runs are needed on each side", max(1, stats.RunsForShift(len(u), len(v))))
	}
	if x > 0 && max(x, y) < never {
		by := 100 * float64(y-x) / float64(x)
		g.By = &by
	}
	switch {
	case x >= never:
		g.Why = "half of A's pings or more did not come back, so that it has no P50 to be slower than"
	case !ok:
	case d.Lo > 0:
		g.Decided, g.Shown, g.Why = true, true, ""
		if y >= never {
			g.Why = "half of its pings or more did not come back"
		}
	case d.Hi >= never/2:
		g.Why = fmt.Sprintf("too many of B's pings did not come back (%s)", percentage(c.B.Loss))
	default:
		g.Decided, g.Why = true, ""
	}
	return g
}

// medianOf is the median; never if d is empty.
func medianOf(d []time.Duration) time.Duration {
	m, ok := stats.Quantile(stats.Sorted(d), 0.5)
	if !ok {
		return never
	}
	return m
}

// settledRTT is the round trip time of a settled ping; never if the ping was lost. ok is false if the ping is not
// settled.
func settledRTT(s bench.Sample) (time.Duration, bool) {
	switch {
	case s.Outcome == bench.Lost:
		return never, true
	case s.Settled():
		return s.RTT, true
	}
	return 0, false
}

// answeredRTT is the round trip time of a ping that was answered in time.
func answeredRTT(s bench.Sample) (time.Duration, bool) { return s.RTT, s.Outcome == bench.Answered }

// settledSeries gives the settled pings of both runs in sending order. If the runs were made together, it gives the
// pairs of their slots.
func settledSeries(a, b bench.Record) (x, y []time.Duration, paired bool) {
	x, y = settled(a), settled(b)
	if together(a.Run, b.Run) {
		if u, v := pairs(a.Run, b.Run, settledRTT); 2*len(u) >= min(len(x), len(y)) {
			return u, v, true
		}
	}
	return x, y, false
}

// settled gives the round trip times of a run's settled pings. Files of the original tool only count lost pings: these
// come last.
func settled(r bench.Record) (list []time.Duration) {
	for _, s := range r.Samples {
		if d, ok := settledRTT(s); ok {
			list = append(list, d)
		}
	}
	for len(list) < r.Counts.Settled() {
		list = append(list, never)
	}
	return list
}

// settledMedians gives the P50 of each run's settled pings.
func settledMedians(runs []bench.Record) (list []time.Duration) {
	for _, r := range runs {
		n := r.Counts.Settled()
		switch q := 0.5 * float64(n) / float64(r.Counts.Answered); {
		case n == 0: // the run has no settled ping
		case r.Counts.Failed() == 0 && r.Summary.P50.OK:
			list = append(list, r.Summary.P50.D)
		case q > 1:
			list = append(list, never)
		default: // a failed ping counts as longer than all answered ones
			d, ok := r.Histogram().Quantile(q)
			if !ok {
				d = never
			}
			list = append(list, d)
		}
	}
	return list
}

// scaled is d with each value raised by percent.
func scaled(d []time.Duration, percent float64) []time.Duration {
	s := make([]time.Duration, len(d))
	for i, v := range d {
		s[i] = time.Duration(math.Round(float64(v) * (1 + percent/100)))
	}
	return s
}

// told says how the gate was decided; nil = there is no gate.
func (g *Gate) told(worse, unit string) []string {
	switch {
	case g == nil:
		return nil
	case !g.Decided:
		return []string{fmt.Sprintf("whether B is %s by more than %g %s could not be decided: %s", worse, g.Percent,
			unit, g.Why)}
	case g.Why != "":
		return []string{fmt.Sprintf("B is %s by more than %g %s: %s", worse, g.Percent, unit, g.Why)}
	case g.Shown:
		return []string{fmt.Sprintf("B is %s by more than %g %s: the whole interval is", worse, g.Percent, unit)}
	}
	return []string{fmt.Sprintf("B is not shown to be %s by more than %g %s", worse, g.Percent, unit)}
}

// SlowerBy says by how much B is slower. Call it if Slower is shown.
func (c Groups) SlowerBy() string {
	switch g := c.Slower; {
	case g == nil:
		return ""
	case g.Why != "":
		return "B's P50 is slower: " + g.Why
	case g.By == nil && c.MedianDiff != nil: // A's P50 is 0, so there is no percentage
		return fmt.Sprintf("B's P50 is slower by %.3g ms", c.MedianDiff.Value)
	case g.By != nil:
		return fmt.Sprintf("B's P50 is slower by %.1f %%", *g.By)
	}
	return ""
}

// LossierBy says by how much more B loses. Call it if Lossier is shown.
func (c Groups) LossierBy() string {
	if c.Lossier == nil || c.Lossier.By == nil {
		return ""
	}
	return fmt.Sprintf("B loses %.1f points more", *c.Lossier.By)
}
