package bench

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"rtcbench/internal/stats"
)

// Quantity is a value that may be unknown.
type Quantity struct {
	D  time.Duration
	OK bool
}

// Worse is the greater of two bounds. It is not known where one of the two is not.
func (q Quantity) Worse(o Quantity) Quantity { return Quantity{max(q.D, o.D), q.OK && o.OK} }

// MarshalJSON writes milliseconds; null = not known.
func (q Quantity) MarshalJSON() ([]byte, error) {
	if !q.OK {
		return []byte("null"), nil
	}
	return json.Marshal(millis(q.D))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (q *Quantity) UnmarshalJSON(data []byte) error {
	var v *float64
	if err := json.Unmarshal(data, &v); err != nil || v == nil {
		*q = Quantity{}
		return err
	}
	*q = Quantity{time.Duration(math.Round(*v * float64(time.Millisecond))), true}
	return nil
}

// Known is the quantity d, which is known if ok is true.
func Known(d time.Duration, ok bool) Quantity { return Quantity{d, ok} }

// Spread describes how a set of durations is distributed.
type Spread struct{ P50, P90, P95, P99, P999, Max Quantity }

// Interval is a 95 % confidence interval of a quantile.
type Interval struct {
	Lo, Hi time.Duration
	OK     bool
	Needed int // pings that the interval needs; 0 when it is there
}

// Summary is what a run says. It is a pure function of the run: see Summarise.
// All quantiles interpolate linearly and are of the pings answered in time.
type Summary struct {
	Mean, Median, Min, Max, StdDev Quantity
	P50, P90, P95, P99, P999       Quantity
	P50CI, P95CI, P99CI            Interval

	Jitter     Quantity // mean |ΔRTT| of consecutive answered pings in sending order
	JitterRTP  Quantity // RFC 3550, over the order of arrival
	IPDV       Spread   // |ΔRTT| of pings with consecutive numbers (RFC 3393)
	PDV        Spread   // RTT − its minimum (RFC 5481)
	LossKnown  bool
	Loss       float64 // ratio, failed / settled
	LossLo     float64 // Wilson, 95 %
	LossHi     float64
	LongestRun int
	Bursts     LossBursts
	Up, Down   Variation
	LateRTTs   []time.Duration // in sending order

	Hold       Spread
	TimerError Spread // sent − due, of the pings sent on a grid
	SendCall   Spread
	OneWay     OneWay
	RTTs       []time.Duration // answered, in sending order
	Doubts     []Doubt         // all of them, those that are grounds of Validity too
	Validity   Validity
}

// Record is a run with all that it says, computed once.
type Record struct {
	Run
	Summary Summary
}

// NewRecord summarises r.
func NewRecord(r Run) Record { return Record{r, Summarise(r)} }

// OneWay is how the delay divides between the two ways, as far as the clocks let one say. Where Known is false, Why
// says why.
type OneWay struct {
	Known  bool
	Why    string
	Offset stats.Offset

	Disbelieved bool // what the clocks say of their own errors cannot be true

	Up   Spread
	Down Spread
}

// UpOf is the forward delay of s: client to server in the result file.
func (o OneWay) UpOf(s Sample) (time.Duration, bool) {
	return o.Offset.Forward(s.pair()), o.Known && s.Stamped
}

// DownOf is the backward delay of s.
func (o OneWay) DownOf(s Sample) (time.Duration, bool) {
	return o.Offset.Backward(s.pair()), o.Known && s.Stamped
}

// summaries counts the calls of Summarise.
var summaries atomic.Int64

// Summaries is how often Summarise was called in this process. Only tests read it: they hold each command to one call a
// run.
func Summaries() int64 { return summaries.Load() }

// Summarise computes everything that follows from the samples and circumstances of r. For a run that was read without
// its samples, it gives the summary that was kept of the run.
func Summarise(r Run) Summary {
	summaries.Add(1)
	if r.Kept != nil {
		return r.Kept.judged(r)
	}
	var s Summary
	c, n := r.Counts, len(r.Samples)
	s.RTTs = slices.Grow(s.RTTs, n)
	byArrival := make([]arrival, 0, n)
	hold, ipdv := make([]time.Duration, 0, n), make([]time.Duration, 0, n)
	timer, send := make([]time.Duration, 0, n), make([]time.Duration, 0, n)
	failed := make([]bool, 0, n)
	for i, x := range r.Samples {
		if x.Outcome == Answered {
			s.RTTs = append(s.RTTs, x.RTT)
			byArrival = append(byArrival, arrival{x.Sent + x.RTT, x.RTT})
			if x.Stamped {
				hold = append(hold, x.Hold)
			}
			if i > 0 && r.Samples[i-1].Outcome == Answered && r.Samples[i-1].Seq+1 == x.Seq {
				ipdv = append(ipdv, (x.RTT - r.Samples[i-1].RTT).Abs())
			}
		}
		if x.Outcome == Late {
			s.LateRTTs = append(s.LateRTTs, x.RTT)
		}
		if x.Settled() {
			failed = append(failed, x.Failed())
		}
		if x.Outcome != NotSent {
			if x.SendCall > 0 { // the call has returned
				send = append(send, x.SendCall)
			}
			if !r.Plan.ClosedLoop() && !r.OfOriginal() {
				timer = append(timer, x.Sent-x.Due)
			}
		}
	}
	s.ofRTT()
	slices.SortStableFunc(byArrival, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	arrived := make([]time.Duration, len(byArrival))
	for i, x := range byArrival {
		arrived[i] = x.rtt
	}
	s.JitterRTP = Known(stats.RFC3550(arrived))
	s.IPDV, s.Hold, s.TimerError, s.SendCall = spread(ipdv), spread(hold), spread(timer), spread(send)
	if s.LossLo, s.LossHi, s.LossKnown = stats.Wilson(c.Failed(), c.Settled()); s.LossKnown {
		s.Loss = float64(c.Failed()) / float64(c.Settled())
	}
	s.LongestRun = stats.LongestRun(failed)
	s.OneWay = oneWay(r)
	s.Bursts = bursts(r)
	s.Up, s.Down = variations(r, s.OneWay)
	s.Validity = judge(r, s)
	s.Doubts = slices.Clone(r.Doubts)
	s.add(doubts(r, s))
	return s
}

// arrival is when a pong came, and the round trip that it ended.
type arrival struct{ at, rtt time.Duration }

// judged is the kept summary of r. A summary that is older than verdicts has no verdict, and gets one here.
func (k Kept) judged(r Run) Summary {
	s := k.Summary
	if s.Validity.Verdict == "" {
		s.Validity = judge(r, s)
		s.Doubts = slices.Clone(s.Doubts)
		s.add(s.Validity.doubts())
	}
	return s
}

// add adds those doubts of list whose codes s does not have yet.
func (s *Summary) add(list []Doubt) {
	for _, d := range list {
		if !slices.ContainsFunc(s.Doubts, func(known Doubt) bool { return known.Code == d.Code }) {
			s.Doubts = append(s.Doubts, d)
		}
	}
}

func (s *Summary) ofRTT() {
	sorted := stats.Sorted(s.RTTs)
	q := func(q float64) Quantity { return Known(stats.Quantile(sorted, q)) }
	ci := func(q float64) Interval {
		lo, hi, ok := stats.QuantileRanks(len(sorted), q)
		if !ok {
			return Interval{Needed: stats.NeededForQuantile(q)}
		}
		return Interval{Lo: sorted[lo-1], Hi: sorted[hi-1], OK: true}
	}
	s.Mean, s.StdDev, s.Jitter = Known(stats.Mean(s.RTTs)), Known(stats.StdDev(s.RTTs)), Known(stats.MeanDelta(s.RTTs))
	s.Min, s.P50, s.P90, s.P95, s.P99, s.P999, s.Max = q(0), q(0.5), q(0.9), q(0.95), q(0.99), q(0.999), q(1)
	s.Median = s.P50
	s.P50CI, s.P95CI, s.P99CI = ci(0.5), ci(0.95), ci(0.99)
	above := make([]time.Duration, len(sorted))
	for i, d := range sorted {
		above[i] = d - sorted[0]
	}
	s.PDV = spread(above)
}

// OfAll is the q quantile of all of r's settled pings, where a failed ping is slower than any other (RFC 2681, section
// 3.4). OfAll is not known where the quantile falls on a failed ping.
func (r Record) OfAll(q float64) Quantity {
	sorted, settled := stats.Sorted(r.Summary.RTTs), r.Counts.Settled()
	if len(sorted) == 0 || math.Ceil(float64(settled-1)*q) >= float64(len(sorted)) {
		return Quantity{}
	}
	for len(sorted) < settled {
		sorted = append(sorted, sorted[len(sorted)-1]) // the quantile lies before the failed pings
	}
	return Known(stats.Quantile(sorted, q))
}

func spread(d []time.Duration) Spread {
	sorted := stats.Sorted(d)
	q := func(q float64) Quantity { return Known(stats.Quantile(sorted, q)) }
	return Spread{P50: q(0.5), P90: q(0.9), P95: q(0.95), P99: q(0.99), P999: q(0.999), Max: q(1)}
}

func oneWay(r Run) OneWay {
	pairs := make([]stats.Pair, 0, len(r.Samples))
	for _, x := range r.Samples {
		if x.Outcome == Answered && x.Stamped {
			pairs = append(pairs, x.pair())
		}
	}
	var o OneWay
	switch {
	case r.OfOriginal():
		o.Why = "the original tool gives differences of two clocks that have nothing to do with each other"
	case r.Facts.Transport == Turn:
		o.Why = "a turn is timed at the caller's end alone: an agent tells no times"
	case len(pairs) == 0:
		o.Why = "no pong carried the echo's times"
	case r.Clocks == OneClock:
		o.Known = true // θ = 0, exactly
	case r.Clocks == SyncedClocks:
		o.synchronised(pairs, r.Synced)
	default:
		o.drifting(pairs, r.ClockErrors.Sum())
	}
	if o.Known {
		up, down := make([]time.Duration, len(pairs)), make([]time.Duration, len(pairs))
		for i, p := range pairs {
			up[i], down[i] = o.Offset.Forward(p), o.Offset.Backward(p)
		}
		o.Up, o.Down = spread(up), spread(down)
	}
	return o
}

// synchronised takes θ as it was measured, within the bounds of causality.
func (o *OneWay) synchronised(pairs []stats.Pair, measured stats.Offset) {
	offset, ok := stats.EstimateOffset(pairs)
	o.Offset = stats.Offset{Lo: max(offset.Lo, measured.Lo), Hi: min(offset.Hi, measured.Hi)}
	switch {
	case !ok:
		o.Why = "the echo's clock was stepped, or drifts: no constant offset fits"
	case o.Offset.Lo > o.Offset.Hi:
		o.Why = "the measured offset of the clocks contradicts causality"
	default:
		o.Known, o.Offset.Theta = true, min(max(measured.Theta, o.Offset.Lo), o.Offset.Hi)
	}
}

// drifting estimates θ from the pings, and from what the clocks say of their own errors. Where no offset can fit what
// the clocks say, it is ignored.
func (o *OneWay) drifting(pairs []stats.Pair, within Quantity) {
	o.Offset, o.Known = stats.EstimateDrift(pairs, within.D)
	if !o.Known && within.OK {
		o.Offset, o.Known = stats.EstimateDrift(pairs, 0)
		o.Disbelieved = o.Known
	}
	if !o.Known {
		o.Why = "a clock was stepped: no offset fits, however the clocks drift"
	}
}
