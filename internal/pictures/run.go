package pictures

import (
	"fmt"
	"math"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/dashboard"
	"rtcbench/internal/drawing"
	"rtcbench/internal/report"
)

// unanswered says why a run has no distribution.
func unanswered(r bench.Record) string {
	switch {
	case r.Turns != nil:
		return "no turn was answered and could be measured"
	case r.Counts.Sent == 0:
		return "no ping was sent"
	case r.Counts.Answered == 0:
		return "no ping was answered in time"
	}
	return "what was kept of it has no samples"
}

// unit is what a run consists of, and what is measured of each.
func unit(r bench.Record) (things, measure string) {
	if r.Turns != nil {
		return "turns", "turn latency, ms"
	}
	return "pings", "round trip, ms"
}

// distribution draws a histogram, its median and its P95; it needs an answered ping.
func (f *frame) distribution(r bench.Record, of dashboard.Run, height float64) {
	bins, rest := of.Bins, ""
	if n := len(bins) - 1; n > 0 && bins[n].Hi-bins[n].Lo > 1.5*(bins[0].Hi-bins[0].Lo) {
		rest = fmt.Sprintf("%d of them above %.4g ms, up to %.4g ms.", bins[n].N, bins[n].Lo, bins[n].Hi)
		bins = bins[:n]
	}
	most := 0
	for _, b := range bins {
		most = max(most, b.N)
	}
	things, measure := unit(r)
	c := f.chart(height, axis{name: measure, lo: bins[0].Lo, hi: bins[len(bins)-1].Hi},
		axis{name: things, hi: float64(most) * 1.1, whole: true}, r.Summary.Validity.Verdict)
	for _, b := range bins {
		if b.N == 0 {
			continue
		}
		from, to := c.at(b.Lo, float64(b.N)), c.at(b.Hi, 0)
		c.Rect(from.X, from.Y, max(1, to.X-from.X-0.7), to.Y-from.Y, drawing.Style{Fill: accent, Class: "bin",
			Title: fmt.Sprintf("%.4g … %.4g ms: %s", b.Lo, b.Hi, bench.Many(b.N, r.Facts.Transport.Words("ping")))})
	}
	c.upright(float64(r.Summary.P50.D)/1e6, "P50", drawing.End)
	c.upright(float64(r.Summary.P95.D)/1e6, "P95", drawing.Begin)
	if rest != "" {
		f.y -= 4
		f.say(smallFont, rest, 1)
	}
}

func histogram(r bench.Record) (*drawing.Sheet, error) {
	of, err := dashboard.NewRun(r)
	if err != nil {
		return nil, err
	}
	if len(of.Bins) == 0 {
		return nil, &Nothing{"histogram", unanswered(r)}
	}
	f := headed(r, "distribution")
	f.figures(r)
	f.distribution(r, of, 300)
	return f.done(), nil
}

// fates are how each fate is drawn: never by its colour alone.
var fates = []struct {
	outcome bench.Outcome
	name    string
	colour  string
	draw    func(s *drawing.Sheet, x, y, r float64, of drawing.Style)
	edge    bool // it has no round trip
}{
	{outcome: bench.Answered, name: "answered", colour: accent},
	{outcome: bench.Late, name: "late", colour: warn, draw: triangle},
	{outcome: bench.Lost, name: "lost", colour: bad, draw: cross, edge: true},
	{outcome: bench.NotSent, name: "not sent", colour: quiet, draw: ring, edge: true},
	{outcome: bench.Unsettled, name: "not settled", colour: quiet, draw: ring, edge: true},
}

// over draws each ping over the time of a run that has samples.
func (f *frame) over(r bench.Record, height float64) {
	end, top := time.Second, time.Millisecond
	count := map[bench.Outcome]int{}
	for _, s := range r.Samples {
		end = max(end, s.Due, s.Sent)
		if s.Outcome == bench.Answered { // what came later stands at the edge, or nothing else would be seen
			top = max(top, s.RTT)
		}
		count[s.Outcome]++
	}
	f.legend(count, r.Turns != nil)
	_, measure := unit(r)
	c := f.chart(height, axis{name: "seconds after the start", hi: end.Seconds()},
		axis{name: measure, hi: float64(top) / 1e6 * 1.15}, r.Summary.Validity.Verdict)
	var dots []drawing.Point
	seen := map[[3]int]bool{}
	for _, s := range r.Samples {
		when := s.Sent
		if s.Outcome == bench.NotSent {
			when = s.Due
		}
		at := c.at(when.Seconds(), float64(s.RTT)/1e6)
		for _, kind := range fates {
			if kind.outcome != s.Outcome {
				continue
			}
			if kind.edge {
				at.Y = c.top
			}
			place := [3]int{int(s.Outcome), int(at.X), int(at.Y)}
			switch {
			case seen[place]: // one mark is there, and another would not be seen
			case kind.draw == nil:
				dots = append(dots, at)
			default:
				style := drawing.Style{Stroke: kind.colour, Width: 2, Class: s.Outcome.String(),
					Title: fmt.Sprintf("%d: %s", s.Seq, kind.name)}
				if !kind.edge {
					style.Fill = kind.colour
				}
				kind.draw(c.Sheet, at.X, at.Y, 5, style)
			}
			seen[place] = true
		}
	}
	c.Dots(dots, 2, drawing.Style{Fill: accent, Class: "answered"})
}

// ofTurns are the names of fates, where those of a turn are others.
var ofTurns = map[bench.Outcome]string{bench.Lost: "no answer", bench.NotSent: "early, or not measurable"}

// legend says which mark is which, and how many there are.
func (f *frame) legend(count map[bench.Outcome]int, turns bool) {
	f.y += 26
	x, edges := margin+8, false
	for _, kind := range fates {
		n := count[kind.outcome]
		if n == 0 {
			continue
		}
		edges = edges || kind.draw != nil
		style := drawing.Style{Stroke: kind.colour, Width: 2}
		if !kind.edge {
			style.Fill = kind.colour
		}
		if kind.draw == nil {
			f.Dots([]drawing.Point{{X: x, Y: f.y - 6}}, 4, style)
		} else {
			kind.draw(f.Sheet, x, f.y-6, 5, style)
		}
		name, other := ofTurns[kind.outcome]
		if !turns || !other {
			name = kind.name
		}
		text := fmt.Sprintf("%s %d", name, n)
		f.Text(x+12, f.y, text, textFont)
		x += 12 + textFont.WidthOf(text) + 26
	}
	edge := "(at the upper edge: too late, or no round trip)"
	if turns {
		edge = "(at the upper edge: without a latency)"
	}
	if !edges {
		return
	}
	if x+smallFont.WidthOf(edge) > sheetWidth-margin {
		f.y += lineHeight
		x = margin
	}
	f.Text(x, f.y, edge, smallFont)
}

func series(r bench.Record) (*drawing.Sheet, error) {
	if len(r.Samples) == 0 {
		return nil, &Nothing{"series", unanswered(r)}
	}
	things, _ := unit(r)
	f := headed(r, "every one of its "+things)
	f.figures(r)
	f.over(r, 300)
	return f.done(), nil
}

// rarities are the ticks of an axis on which each step is ten times as rare.
func rarities(deepest float64, name func(share float64) string) (list []tick) {
	for _, share := range []float64{1, 0.5, 0.1, 0.05, 0.01, 0.001, 0.0001, 0.00001} {
		if at := -math.Log10(share); at <= deepest+1e-9 {
			list = append(list, tick{at, name(share)})
		}
	}
	return list
}

func percentiles(r bench.Record) (*drawing.Sheet, error) {
	of, err := dashboard.NewRun(r)
	if err != nil {
		return nil, err
	}
	switch n := len(of.Curve); {
	case n == 0:
		return nil, &Nothing{"percentiles", unanswered(r)}
	case n == 1:
		return nil, &Nothing{"percentiles", r.Facts.Transport.Words("one answered ping has no percentiles")}
	}
	deep := func(q float64) float64 { return -math.Log10(1 - q) }
	last := of.Curve[len(of.Curve)-1]
	low, high := of.Curve[0].MS, last.MS
	var curve, lower, upper [][2]float64
	for _, p := range of.Curve {
		curve = append(curve, [2]float64{deep(p.Q), p.MS})
		if p.Lo != nil && p.Hi != nil {
			lower, upper = append(lower, [2]float64{deep(p.Q), *p.Lo}), append(upper, [2]float64{deep(p.Q), *p.Hi})
			low, high = min(low, *p.Lo), max(high, *p.Hi)
		}
	}
	f := headed(r, "percentiles")
	f.figures(r)
	f.say(smallFont, r.Facts.Transport.Words("The band is the 95 % interval, if pings were independent of each other; "+
		"where it ends they are too few."), 2)
	_, measure := unit(r)
	pad := max((high-low)*0.06, 0.01)
	ticks := rarities(deep(last.Q), func(share float64) string { return fmt.Sprintf("%.6g", 100*(1-share)) })
	c := f.chart(300, axis{name: "percentile", hi: deep(last.Q), ticks: ticks},
		axis{name: measure, lo: max(0, low-pad), hi: high + pad}, r.Summary.Validity.Verdict)
	for i := len(lower) - 1; i >= 0; i-- {
		upper = append(upper, lower[i])
	}
	c.area(upper, drawing.Style{Fill: accent, Opacity: 0.25, Class: "interval"})
	c.curve(curve, drawing.Style{Stroke: accent, Width: 2.5, Class: "percentiles"})
	return f.done(), nil
}

func overview(r bench.Record) (*drawing.Sheet, error) {
	of, err := dashboard.NewRun(r)
	if err != nil {
		return nil, err
	}
	_, measure := unit(r)
	f := headed(r, measure)
	f.tiles(r)
	if len(of.Bins) > 0 {
		f.distribution(r, of, 190)
	} else {
		f.say(boldFont, "No distribution: "+unanswered(r)+".", 2)
	}
	if len(r.Samples) > 0 {
		f.over(r, 190)
	}
	return f.done(), nil
}

// tiles are the figures that decide, large.
func (f *frame) tiles(r bench.Record) {
	list := report.Figures(r)
	quantiles := len(list)
	if loss, ok := report.Loss(r); ok {
		list = append(list, loss)
	}
	f.y += 10
	width := across / float64(len(list))
	lower := 0
	for i, x := range list {
		left := margin + width*float64(i)
		value := x.Value
		if i < quantiles && r.Counts.Answered > 0 {
			value += " ms"
		}
		f.Text(left, f.y+16, x.Name, boldFont)
		large := largeFont
		for large.WidthOf(value) > width-10 {
			large.Size--
		}
		f.Text(left, f.y+50, value, large)
		notes := smallFont.Wrap(x.Interval, width-12, 3)
		for j, line := range notes {
			f.Text(left, f.y+73+20*float64(j), line, smallFont)
		}
		lower = max(lower, len(notes))
	}
	f.y += 60 + 20*float64(lower)
	f.say(smallFont, "Below each: its 95 % interval; "+answered(r), 1)
}
