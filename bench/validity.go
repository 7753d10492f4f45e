package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Verdict says how far a run can be trusted as a whole.
type Verdict string

const (
	Valid    Verdict = "valid"
	Unjudged Verdict = "unjudged" // nothing is known that could speak for the numbers or against them
	Doubtful Verdict = "doubtful" // something may have touched the numbers
	// the numbers are of something else than the path: the run is kept, and left out of sums and comparisons
	Invalid Verdict = "invalid"
)

// Verdicts are all verdicts, the best first.
var Verdicts = []Verdict{Valid, Unjudged, Doubtful, Invalid}

// worse orders verdicts, the worst first.
func worse(a, b Verdict) int { return slices.Index(Verdicts, b) - slices.Index(Verdicts, a) }

// Validity is the verdict on a run and what speaks against the run, the worst first. A run that nothing speaks against
// is valid, if what the criteria look at is known of the run: docs/validity.md has the table.
type Validity struct {
	Verdict Verdict
	Grounds []Ground
}

// Ground is one reason of a verdict: a Doubt of the same Code and Text, with what was measured and the limit that it
// is beyond, both in Unit.
type Ground struct {
	Code         string
	Verdict      Verdict
	Value, Limit float64
	Unit, Text   string
}

// Why is the text of the worst ground; "" = there is none.
func (v Validity) Why() string {
	switch {
	case len(v.Grounds) > 0:
		return v.Grounds[0].Text
	case v.Verdict == Unjudged:
		return "its file says nothing of what a verdict looks at"
	}
	return ""
}

// doubts are the grounds as doubts.
func (v Validity) doubts() (list []Doubt) {
	for _, g := range v.Grounds {
		list = append(list, Doubt{g.Code, g.Text})
	}
	return list
}

// Has reports whether a ground of that code is there.
func (v Validity) Has(code string) bool {
	return slices.ContainsFunc(v.Grounds, func(g Ground) bool { return g.Code == code })
}

// Criterion is one line of the table of docs/validity.md. A value above a limit breaks it.
type Criterion struct {
	Code, What, Unit  string
	Doubtful, Invalid float64 // limits in Unit; Never where there is none
	value             func(Run, Summary) (float64, bool)
	text              func(Run, Summary, float64) string
}

// Never is the limit that nothing breaks.
var Never = math.Inf(1)

const (
	nothingSent = "nothing-sent"

	ofP50   = "% of the P50"
	percent = "%"
	times   = "times"
)

// criteria are in the order in which their grounds are told.
var criteria = []Criterion{
	{nothingSent, "not one counted ping was sent", times, Never, 0,
		func(r Run, _ Summary) (float64, bool) { return count(r.Counts.Sent == 0) },
		func(r Run, _ Summary, _ float64) string {
			if r.Turns != nil {
				return "no turn could be measured: this run says nothing of the agent's latency"
			}
			return "not one counted ping was sent: this run says nothing of the path"
		}},
	{"page-hidden", "the browser's page was in the background during the run", times, Never, 0,
		func(r Run, _ Summary) (float64, bool) { return count(r.Facts.Hidden || r.doubted("page-hidden")) },
		func(Run, Summary, float64) string {
			return "the page was in the background; its timers may have been slowed"
		}},
	{"ice-changed", "the ICE pair of a leg changed during the run", times, Never, 0,
		func(r Run, _ Summary) (float64, bool) { return float64(len(changedPairs(r))), true },
		func(r Run, _ Summary, _ float64) string {
			return fmt.Sprintf("the network path (ICE pair) of the %s changed during the run",
				strings.Join(changedPairs(r), " and "))
		}},
	{"topology-changed", "Daily changed the topology, or the SFU, during the run", times, Never, 0,
		func(r Run, _ Summary) (float64, bool) { return float64(len(changes(r, "topology", "sfu"))), true },
		func(r Run, _ Summary, _ float64) string {
			return "the way through the platform changed during the run: " + told(changes(r, "topology", "sfu"))
		}},
	{"region-changed", "the region or the node of the server changed during the run", times, Never, 0,
		func(r Run, _ Summary) (float64, bool) { return float64(len(changes(r, "region", "node"))), true },
		func(r Run, _ Summary, _ float64) string {
			return "the server changed during the run: " + told(changes(r, "region", "node"))
		}},
	{"audio-changed", "the audio stream of a leg was made anew during the run", times, Never, 0,
		func(r Run, _ Summary) (float64, bool) { return float64(len(changes(r, "audio stream"))), true },
		func(r Run, _ Summary, _ float64) string {
			return "the audio went on as another stream during the run: " + told(changes(r, "audio stream"))
		}},
	{"not-measurable", "turns whose answer could not be found", percent, 1, 20,
		func(r Run, _ Summary) (float64, bool) { return r.notMeasurable() },
		func(r Run, _ Summary, v float64) string {
			return fmt.Sprintf("%.0f %% of the turns are not measurable: each says why", v)
		}},
	{"not-sent", "slots of the grid that could not be used", percent, 1, 10,
		func(r Run, _ Summary) (float64, bool) {
			if r.Turns != nil {
				return 0, false
			}
			slots := r.Counts.Sent + r.Counts.NotSent
			return 100 * float64(r.Counts.NotSent) / float64(slots), slots > 0
		},
		func(r Run, _ Summary, _ float64) string { return notSent(r) }},
	{"unmatched-pongs", "lost pings that a pong of the run's echo which matches no ping, or which cannot be read, " +
		"may have answered",
		percent, 0, Never,
		func(r Run, _ Summary) (float64, bool) {
			return 100 * float64(min(r.Echo.Unmatched, r.Counts.Lost)) / float64(r.Counts.Sent), r.Counts.Sent > 0
		},
		func(r Run, _ Summary, _ float64) string {
			return fmt.Sprintf("%s %s as lost, and %s", Many(r.Counts.Lost, "ping"),
				Form(r.Counts.Lost, "counts", "count"), unmatched(r.Echo.Unmatched))
		}},
	{"red", "each packet of audio carries those before it again (RED)", times, Never, 0,
		func(r Run, _ Summary) (float64, bool) { return float64(len(legsWithRED(r))), true },
		func(r Run, _ Summary, _ float64) string {
			return fmt.Sprintf("the audio of the %s goes as RED: a lost packet may have come with the next one, "+
				"so loss and delay are not those of the path; let both ends publish without RED, or measure by "+
				"messages",
				strings.Join(legsWithRED(r), " and "))
		}},
	{"timer", "timer error, P99", "ms", 5, 50,
		func(r Run, s Summary) (float64, bool) {
			return millis(s.TimerError.P99.D), s.TimerError.P99.OK && !r.ridesEncoder()
		},
		func(_ Run, s Summary, _ float64) string {
			return fmt.Sprintf("pings left up to %v late (P99): this machine is busy",
				s.TimerError.P99.D.Round(100*time.Microsecond))
		}},
	{"cpu-steal", "processor time that the host took away", percent, 2, 10,
		func(r Run, _ Summary) (float64, bool) { return 100 * r.Machine.Steal.Ratio, r.Machine.Steal.OK },
		func(_ Run, _ Summary, v float64) string {
			return fmt.Sprintf("the host took %.1f %% of this machine's processor time away (steal)", v)
		}},
	{"cpu-wait", "wait of this process's threads for a processor, all together", "% of the run", 10, Never,
		func(r Run, _ Summary) (float64, bool) { return 100 * r.Machine.Waited.Ratio, r.Machine.Waited.OK },
		func(_ Run, _ Summary, v float64) string {
			return fmt.Sprintf("this process waited for a processor: %.0f ms in each second, all threads together",
				10*v)
		}},
	{"echo-hold", "time that the echo holds a ping, P99", ofP50, 10, 100,
		func(r Run, s Summary) (float64, bool) { return r.shareOfP50(s.Hold.P99, s) },
		func(_ Run, s Summary, v float64) string {
			return fmt.Sprintf("the echo held pings for up to %v (P99), which is %.0f %% of the P50: it is busy",
				rounded(s.Hold.P99.D), v)
		}},
	{"gc-pause", "longest pause of the garbage collector", ofP50, 10, Never,
		func(r Run, s Summary) (float64, bool) { return r.shareOfP50(Quantity{r.Pauses.Max, true}, s) },
		func(r Run, _ Summary, v float64) string {
			return fmt.Sprintf("the garbage collector stopped this process for %v, which is %.0f %% of the P50",
				rounded(r.Pauses.Max), v)
		}},
	{"floor", "the instrument's own round trip (rtcbench calibrate)", ofP50, 20, 60,
		func(r Run, s Summary) (float64, bool) {
			if r.Floor == nil {
				return 0, false
			}
			return r.shareOfP50(Quantity{r.Floor.RTT, true}, s)
		},
		func(r Run, _ Summary, v float64) string {
			return fmt.Sprintf("%v of the P50, %.0f %%, are the instrument's own (rtcbench calibrate)",
				rounded(r.Floor.RTT), v)
		}},
	{"clock-step", "step of the wall clock against the monotonic one", "ms", 50, Never,
		func(r Run, _ Summary) (float64, bool) {
			step := r.Machine.ClockStep
			slewed := time.Duration(maxSlew * float64(r.End.Sub(r.Start)))
			return millis(max(0, step.D.Abs()-slewed)), step.OK
		},
		func(r Run, _ Summary, _ float64) string {
			return fmt.Sprintf("the wall clock was stepped by %v during the run, or this machine slept: when it was, "+
				"and its one-way times, may be wrong", r.Machine.ClockStep.D.Round(time.Millisecond))
		}},
	{"few-pings", "pings missing for the percentile that a limit asks for", "pings", 0, Never,
		func(r Run, s Summary) (float64, bool) {
			if r.Asked <= 0 || r.Asked >= 1 || !s.P50.OK {
				return 0, false
			}
			return float64(max(0, r.Facts.Transport.Needed(r.Asked)-r.Counts.Answered)), true
		},
		func(r Run, _ Summary, _ float64) string {
			n, need := r.Counts.Answered, r.Facts.Transport.Needed(r.Asked)
			return r.Facts.Transport.Words(fmt.Sprintf("%s %s too few for the P%.0f that a limit was set on (%d are "+
				"needed)", Many(n, "answered ping"), Form(n, "is", "are"), 100*r.Asked, need))
		}},
}

// legsWithRED are the legs on which each packet carries those before it again.
func legsWithRED(r Run) (list []string) {
	for _, leg := range r.Facts.Audio {
		if leg.RED {
			list = append(list, string(leg.Leg))
		}
	}
	return list
}

// ridesEncoder reports whether pings left with the packets of an encoder that keeps its own time, and not ours. Such
// pings wait for the encoder's next packet, and count as not sent when no packet comes.
func (r Run) ridesEncoder() bool { return r.Facts.Engine == Browser && r.Facts.Transport == RTPAudio }

// maxSlew is how far a wall clock may be slewed against the monotonic one without being stepped: 500 ppm is the most
// that Linux does (adjtimex(2): freq is clamped to ±32768000, in units of 2^-16 ppm).
const maxSlew = 500e-6

// SandboxDoubt is the code of the doubt that a run against a server inside this process carries: it measures this
// machine.
const SandboxDoubt = "sandbox"

// Criteria is the table by which runs are judged.
func Criteria() []Criterion { return slices.Clone(criteria) }

// judge gives the verdict on r. What is not known speaks against no run. Of a run of the original tool nothing is known
// but how many pings were sent.
func judge(r Run, s Summary) Validity {
	v := Validity{Verdict: Valid}
	if r.Judged != nil {
		v = *r.Judged
	}
	if r.OfOriginal() && v.Verdict == Valid { // also where an older rtcbench said so
		v.Verdict = Unjudged
	}
	if r.Judged != nil {
		return v
	}
	for _, c := range criteria {
		if r.OfOriginal() && c.Code != nothingSent {
			continue
		}
		if g, ok := c.judge(r, s); ok {
			v.Grounds = append(v.Grounds, g)
		}
	}
	slices.SortStableFunc(v.Grounds, func(a, b Ground) int { return worse(a.Verdict, b.Verdict) })
	if len(v.Grounds) > 0 {
		v.Verdict = v.Grounds[0].Verdict
	}
	return v
}

// judge gives the ground that c finds in r, if it finds one.
func (c Criterion) judge(r Run, s Summary) (Ground, bool) {
	value, known := c.value(r, s)
	g := Ground{Code: c.Code, Value: value, Unit: r.Facts.Transport.Words(c.Unit)}
	switch {
	case !known:
		return g, false
	case value > c.Invalid:
		g.Verdict, g.Limit = Invalid, c.Invalid
	case value > c.Doubtful:
		g.Verdict, g.Limit = Doubtful, c.Doubtful
	default:
		return g, false
	}
	g.Text = c.text(r, s, value)
	return g, true
}

func count(yes bool) (float64, bool) {
	if yes {
		return 1, true
	}
	return 0, true
}

// shareOfP50 is part in percent of the P50. It is not known for a run that had nothing but the instrument to measure.
func (r Run) shareOfP50(part Quantity, s Summary) (float64, bool) {
	if r.ofItself() {
		return 0, false
	}
	return share(part, s.P50)
}

// share is part as percent of whole, where both are known.
func share(part, whole Quantity) (float64, bool) {
	if !part.OK || !whole.OK || whole.D <= 0 {
		return 0, false
	}
	return 100 * float64(part.D) / float64(whole.D), true
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func rounded(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// doubted reports whether r brought a doubt of that code with it.
func (r Run) doubted(code string) bool {
	return slices.ContainsFunc(r.Doubts, func(d Doubt) bool { return d.Code == code })
}

// changedPairs are the legs whose pair was selected again after the run had begun, once for each time.
func changedPairs(r Run) (legs []string) {
	seen := map[Leg]bool{}
	for _, p := range r.Facts.ICE {
		if seen[p.Leg] && p.At.After(r.Start) {
			legs = append(legs, string(p.Leg))
		}
		seen[p.Leg] = true
	}
	return legs
}

// changes are the changes of these kinds after the run had begun.
func changes(r Run, kinds ...string) (list []Change) {
	for _, c := range r.Facts.Changes {
		if slices.Contains(kinds, c.What) && c.At.After(r.Start) {
			list = append(list, c)
		}
	}
	return list
}

func told(list []Change) string {
	var texts []string
	for _, c := range list {
		texts = append(texts, fmt.Sprintf("%s %q to %q", c.What, c.From, c.To))
	}
	return strings.Join(texts, ", ")
}
