package pictures

import (
	"math"
	"strconv"

	"rtcbench/bench"
	"rtcbench/internal/drawing"
)

// axis is one of a chart: what it measures, and from where to where.
type axis struct {
	name   string
	lo, hi float64
	ticks  []tick // none = even steps
	whole  bool   // it counts: there is nothing between 0 and 1
}

type tick struct {
	at   float64
	text string
}

// even are at most about so many ticks in round steps.
func (a axis) even(most int) (list []tick) {
	if len(a.ticks) > 0 {
		return a.ticks
	}
	span := a.hi - a.lo
	step := math.Pow(10, math.Floor(math.Log10(span/float64(most))))
	for _, f := range []float64{1, 2, 5, 10} {
		if span/(f*step) <= float64(most) {
			step *= f
			break
		}
	}
	if a.whole {
		step = max(1, step)
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	for i := math.Ceil(a.lo/step - 1e-9); i*step <= a.hi+step*1e-9; i++ {
		list = append(list, tick{i * step, strconv.FormatFloat(i*step+0, 'f', decimals, 64)})
	}
	return list
}

// chart is an area with two axes.
type chart struct {
	*drawing.Sheet
	left, top, width, height float64
	x, y                     axis
}

// room is where a chart's labels are.
const (
	labelWidth  = 62.0
	labelHeight = 50.0
)

// chart draws the axes of one that is so high, and makes room for it. Those of an invalid run are hatched.
func (f *frame) chart(height float64, x, y axis, v bench.Verdict) chart {
	f.y += 36
	c := chart{f.Sheet, margin + labelWidth, f.y, across - labelWidth - 10, height, x, y}
	f.y += height + labelHeight
	if v == bench.Invalid {
		c.hatch()
	}
	line := drawing.Style{Stroke: lines}
	label := smallFont
	label.Align = drawing.End
	for _, t := range y.even(5) {
		at := c.at(x.lo, t.at).Y
		c.Line(c.left, at, c.left+c.width, at, line)
		c.Text(c.left-8, at+5, t.text, label)
	}
	label.Align = drawing.Middle
	for _, t := range x.even(7) {
		at := c.at(t.at, y.lo).X
		c.Line(at, c.top+c.height, at, c.top+c.height+5, drawing.Style{Stroke: quiet})
		c.Text(at, c.top+c.height+22, t.text, label)
	}
	c.Line(c.left, c.top+c.height, c.left+c.width, c.top+c.height, drawing.Style{Stroke: quiet})
	label.Align = drawing.Begin
	c.Text(margin, c.top-13, y.name, label)
	label.Align = drawing.End
	c.Text(c.left+c.width, c.top+c.height+42, x.name, label)
	return c
}

// at is where a point of the axes lies on the sheet; what is beyond them lies at their ends.
func (c chart) at(x, y float64) drawing.Point {
	part := func(v float64, of axis) float64 { return (min(max(v, of.lo), of.hi) - of.lo) / (of.hi - of.lo) }
	return drawing.Point{X: c.left + c.width*part(x, c.x), Y: c.top + c.height*(1-part(y, c.y))}
}

// hatch covers the area with slanting lines: what is drawn on it is no measure of a path.
func (c chart) hatch() {
	const step = 16.0
	for x := step; x < c.width+c.height; x += step {
		from := drawing.Point{X: c.left + max(0, x-c.height), Y: c.top + min(x, c.height)}
		to := drawing.Point{X: c.left + min(x, c.width), Y: c.top + max(0, x-c.width)}
		c.Path([]drawing.Point{from, to}, false, drawing.Style{Stroke: bad, Opacity: 0.22, Class: "invalid"})
	}
}

// curve draws lines through points of the axes.
func (c chart) curve(points [][2]float64, of drawing.Style) {
	var path []drawing.Point
	for _, p := range points {
		path = append(path, c.at(p[0], p[1]))
	}
	c.Path(path, false, of)
}

// area fills what points of the axes enclose.
func (c chart) area(points [][2]float64, of drawing.Style) {
	var path []drawing.Point
	for _, p := range points {
		path = append(path, c.at(p[0], p[1]))
	}
	c.Path(path, true, of)
}

// upright is a line across the chart at x, with a name above it.
func (c chart) upright(x float64, name string, align drawing.Align) {
	at := c.at(x, 0).X
	c.Line(at, c.top-4, at, c.top+c.height, drawing.Style{Stroke: ink, Width: 1.5, Dash: 5})
	font := smallFont
	font.Colour, font.Align = ink, align
	shift := map[drawing.Align]float64{drawing.Begin: 5, drawing.End: -5}[align]
	c.Text(at+shift, c.top+6, name, font)
}
