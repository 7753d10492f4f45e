package analysis

import (
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/stats"
)

// Report holds a run against what the router did. Durations are in milliseconds where a name ends in _ms, in
// microseconds where it ends in _us.
type Report struct {
	Scenario string `json:"scenario"`
	About    string `json:"about"`
	Seed     uint64 `json:"seed"`
	RunID    string `json:"run_id"`
	FIFO     bool   `json:"fifo"` // the router had a real-time priority
	Added    struct {
		P50 float64 `json:"p50"`
		P99 float64 `json:"p99"`
		Max float64 `json:"max"`
	} `json:"router_added_us"` // by how much packets left later than the scenario wanted
	Imprecise bool    `json:"imprecise"` // the P99 of router_added_us is above 1 ms
	Hops      []Hop   `json:"hops"`
	Pings     int     `json:"pings"`   // answered in time
	Matched   int     `json:"matched"` // of these, the pings whose packets were found
	Others    Others  `json:"unmatched"`
	Errors    []Error `json:"errors"` // of the matched
	Parts     []Part  `json:"parts"`  // where the rest of the round trip passed
	Again     Again   `json:"sent_again"`
	Loss      Loss    `json:"loss"`
	Clocks    Clocks  `json:"clocks"`
	Samples   Matched `json:"samples"` // of the matched, in sending order

	Turns *Turns `json:"turns,omitempty"` // of a run of turns, which has no pings

	Waited bool `json:"waited"` // the channel sends again what is lost, and pings wait for it

	Verdict bench.Verdict `json:"verdict"` // as the run judged itself …
	Grounds []string      `json:"reasons"` // … and their codes

	Residuals *Residuals `json:"beyond,omitempty"` // of a run with a network in every other stretch
}

// Others are the pings that were answered in time and not matched, with their round trips. These round trips are in no
// other number of a Report.
type Others struct {
	Pings int     `json:"pings"`
	P50   float64 `json:"p50_ms"`
	Max   float64 `json:"max_ms"`
}

// Again are the pings that were answered in time although the router dropped one of their packets, and how much longer
// than the median ping they took: until the packet was sent again.
type Again struct {
	Pings int     `json:"pings"`
	P50   float64 `json:"p50_ms"`
	Max   float64 `json:"max_ms"`
}

// Loss is where the run says that its pings were lost, and what the echo wrote down itself.
type Loss struct {
	Sent    int  `json:"sent"`
	Up      int  `json:"up"`
	Down    int  `json:"down"`
	Unknown int  `json:"unknown"`
	Heard   *int `json:"echo_heard"` // of those sent; null = it wrote down nothing
	// of the lost ones, said to be lost on a way on which the echo's log says they were not
	Wrong int `json:"wrong_way"`
	// of audio: what the router dropped of the pings and of their pongs; null = packets are not known one by one
	Router *Dropped `json:"router"`
}

// Dropped is what the router dropped of the pings that the run counts.
type Dropped struct {
	Up   int `json:"up"`
	Down int `json:"down"`
	// of the lost ones, said to be lost on a way on which the router did not drop them
	Wrong int `json:"wrong_way"`
}

// Clocks says how often the interval of a one-way time holds what the router did.
type Clocks struct {
	Kind      bench.Clocks `json:"kind"`
	HalfWidth float64      `json:"half_width_ms"`
	SkewPPM   *[2]float64  `json:"skew_ppm"` // least and greatest that the run allows
	// The router's stamps on both sides of the echo bound how long the way up of a ping can have taken. Held counts the
	// pings whose interval holds all of that range.
	Held int `json:"held"`
	// Wrong counts the pings whose interval holds none of that range. Nobody can judge the pings in between: the echo's
	// machine held them up.
	Wrong int `json:"wrong"`
	Of    int `json:"of"`
}

// Hop is what became of the packets of one hop that may be pings or pongs, and of their time.
type Hop struct {
	From     string  `json:"from"`
	To       string  `json:"to"`
	Packets  int     `json:"packets"`
	Lost     int     `json:"lost"`
	Copies   int     `json:"copies"`
	DelayP50 float64 `json:"delay_p50_ms"`
	DelayP95 float64 `json:"delay_p95_ms"`
	DelayP99 float64 `json:"delay_p99_ms"`
}

// Error is measured − injected of one number of the run, with its 95 % interval.
type Error struct {
	What     string     `json:"what"`
	Injected float64    `json:"injected_ms"`
	Measured float64    `json:"measured_ms"`
	Error    float64    `json:"error_ms"`
	CI       [2]float64 `json:"ci95_ms"`
}

// Part is a piece of the round trip outside the router.
type Part struct {
	What string  `json:"what"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
}

// Matched are the pings that were matched, with one value for each ping in every list.
type Matched struct {
	Seq          []uint32  `json:"seq"`
	RTT          []float64 `json:"rtt_ms"`
	InjectedUp   []float64 `json:"injected_up_ms"`
	InjectedDown []float64 `json:"injected_down_ms"`
	Up           []float64 `json:"up_ms"` // absent where the clocks say nothing
	Down         []float64 `json:"down_ms"`
}

// imprecise is a limit for the P99 of the router's own error: above it, what the router did is to be doubted.
const imprecise = time.Millisecond

// NewReport holds run against log, and against the numbers of the pings that the echo heard; nil = nobody knows.
func NewReport(s lab.Scenario, seed uint64, log lab.Log, run bench.Run, heard map[uint32]bool) Report {
	r := Report{Scenario: s.Name, About: s.About, Seed: seed, RunID: run.ID, FIFO: log.Realtime}
	var added []time.Duration
	var hops [len(wayThere)]Hop
	var delays [len(wayThere)][]time.Duration
	for i, h := range wayThere {
		hops[i].From, hops[i].To = h[0].String(), h[1].String()
	}
	for _, x := range log.Records {
		if x.Fate == lab.Carried && x.Left > 0 {
			added = append(added, x.Added())
		}
		i := hopOf(x)
		may := run.Turns != nil || x.Size >= smallest
		if i < 0 || !x.UDP || !may || s.Away(x.Arrived) { // hops are those of the network
			continue
		}
		switch {
		case x.Copy:
			hops[i].Copies++
		case x.Fate == lab.Carried:
			hops[i].Packets++
			delays[i] = append(delays[i], x.Delay())
		default:
			hops[i].Packets++
			hops[i].Lost++
		}
	}
	for i := range hops {
		q := quantiles(delays[i])
		hops[i].DelayP50, hops[i].DelayP95, hops[i].DelayP99 = q(0.5), q(0.95), q(0.99)
	}
	r.Hops = hops[:]
	r.Waited = run.Facts.Transport == bench.DataChannelReliable && slices.ContainsFunc(r.Hops, func(h Hop) bool {
		return h.Lost > 0
	})
	q := quantiles(added)
	r.Added.P50, r.Added.P99, r.Added.Max = 1000*q(0.5), 1000*q(0.99), 1000*q(1)
	r.Imprecise = r.Added.P99 > 1000*millis(imprecise)
	if run.Turns != nil {
		return r
	}
	summary, injected := bench.Summarise(run), Injected(log, run)
	r.match(summary, injected, run)
	r.Loss = lossOf(run, heard)
	r.Loss.Router = dropped(run, injected)
	r.Residuals = newResiduals(s, summary.OneWay, injected, run)
	return r
}

// dropped is what the router dropped of the pings of a run of audio packets.
func dropped(run bench.Run, list []Injection) *Dropped {
	if run.Facts.Transport != bench.RTPAudio {
		return nil
	}
	var d Dropped
	for i, in := range list {
		up, down := in.DroppedOn == 0 || in.DroppedOn == 1, in.DroppedOn >= 2
		if up {
			d.Up++
		}
		if down {
			d.Down++
		}
		if s := run.Samples[i]; s.Outcome == bench.Lost && (s.Reason == bench.OnWayUp && !up ||
			s.Reason == bench.OnWayDown && !down) {
			d.Wrong++
		}
	}
	return &d
}

func lossOf(run bench.Run, heard map[uint32]bool) Loss {
	l := Loss{Sent: run.Counts.Sent, Up: run.Ways.Up, Down: run.Ways.Down, Unknown: run.Ways.Unknown}
	if heard == nil {
		return l
	}
	n := 0
	for _, s := range run.Samples {
		if s.Outcome != bench.NotSent && heard[s.Seq] {
			n++
		}
		if s.Outcome == bench.Lost && (s.Reason == bench.OnWayUp && heard[s.Seq] || s.Reason == bench.OnWayDown &&
			!heard[s.Seq]) {
			l.Wrong++
		}
	}
	l.Heard = &n
	return l
}

// match compares ping by ping what was measured with what was injected.
func (r *Report) match(summary bench.Summary, list []Injection, run bench.Run) {
	oneWay := summary.OneWay
	r.Verdict = summary.Validity.Verdict
	for _, g := range summary.Validity.Grounds {
		r.Grounds = append(r.Grounds, g.Code)
	}
	var rtt, injected, up, injectedUp, down, injectedDown []time.Duration
	var again, others []time.Duration
	var parts [len(partNames)][]time.Duration
	var moved []float64 // how much more two neighbours differ than their packets did
	var jitter, injectedJitter float64
	r.Clocks = Clocks{Kind: run.Clocks, HalfWidth: millis(oneWay.Offset.HalfWidth())}
	if o := oneWay.Offset; o.SkewLo < o.SkewHi {
		r.Clocks.SkewPPM = &[2]float64{1e6 * o.SkewLo, 1e6 * o.SkewHi}
	}
	before := -2
	for i, in := range list {
		s := run.Samples[i]
		if s.Outcome != bench.Answered {
			continue
		}
		r.Pings++
		if in.Dropped {
			again = append(again, s.RTT)
		}
		if !in.OK {
			others = append(others, s.RTT)
			continue
		}
		if i == before+1 {
			a, b := millis((s.RTT - rtt[len(rtt)-1]).Abs()), millis((in.RTT() - injected[len(injected)-1]).Abs())
			moved, jitter, injectedJitter = append(moved, a-b), jitter+a, injectedJitter+b
		}
		before = i
		rtt, injected = append(rtt, s.RTT), append(injected, in.RTT())
		for p, d := range in.parts(s.RTT) {
			parts[p] = append(parts[p], d)
		}
		m := &r.Samples
		m.Seq, m.RTT, m.InjectedUp, m.InjectedDown = append(m.Seq, s.Seq), append(m.RTT, millis(s.RTT)),
			append(m.InjectedUp, millis(in.Up)), append(m.InjectedDown, millis(in.Down))
		if u, ok := oneWay.UpOf(s); ok {
			d, _ := oneWay.DownOf(s)
			up, injectedUp, down, injectedDown = append(up, u), append(injectedUp, in.Up), append(down, d),
				append(injectedDown, in.Down)
			m.Up, m.Down = append(m.Up, millis(u)), append(m.Down, millis(d))
			r.Clocks.Of++
			least, most := u-(oneWay.Offset.Hi-oneWay.Offset.Theta), u+(oneWay.Offset.Theta-oneWay.Offset.Lo)
			switch {
			case least <= in.AtEcho && in.FromEcho-s.Hold <= most:
				r.Clocks.Held++
			case in.FromEcho-s.Hold < least-clockTolerance || most+clockTolerance < in.AtEcho:
				r.Clocks.Wrong++
			}
		}
	}
	r.Matched = len(rtt)
	r.Others = Others{len(others), quantiles(others)(0.5), quantiles(others)(1)}
	for p, name := range partNames {
		q := quantiles(parts[p])
		r.Parts = append(r.Parts, Part{name, q(0.5), q(0.99)})
	}
	for _, q := range []struct {
		name string
		at   float64
	}{{"P50", 0.5}, {"P95", 0.95}, {"P99", 0.99}} {
		r.compare("round trip "+q.name, rtt, injected, q.at)
	}
	r.compare("up P50", up, injectedUp, 0.5)
	r.compare("down P50", down, injectedDown, 0.5)
	if d, half, ok := stats.MeanInterval(moved); ok {
		n := float64(len(moved))
		r.Errors = append(r.Errors, Error{What: "jitter", Injected: injectedJitter / n, Measured: jitter / n, Error: d,
			CI: [2]float64{d - half, d + half}})
	}
	if r.Again.Pings = len(again); len(again) > 0 && len(rtt) > 0 {
		middle := quantiles(rtt)(0.5)
		r.Again.P50, r.Again.Max = quantiles(again)(0.5)-middle, quantiles(again)(1)-middle
	}
}

func (r *Report) compare(what string, measured, injected []time.Duration, q float64) {
	d, ok := stats.DifferenceOfQuantiles(measured, injected, q, true)
	if !ok {
		return
	}
	r.Errors = append(r.Errors, Error{
		What: what, Injected: quantiles(injected)(q), Measured: quantiles(measured)(q), Error: millis(d.Value),
		CI: [2]float64{millis(d.Lo), millis(d.Hi)},
	})
}

// quantiles gives quantiles in milliseconds; of nothing they are 0.
func quantiles(d []time.Duration) func(q float64) float64 {
	sorted := stats.Sorted(d)
	return func(q float64) float64 {
		v, _ := stats.Quantile(sorted, q)
		return millis(v)
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
