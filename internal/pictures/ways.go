package pictures

import (
	"cmp"
	"fmt"
	"math"

	"rtcbench/bench"
	"rtcbench/internal/dashboard"
	"rtcbench/internal/drawing"
	"rtcbench/internal/report"
)

// ways are how both ways are drawn.
var ways = []struct {
	name  string
	style drawing.Style
}{
	{"up", drawing.Style{Stroke: accent, Width: 2, Class: "up"}},
	{"down", drawing.Style{Stroke: warn, Width: 2, Dash: 7, Class: "down"}},
}

// waysLegend says which line is which, and what is known of each.
func (f *frame) waysLegend(told [2]string) {
	f.y += 4
	for i, way := range ways {
		f.y += lineHeight
		of := way.style
		of.Class = ""
		f.Line(margin, f.y-6, margin+40, f.y-6, of)
		f.Text(margin+50, f.y, textFont.Cut(way.name+": "+told[i], across-50), textFont)
	}
	f.y += 6
}

func oneWay(r bench.Record) (*drawing.Sheet, error) {
	o := r.Summary.OneWay
	var took [2][][2]float64
	top, end := 0.001, 1.0
	for _, s := range r.Samples {
		up, ok := o.UpOf(s)
		if down, _ := o.DownOf(s); ok && s.Outcome == bench.Answered {
			at := s.Sent.Seconds()
			took[0] = append(took[0], [2]float64{at, float64(up) / 1e6})
			took[1] = append(took[1], [2]float64{at, float64(down) / 1e6})
			top, end = max(top, float64(up)/1e6, float64(down)/1e6), max(end, at)
		}
	}
	if len(took[0]) < 2 {
		return nil, &Nothing{"oneway", cmp.Or(o.Why, unanswered(r))}
	}
	f := headed(r, "each way by itself")
	var told [2]string
	for i, of := range []bench.Spread{o.Up, o.Down} {
		told[i] = fmt.Sprintf("P50 %s ms, P95 %s ms, P99 %s ms", report.Number(of.P50), report.Number(of.P95),
			report.Number(of.P99))
	}
	f.waysLegend(told)
	clocks := "Both ends have one clock."
	if half := o.Offset.HalfWidth(); half > 0 {
		clocks = fmt.Sprintf("Each is known to within ± %s ms: the ends have two clocks.",
			report.Number(bench.Known(half, true)))
	}
	f.say(smallFont, fmt.Sprintf("%s n = %s.", clocks, bench.Many(len(took[0]), "answered ping")), 2)
	c := f.chart(300, axis{name: "seconds after the start", hi: end}, axis{name: "one way, ms", hi: top * 1.08},
		r.Summary.Validity.Verdict)
	for i, way := range ways {
		c.curve(took[i], way.style)
	}
	return f.done(), nil
}

func jitterBuffer(r bench.Record) (*drawing.Sheet, error) {
	of, err := dashboard.NewRun(r)
	switch {
	case err != nil:
		return nil, err
	case of.Buffer == nil:
		return nil, &Nothing{"jitter-buffer", "only a run of audio packets has one"}
	case len(of.Buffer.Up)+len(of.Buffer.Down) == 0:
		return nil, &Nothing{"jitter-buffer", cmp.Or(r.Summary.OneWay.Why, unanswered(r))}
	}
	var curves [2][][2]float64
	top, deepest := 0.1, 0.5
	for i, list := range [][]dashboard.BufferPoint{of.Buffer.Up, of.Buffer.Down} {
		for _, p := range list {
			curves[i] = append(curves[i], [2]float64{-math.Log10(p.Share), p.Wait})
			top, deepest = max(top, p.Wait), max(deepest, -math.Log10(p.Share))
		}
	}
	f := headed(r, "what a jitter buffer has to wait")
	var told [2]string
	for i, way := range []bench.Variation{r.Summary.Up, r.Summary.Down} {
		told[i] = "to lose 1 % needs 100 packets"
		if way.Buffer1.OK {
			told[i] = fmt.Sprintf("%s ms to lose 1 %%", report.Number(way.Buffer1))
		}
		if way.Buffer01.OK {
			told[i] += fmt.Sprintf(", %s ms to lose 0.1 %%", report.Number(way.Buffer01))
		}
	}
	f.waysLegend(told)
	f.say(smallFont, fmt.Sprintf("A buffer of a fixed size waits so long, beyond the fastest packet; packets that "+
		"take longer come too late for it. n = %s.", bench.Many(r.Summary.Up.Packets, "packet")), 3)
	c := f.chart(300, axis{name: "packets that come too late, %", lo: -math.Log10(0.5), hi: deepest,
		ticks: rarities(deepest, func(share float64) string { return fmt.Sprintf("%.4g", 100*share) })[1:]},
		axis{name: "wait, ms", hi: top * 1.08}, r.Summary.Validity.Verdict)
	for i, way := range ways {
		c.curve(curves[i], way.style)
	}
	return f.done(), nil
}
