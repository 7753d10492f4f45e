package pictures

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/drawing"
	"rtcbench/internal/report"
)

// row is one difference of a forest plot.
type row struct {
	name string
	d    *report.Shift
	none string // why there is no difference
}

// forest draws how each other side differs from the first, as rtcbench compare says it.
func forest(sides []report.Group) *drawing.Sheet {
	a := sides[0]
	f := newFrame(fmt.Sprintf("Comparison with %s", a.Name))
	compared := make([]report.Groups, len(sides)-1)
	far := 0.01
	for i, b := range sides[1:] {
		compared[i] = report.CompareGroups(a, b, report.Against{})
		for _, r := range rowsOf(compared[i]) {
			if r.d != nil {
				far = max(far, reach(*r.d))
			}
		}
	}
	if len(sides) == 2 {
		f.say(titleFont, fmt.Sprintf("%s against %s", sides[1].Name, a.Name), 2)
	} else {
		f.say(titleFont, fmt.Sprintf("%d others against %s", len(compared), a.Name), 2)
	}
	f.y += 6
	f.side("A", compared[0].A, a.Runs[0].Run)
	for i, c := range compared {
		letter := string(rune('B' + i))
		f.y += 8
		f.side(letter, c.B, sides[i+1].Runs[0].Run)
		f.concluded(c, letter)
		f.rows(c, letter, far*1.1)
	}
	f.y += 6
	f.say(smallFont, "Squares: the difference in milliseconds; bars: its 95 % interval. Left of the line the other "+
		"side is faster than A, right of it slower. A hollow square: the interval has 0 in it, and no difference is "+
		"shown.", 3)
	return f.done()
}

// side says what a side is.
func (f *frame) side(letter string, s report.Side, of bench.Run) {
	f.say(boldFont, fmt.Sprintf("%s: %s", letter, s.Name), 1)
	h := report.HeadingOf(of)
	text := of.Facts.Transport.Words(fmt.Sprintf("%s, %s, from %s; n = %d answered of %s", h.Platform,
		bench.Many(s.Runs, "run"), h.When, s.Answered, bench.Many(s.Settled, "ping")))
	lead := bench.Form(s.Runs, "; ", "; medians of the runs' own: ")
	for _, p := range []struct {
		name  string
		value *float64
	}{{"P50", s.P50}, {"P95", s.P95}, {"P99", s.P99}} {
		if p.value != nil {
			text += fmt.Sprintf("%s%s %.2f ms", lead, p.name, *p.value)
			lead = "; "
		}
	}
	if s.Loss != nil {
		text += fmt.Sprintf("; %s %.2f %%", of.Facts.Transport.Words("loss"), 100**s.Loss)
	}
	if n := s.Doubtful + s.Invalid; n > 0 {
		text += fmt.Sprintf("; %d doubtful, %d invalid", s.Doubtful, s.Invalid)
	}
	f.say(smallFont, text+".", 3)
}

// sideB is how a comparison calls the side that is held against A.
var sideB = regexp.MustCompile(`\bB\b`)

// concluded says the verdict of a comparison, and how far it can be trusted.
func (f *frame) concluded(c report.Groups, letter string) {
	v := bench.Valid
	switch {
	case c.A.Invalid+c.B.Invalid > 0:
		v = bench.Invalid
	case !c.Alike || c.A.Doubtful+c.B.Doubtful > 0 || strings.HasPrefix(c.Verdict, "inconclusive"):
		v = bench.Doubtful
	}
	text := c.Verdict
	f.strip(v, sideB.ReplaceAllString(text, letter))
}

// rowsOf are the differences that c has.
func rowsOf(c report.Groups) []row {
	few := c.Words("too few pings or runs")
	return []row{{"P50", c.MedianDiff, few}, {"P95", c.P95Diff, few}, {"P99", c.P99Diff, few}}
}

func reach(d report.Shift) float64 {
	far := math.Abs(d.Value)
	if d.CI95 != nil {
		far = max(far, math.Abs(d.CI95[0]), math.Abs(d.CI95[1]))
	}
	return far
}

// The columns of a forest plot.
const (
	forestLeft  = margin + 60
	forestWidth = 390.0
	forestRow   = 32.0
)

// rows draws the differences of one comparison on a scale that goes as far as far on both sides.
func (f *frame) rows(c report.Groups, letter string, far float64) {
	if !c.Alike {
		f.say(boldFont, "Not drawn against each other: "+c.Unlike()+".", 2)
		f.say(smallFont, sideB.ReplaceAllString(c.Paths(), letter)+".", 3)
	}
	list := rowsOf(c)
	x := func(v float64) float64 { return forestLeft + forestWidth*(v+far)/(2*far) }
	top := f.y + 4
	if c.Alike {
		f.Line(x(0), top, x(0), top+forestRow*float64(len(list))+4, drawing.Style{Stroke: quiet, Width: 1.5})
	}
	for _, r := range list {
		f.y += forestRow
		y := f.y - forestRow/2 + 6
		f.Text(margin, y+6, r.name, boldFont)
		at := forestLeft + forestWidth + 16
		switch {
		case r.d == nil:
			f.Text(at, y+6, smallFont.Cut(r.none, sheetWidth-margin-at), smallFont)
		case !c.Alike:
			f.Text(forestLeft, y+6, told(*r.d), textFont)
		default:
			f.difference(*r.d, r.name, x, y)
			f.Text(at, y+6, textFont.Cut(told(*r.d), sheetWidth-at-6), textFont)
		}
	}
	if c.Alike {
		label := smallFont
		label.Align = drawing.Middle
		f.y += 22
		for _, v := range []float64{-far / 1.1, far / 1.1} {
			f.Text(x(v), f.y, report.Signed(v), label)
		}
		f.Text(x(0), f.y, "0", label)
	}
	f.y += 6
	if d := c.LossDiff; d != nil {
		f.say(smallFont, fmt.Sprintf("%s, %s − A: %s points (%s … %s).", c.Words("Loss"), letter,
			report.SignedDecimal(100*d.Value, 2), report.SignedDecimal(100*d.CI95[0], 2),
			report.SignedDecimal(100*d.CI95[1], 2)), 1)
	}
}

func told(d report.Shift) string {
	text := report.Signed(d.Value) + " ms"
	if d.CI95 != nil {
		text += fmt.Sprintf(" (%s … %s)", report.Signed(d.CI95[0]), report.Signed(d.CI95[1]))
	}
	return text
}

func (f *frame) difference(d report.Shift, name string, x func(float64) float64, y float64) {
	style := drawing.Style{Fill: "#ffffff", Stroke: quiet, Width: 2, Class: "difference", Title: name + ": " + told(d)}
	if ci := d.CI95; ci != nil {
		shown := ci[0] > 0 || ci[1] < 0
		if shown {
			style.Fill, style.Stroke = accent, accent
		}
		line := drawing.Style{Stroke: style.Stroke, Width: 3, Class: "interval"}
		f.Line(x(ci[0]), y, x(ci[1]), y, line)
		for _, end := range ci {
			f.Line(x(end), y-5, x(end), y+5, line)
		}
	}
	f.Rect(x(d.Value)-6, y-6, 12, 12, style)
}
