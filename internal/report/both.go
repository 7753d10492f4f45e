package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
)

// Both is the result file of a run on two platforms at the same time. A platform that failed is null, and Errors has
// the reason. The comparison is null if a platform cut its run short.
type Both = both[result.File]

type both[File any] struct {
	Daily      *File             `json:"daily"`
	Livekit    *File             `json:"livekit"`
	Comparison *Comparison       `json:"comparison"`
	Errors     map[string]string `json:"errors,omitempty"`
}

// Comparison compares a run on Daily with a run on LiveKit. Differences are Daily − LiveKit.
type Comparison struct {
	// Alike says that both runs used one transport class, and one path as far as both paths are known.
	Alike            bool                     `json:"alike"`
	TransportClasses map[string]*string       `json:"transport_classes"`
	Paths            map[string]*string       `json:"paths"` // bench.Path
	MedianDiff       *Diff                    `json:"median_diff_ms"`
	P95Diff          *Diff                    `json:"p95_diff_ms"`
	LossDiff         *Shift                   `json:"loss_diff"` // between the loss ratios
	Paired           bool                     `json:"paired"`    // ping by ping: both pings of a slot
	Pairs            int                      `json:"pairs"`
	Validity         map[string]bench.Verdict `json:"validity"`
	Verdict          string                   `json:"verdict"`
	// ForVoice says in one sentence which path is faster for people who talk. It is set only if both runs used audio
	// packets alike.
	ForVoice string `json:"for_voice,omitempty"`
}

// Diff is a difference in milliseconds with its 95 % interval.
type Diff struct {
	Value float64    `json:"value"`
	CI95  [2]float64 `json:"ci95"`
}

const (
	noDifference = "no difference shown"
	unlikePaths  = "not the same kind of path: "
)

// Compare compares a run on Daily with a run on LiveKit that was made at the same time. If both runs have the same
// grid, the two pings of a slot are a pair. A slot in which one of them failed is left out.
func Compare(daily, livekit bench.Record) Comparison {
	c := Comparison{
		Validity: map[string]bench.Verdict{"daily": daily.Summary.Validity.Verdict,
			"livekit": livekit.Summary.Validity.Verdict},
		Alike: daily.Facts.Transport != "" && daily.Facts.Transport == livekit.Facts.Transport &&
			alike(daily.Path(), livekit.Path()) && alike(daily.Repair(), livekit.Repair()),
		TransportClasses: map[string]*string{"daily": named(string(daily.Facts.Transport)),
			"livekit": named(string(livekit.Facts.Transport))},
		Paths:  map[string]*string{"daily": named(string(daily.Path())), "livekit": named(string(livekit.Path()))},
		Paired: daily.Plan.OnGrid() && daily.Plan.Cooldown == livekit.Plan.Cooldown,
	}
	a, b := daily.Summary.RTTs, livekit.Summary.RTTs
	if c.Paired {
		a, b = pairs(daily.Run, livekit.Run, answeredRTT)
		c.Pairs = len(a)
	}
	median, ok := stats.DifferenceOfQuantiles(a, b, 0.5, c.Paired)
	if !ok {
		c.Verdict = "too few pings to compare"
	} else {
		c.MedianDiff = newDiff(median)
		p95, _ := stats.DifferenceOfQuantiles(a, b, 0.95, c.Paired)
		c.P95Diff = newDiff(p95)
		c.Verdict = verdict(median)
	}
	if why := areInvalid("the run on Daily", "the run on LiveKit", c.Validity["daily"] == bench.Invalid,
		c.Validity["livekit"] == bench.Invalid); why != "" {
		c.Verdict = "none: " + why
	}
	c.LossDiff = lossDiff([]bench.Record{daily}, []bench.Record{livekit})
	more := c.LossDiff.losesMore("Daily", "LiveKit", &daily.Summary.Loss, &livekit.Summary.Loss)
	c.Verdict += more
	if !c.Alike {
		c.Verdict = unlikePaths + c.Verdict
	}
	if c.ForVoice = forVoice(c, daily, livekit); c.ForVoice != "" {
		c.ForVoice += more
	}
	return c
}

// forVoice says which of two paths of audio packets is faster for people who talk; "" = the runs do not show that.
func forVoice(c Comparison, daily, livekit bench.Record) string {
	d := c.MedianDiff
	invalid := func(v bench.Verdict) bool { return v == bench.Invalid }
	if d == nil || !c.Alike || daily.Facts.Transport != bench.RTPAudio || invalid(c.Validity["daily"]) ||
		invalid(c.Validity["livekit"]) {
		return ""
	}
	ears := ""
	if x, ok := heard(daily); ok {
		if y, ok := heard(livekit); ok {
			ears = fmt.Sprintf("; from mouth to ear Daily %.0f ms, LiveKit %.0f ms", millis(x.MouthToEar),
				millis(y.MouthToEar))
		}
	}
	switch {
	case d.CI95[0] <= 0 && d.CI95[1] >= 0:
		return fmt.Sprintf("from here neither is shown to be faster: the difference lies between %s and %s ms of "+
			"round trip%s", SignedDecimal(d.CI95[0], 2), SignedDecimal(d.CI95[1], 2), ears)
	case d.Value < 0:
		return fmt.Sprintf("from here Daily is faster, by %.2f ms of round trip%s", -d.Value, ears)
	}
	return fmt.Sprintf("from here LiveKit is faster, by %.2f ms of round trip%s", d.Value, ears)
}

// named is a pointer to s; nil = s is empty and so not known.
func named(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// alike reports whether a and b are equal, or one of them is not known.
func alike[T ~string](a, b T) bool { return a == b || a == "" || b == "" }

func verdict(d stats.Difference) string {
	switch {
	case !d.Excludes0():
		return noDifference
	case d.Value < 0:
		return "daily faster"
	}
	return "livekit faster"
}

func newDiff(d stats.Difference) *Diff {
	return &Diff{millis(d.Value), [2]float64{millis(d.Lo), millis(d.Hi)}}
}

// pairs gives the values of the two pings of each slot. of gives the value of a ping; a slot without both values is
// left out.
func pairs(a, b bench.Run, of func(bench.Sample) (time.Duration, bool)) (x, y []time.Duration) {
	// The starts of aligned grids differ by whole periods and by their phases. Without subtracting the phases, half a
	// period could be rounded either way.
	apart := a.Start.Sub(b.Start)
	if a.Plan.Aligned && b.Plan.Aligned {
		apart -= a.Plan.Phase - b.Plan.Phase
	}
	shift := int(math.Round(float64(apart) / float64(a.Plan.Cooldown)))
	for _, s := range a.Samples {
		i := int(s.Seq) - 1 + shift
		if i < 0 || i >= len(b.Samples) {
			continue
		}
		u, ok := of(s)
		v, also := of(b.Samples[i])
		if ok && also {
			x, y = append(x, u), append(y, v)
		}
	}
	return x, y
}

// comparable reports whether the runs can be compared. A platform that went away, or never answered, is neither faster
// nor slower.
func comparable(runs ...bench.Record) bool {
	for _, r := range runs {
		if r.Ended == bench.LinkLost || r.Counts.Answered == 0 {
			return false
		}
	}
	return true
}

// WriteBothJSON writes the result file of a run on two platforms; a nil document = the run failed. errs has the
// reasons.
func WriteBothJSON(w io.Writer, daily, livekit *result.Document, errs map[string]string) error {
	b := both[json.RawMessage]{Errors: errs}
	for _, side := range []struct {
		run  *result.Document
		file **json.RawMessage
	}{{daily, &b.Daily}, {livekit, &b.Livekit}} {
		if side.run == nil {
			continue
		}
		line, err := side.run.Line()
		if err != nil {
			return err
		}
		*side.file = (*json.RawMessage)(&line)
	}
	if daily != nil && livekit != nil && comparable(daily.Record, livekit.Record) {
		c := Compare(daily.Record, livekit.Record)
		b.Comparison = &c
	}
	return result.WriteJSON(w, b)
}

// WriteBothText writes the two runs side by side.
func WriteBothText(w io.Writer, d, l bench.Record) error {
	return Table{}.WriteBoth(w, d, l)
}

// WriteBoth writes the two runs side by side, and how they compare.
func (t Table) WriteBoth(w io.Writer, d, l bench.Record) error {
	p := newPage(lipgloss.NewRenderer(w))
	a, b := d.Summary, l.Summary
	row := func(name, x, y string) { p.line("  %-14s %28s %28s", name, x, y) }
	p.line("%s", p.strong.Render(fmt.Sprintf("  %-14s %28s %28s", "", "Daily", "LiveKit")))
	row("answered", answered(d.Run), answered(l.Run))
	row("validity", string(a.Validity.Verdict), string(b.Validity.Verdict))
	row("path", ends(wayOf(d), 28), ends(wayOf(l), 28))
	p.head("Round trip, ms")
	for _, q := range []struct {
		name string
		x, y bench.Quantity
	}{
		{"min", a.Min, b.Min}, {"P50", a.P50, b.P50}, {"P90", a.P90, b.P90}, {"P95", a.P95, b.P95},
		{"P99", a.P99, b.P99}, {"max", a.Max, b.Max}, {"mean", a.Mean, b.Mean},
	} {
		row(q.name, number(q.x), number(q.y))
	}
	p.head("Details")
	row("loss", loss(a), loss(b))
	if d.Counts.Lost+l.Counts.Lost > 0 {
		row("lost", lostWays(d.Run), lostWays(l.Run))
	}
	row("jitter, ms", number(a.Jitter), number(b.Jitter))
	p.line("  %-14s %s", "", p.dim.Render("(mean |ΔRTT|)"))
	row("one way, ms", ways(a), ways(b))
	p.variations(d, l, row)
	row("timer late, ms", number(a.TimerError.P50), number(b.TimerError.P50))
	if x, y := ears(d), ears(l); x != "" || y != "" {
		row("mouth to ear", cmp.Or(x, "–"), cmp.Or(y, "–"))
	}
	if t.Explain {
		p.explain("Daily: ", d)
		p.explain("LiveKit: ", l)
	}
	if comparable(d, l) {
		p.comparison(Compare(d, l))
	} else {
		p.head("Daily − LiveKit")
		p.line("  %-14s %s", "verdict", p.strong.Render("none: a platform that went away is neither faster nor slower"))
	}
	p.doubts(union(a.Doubts, b.Doubts))
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *page) comparison(c Comparison) {
	p.head("Daily − LiveKit")
	for _, d := range []struct {
		name string
		*Diff
	}{{"P50", c.MedianDiff}, {"P95", c.P95Diff}} {
		if d.Diff != nil {
			p.line("  %-14s %s ms  %s", d.name, SignedDecimal(d.Value, 2), p.dim.Render(fmt.Sprintf(
				"95 %% interval %s … %s", SignedDecimal(d.CI95[0], 2), SignedDecimal(d.CI95[1], 2))))
		}
	}
	for i, line := range Wrap(c.Verdict, width-17) {
		p.line("  %-14s %s", []string{"verdict", ""}[min(i, 1)], p.strong.Render(line))
	}
	if c.ForVoice != "" {
		for i, line := range Wrap(c.ForVoice, width-17) {
			p.line("  %-14s %s", []string{"for voice", ""}[min(i, 1)], line)
		}
	}
	if !c.Alike {
		for _, line := range Wrap(unlike(c), width-4) {
			p.line("  %s", p.dim.Render(line))
		}
	}
}

// unlike says in what the paths of the two platforms differ.
func unlike(c Comparison) string {
	daily, livekit := classOf(c, "daily"), classOf(c, "livekit")
	if daily == livekit {
		return "Both went by the " + daily + ", but not by the same kind of path, or lost packets are not repaired " +
			"by the same means: see the path and the audio of each run."
	}
	return "Daily's messages went by the " + daily + ", LiveKit's by the " + livekit + ": this is what an " +
		"application gets, and not a comparison of their media."
}

func classOf(c Comparison, platform string) string {
	if name := c.TransportClasses[platform]; name != nil {
		return bench.TransportClass(*name).Label()
	}
	return "unknown way"
}

func answered(r bench.Run) string {
	return fmt.Sprintf("%d of %d", r.Counts.Answered, r.Counts.Settled())
}

func loss(s bench.Summary) string {
	if !s.LossKnown {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*s.Loss)
}

// lostWays says how many pings were lost on each way.
func lostWays(r bench.Run) string {
	if w := r.Ways; w.Known && r.Counts.Lost > 0 {
		text := fmt.Sprintf("up %d, down %d", w.Up, w.Down)
		if w.Unknown > 0 {
			text += fmt.Sprintf(", unknown %d", w.Unknown)
		}
		return text
	}
	return "–"
}

func ways(s bench.Summary) string {
	if !s.OneWay.Known {
		return "–"
	}
	return fmt.Sprintf("up %s, down %s ± %s", number(s.OneWay.Up.P50), number(s.OneWay.Down.P50),
		fixed(s.OneWay.Offset.HalfWidth()))
}

// union is both lists. A doubt about one platform alone begins with the name of the platform.
func union(a, b []bench.Doubt) (list []bench.Doubt) {
	for _, d := range a {
		if !slices.Contains(b, d) {
			d.Text = "Daily: " + d.Text
		}
		list = append(list, d)
	}
	for _, d := range b {
		if !slices.Contains(a, d) {
			d.Text = "LiveKit: " + d.Text
			list = append(list, d)
		}
	}
	return list
}
