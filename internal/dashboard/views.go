package dashboard

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
)

// All values are in milliseconds, all times in Unix seconds. null is a value that is not known.

// SeriesList is what /api/v1/series answers.
type SeriesList struct {
	Store  string   `json:"store"`
	Since  float64  `json:"since"`
	Until  float64  `json:"until"`
	List   []Series `json:"series"`
	Next   *string  `json:"next"` // where the list goes on; null = nowhere
	Errors []string `json:"errors"`
}

// Series is one series over a time.
type Series struct {
	Location  string     `json:"location_id"`
	Platform  string     `json:"platform"`
	Engine    string     `json:"engine"`
	Transport string     `json:"transport_class"`
	Path      string     `json:"path"`
	EchoPlace string     `json:"echo_place"` // place whose echo answered; none = no other place's
	Where     *Point     `json:"where"`      // from the fleet, or of the region of that name
	Last      LastRun    `json:"last_run"`
	Total     Sum        `json:"total"`
	P50       []*float64 `json:"p50"`       // medians of the parts
	Parts     []Sum      `json:"parts"`     // none in brief
	Curve     []Rank     `json:"curve"`     // of all answered pings of the time; none in brief
	Bins      []Bin      `json:"bins"`      // a histogram of the same pings; none in brief
	NotShown  string     `json:"not_shown"` // why there are no pictures; "" = there are
}

// LastRun is the newest run of a series.
type LastRun struct {
	ID      string        `json:"run_id"`
	EndTime float64       `json:"end_time"`
	P95     *float64      `json:"p95_rtt"`
	Verdict bench.Verdict `json:"validity"`
}

func lastOf(d bench.Digest) LastRun {
	return LastRun{d.ID, unix(d.End), quantityMillis(d.P95), d.Verdict}
}

// Sum is what runs add up to. Its percentiles are of the merged distribution, and never means of percentiles.
type Sum struct {
	Runs     int                   `json:"runs"`          // runs in the sum
	LeftOut  int                   `json:"runs_left_out"` // invalid ones
	Answered int                   `json:"answered"`
	Failed   int                   `json:"failed"`
	NotSent  int                   `json:"not_sent"`
	Loss     *float64              `json:"packet_loss_rate"`
	LossCI   *[2]float64           `json:"packet_loss_ci95"`
	P        [7]*float64           `json:"p"`        // percentiles at Levels
	P50CI    *[2]float64           `json:"p50_ci95"` // assumes that pings are independent of each other
	P95CI    *[2]float64           `json:"p95_ci95"`
	P99CI    *[2]float64           `json:"p99_ci95"`
	Heat     [][2]int              `json:"heat"` // pairs: a step of latency, and how many pings are in the step
	Verdicts map[bench.Verdict]int `json:"verdicts"`
}

// Levels are the quantiles of Sum.P.
var Levels = [7]float64{0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99}

// heatSteps is how many steps a heat map has for each factor of ten. Step i begins at 10^(i/heatSteps) ms.
const heatSteps = 16

func newSeries(store string, t archive.Timelines, brief bool, where func(location string) *Point) SeriesList {
	out := SeriesList{Store: store, Since: unix(t.Since), Until: unix(t.Until), List: []Series{}, Errors: texts(t.Bad)}
	for _, l := range t.List {
		s := Series{
			Location: l.Location, Platform: l.Platform, Engine: l.Engine, Transport: string(l.Transport),
			Path: string(l.Path), EchoPlace: l.Echo, Where: where(l.Location), Total: newSum(l.Part),
			P50:   make([]*float64, len(l.Parts)),
			Parts: []Sum{}, Curve: []Rank{}, Bins: []Bin{},
			Last: lastOf(l.Last),
		}
		for i, p := range l.Parts {
			if p != nil {
				s.P50[i] = quantileOf(p.Histogram, 0.5)
			}
		}
		if !brief {
			s.Curve, s.Bins, s.Parts = curveOf(l.Histogram), binsOf(l.Histogram), make([]Sum, len(l.Parts))
			for i, p := range l.Parts {
				if p == nil {
					p = &archive.Part{}
				}
				s.Parts[i] = newSum(*p)
			}
		}
		if s.Total.Answered == 0 {
			s.NotShown = whyNothing(s.Total, l.Transport)
		}
		out.List = append(out.List, s)
	}
	return out
}

func whyNothing(t Sum, of bench.TransportClass) string {
	if t.Runs == 0 && t.LeftOut > 0 {
		return "all runs of this time are invalid, and left out"
	}
	return of.Words("no ping was answered in this time")
}

func newSum(p archive.Part) Sum {
	s := Sum{
		Runs: p.Runs, LeftOut: p.LeftOut, Answered: p.Counts.Answered, Failed: p.Counts.Failed(),
		NotSent: p.Counts.NotSent, Heat: [][2]int{}, Verdicts: p.Verdicts,
	}
	if s.Verdicts == nil {
		s.Verdicts = map[bench.Verdict]int{}
	}
	if n := p.Counts.Settled(); n > 0 {
		loss := float64(s.Failed) / float64(n)
		s.Loss = &loss
		if lo, hi, ok := stats.Wilson(s.Failed, n); ok {
			s.LossCI = &[2]float64{lo, hi}
		}
	}
	for i, q := range Levels {
		s.P[i] = quantileOf(p.Histogram, q)
	}
	_, s.P50CI = withInterval(p.Histogram, 0.5)
	_, s.P95CI = withInterval(p.Histogram, 0.95)
	_, s.P99CI = withInterval(p.Histogram, 0.99)
	p.Histogram.Buckets(func(lo, hi time.Duration, n uint64) bool {
		step := int(math.Floor(heatSteps * math.Log10(max(1e-3, millis((lo+hi)/2)))))
		if last := len(s.Heat) - 1; last >= 0 && s.Heat[last][0] == step {
			s.Heat[last][1] += int(n)
		} else {
			s.Heat = append(s.Heat, [2]int{step, int(n)})
		}
		return true
	})
	return s
}

// Rank is a point of a curve of percentiles. The 95 % interval assumes that pings are independent of each other.
type Rank struct {
	Q  float64  `json:"q"`
	MS float64  `json:"ms"`
	Lo *float64 `json:"lo"`
	Hi *float64 `json:"hi"`
}

// curveLevels are the quantiles of a curve. They are evenly spaced on a logarithmic axis of 1/(1−q).
var curveLevels = func() (list []float64) {
	for i := 0; i <= 4*12; i++ {
		list = append(list, 1-math.Pow(10, -float64(i)/12))
	}
	return list
}()

// curveOf is the curve of h. It ends at the last level that still has a ping above it.
func curveOf(h stats.Histogram) []Rank {
	n := int(h.Total())
	list := []Rank{}
	at := ranks(h)
	for _, q := range curveLevels {
		if n == 0 || float64(n)*(1-q) < 1 && q > 0 {
			break
		}
		d, _ := h.Quantile(q)
		p := Rank{Q: q, MS: millis(d)}
		if lo, hi, ok := stats.QuantileRanks(n, q); ok {
			l, u := millis(at(lo)), millis(at(hi))
			p.Lo, p.Hi = &l, &u
		}
		list = append(list, p)
	}
	return list
}

// ranks looks up the value of a rank. The lowest rank is 1.
func ranks(h stats.Histogram) func(rank int) time.Duration {
	n := float64(h.Total())
	return func(rank int) time.Duration {
		d, _ := h.Quantile((float64(rank) - 0.5) / n)
		return d
	}
}

// Bin is a bar of a histogram.
type Bin struct {
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
	N  int     `json:"n"`
}

// bars is how many bars a histogram has below the 99th percentile. One more bar holds all values above.
const bars = 40

func binsOf(h stats.Histogram) []Bin {
	list := []Bin{}
	first, ok := h.Quantile(0)
	if !ok {
		return list
	}
	last, _ := h.Quantile(0.99)
	lo, hi := millis(first), millis(last)
	width := nice(max((hi-lo)/bars, hi/1000)) // not zero, even if all values are equal
	begin := math.Floor(lo/width) * width
	n := int(math.Ceil((hi-begin)/width)) + 1
	for i := range n {
		list = append(list, Bin{Lo: begin + float64(i)*width, Hi: begin + float64(i+1)*width})
	}
	rest := Bin{Lo: begin + float64(n)*width}
	h.Buckets(func(from, to time.Duration, count uint64) bool {
		v := millis((from + to) / 2)
		rest.Hi = v
		if i := int((v - begin) / width); i < n {
			list[max(0, i)].N += int(count)
		} else {
			rest.N += int(count)
		}
		return true
	})
	if rest.N > 0 {
		list = append(list, rest)
	}
	return list
}

// nice is the least of 1, 2 and 5 times a power of ten that is not below v.
func nice(v float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(max(v, 1e-3))))
	for _, f := range []float64{1, 2, 5} {
		if f*step >= v {
			return f * step
		}
	}
	return 10 * step
}

// Run is one run: its result file, and the data of its pictures.
type Run struct {
	Result json.RawMessage `json:"result"`
	Curve  []Rank          `json:"curve"`
	Bins   []Bin           `json:"bins"`
	Buffer *Buffers        `json:"buffers"` // of a run of audio; null = another run
}

// NewRun is the view of r.
func NewRun(r bench.Record) (v Run, err error) {
	v.Result, err = result.NewDocument(r).Line()
	h := r.Histogram()
	v.Curve, v.Bins, v.Buffer = curveOf(h), binsOf(h), buffersOf(r)
	return v, err
}

// Comparison is how two sides compare: over all places, as rtcbench compare does it, and at each place that both sides
// have.
type Comparison struct {
	All    report.Groups `json:"all"`
	Places []AtPlace     `json:"places"`
	Next   *string       `json:"next"` // where the list of places goes on; null = nowhere
}

// AtPlace is how both sides compare at one location, with the echo of one place.
type AtPlace struct {
	Location string        `json:"location_id"`
	Echo     string        `json:"echo_place"` // place whose echo answered; none = no other place's
	Groups   report.Groups `json:"comparison"`
}

func newComparison(a, b report.Group, by report.Against) Comparison {
	c := Comparison{All: report.CompareGroups(a, b, by), Places: []AtPlace{}}
	here, there := byPlace(a), byPlace(b)
	if len(here) < 2 && len(there) < 2 {
		return c
	}
	order := func(a, b way) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) }
	for _, w := range slices.SortedFunc(maps.Keys(here), order) {
		if x, y := here[w], there[w]; len(y.Runs) > 0 {
			c.Places = append(c.Places, AtPlace{w.from, w.to, report.CompareGroups(x, y, by)})
		}
	}
	return c
}

// way is a pair of a location and the place of an echo.
type way struct{ from, to string }

func byPlace(g report.Group) map[way]report.Group {
	all := map[way]report.Group{}
	for _, r := range g.Runs {
		s := bench.SeriesOf(r.Run)
		at := way{s.Location, s.Echo}
		all[at] = report.Group{Name: g.Name + " at " + s.Way(), Runs: append(all[at].Runs, r)}
	}
	return all
}

func millis(d time.Duration) float64 { return float64(d) / 1e6 }

func unix(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// quantileOf is a quantile in milliseconds; nil of an empty histogram.
func quantileOf(h stats.Histogram, q float64) *float64 {
	d, ok := h.Quantile(q)
	return quantityMillis(bench.Quantity{D: d, OK: ok})
}

func quantityMillis(q bench.Quantity) *float64 {
	if !q.OK {
		return nil
	}
	v := millis(q.D)
	return &v
}
