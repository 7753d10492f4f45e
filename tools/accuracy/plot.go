package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rtcbench/internal/drawing"
)

// The picture has one panel for the median and one for the 99th percentile: the error of each run beside the round trip
// that was injected, on a scale that is the cube root, so that a tenth of a millisecond and ten can be seen together.
const (
	plotWidth, panelHeight = 860, 300
	left, right, top, gap  = 70, 20, 76, 76
	most                   = 20.0 // ms; what is beyond is drawn at the edge
)

var (
	words   = drawing.Font{Size: 13}
	colours = map[string]string{"native": "#0a6ebd", "browser": "#d9690a"}
)

func (a answers) plot() *drawing.Sheet {
	panels := []struct{ what, title string }{{"round trip P50", "P50"}, {"round trip P99", "P99"}}
	s := &drawing.Sheet{Width: plotWidth, Height: float64(top + len(panels)*(panelHeight+gap) - 20),
		Title: "Error of the round trip, beyond what injected and floor make together"}
	s.Text(left, 22, s.Title+"; shaded: what was wanted", drawing.Font{Size: 14, Bold: true})
	a.legend(s)
	for i, p := range panels {
		a.panel(s, float64(top+i*(panelHeight+gap)), p.what, p.title)
	}
	return s
}

// legend names the kinds of runs that the picture has.
func (a answers) legend(s *drawing.Sheet) {
	x := left + 6.0
	for _, engine := range engines {
		for _, channel := range channels {
			if !slices.ContainsFunc(a.Alternating, func(o outcome) bool {
				return o.Engine == engine && o.Channel == channel
			}) {
				continue
			}
			text, font := engine+", "+channel, drawing.Font{Size: 12}
			mark(s, x, 42, engine, channel)
			s.Text(x+9, 46, text, font)
			x += font.WidthOf(text) + 28
		}
	}
}

// mark is filled for the reliable channel, hollow for the lossy one, and a square for audio.
func mark(s *drawing.Sheet, x, y float64, engine, channel string) {
	ink := drawing.Style{Fill: colours[engine], Class: "mark"}
	if channel == "audio" {
		s.Rect(x-3.5, y-3.5, 7, 7, ink)
		return
	}
	s.Dots([]drawing.Point{{X: x, Y: y}}, 4.5, ink)
	if channel == "lossy" {
		s.Dots([]drawing.Point{{X: x, Y: y}}, 3, drawing.Style{Fill: "#ffffff"})
	}
}

func (a answers) panel(s *drawing.Sheet, y0 float64, what, title string) {
	x := func(ms float64) float64 {
		return left + (plotWidth-left-right)*(math.Log10(min(max(ms, 1), 1000)))/3
	}
	y := func(ms float64) float64 {
		return y0 + panelHeight/2 - panelHeight/2*math.Cbrt(min(max(ms, -most), most)/most)
	}
	for _, p := range promises {
		if p.What == what {
			s.Rect(x(10), y(p.Limit), x(300)-x(10), y(-p.Limit)-y(p.Limit),
				drawing.Style{Fill: colours[p.Engine], Opacity: 0.08})
		}
	}
	end, middle := words, words
	end.Align, middle.Align = drawing.End, drawing.Middle
	for _, v := range []float64{-10, -1, -0.1, 0, 0.1, 1, 10} {
		s.Line(left, y(v), plotWidth-right, y(v), drawing.Style{Stroke: "#dddddd"})
		s.Text(left-8, y(v)+4, signed(v), end)
	}
	for _, v := range []float64{1, 3, 10, 30, 100, 300, 1000} {
		s.Line(x(v), y0, x(v), y0+panelHeight, drawing.Style{Stroke: "#eeeeee"})
		s.Text(x(v), y0+panelHeight+18, fmt.Sprint(v), middle)
	}
	s.Text(plotWidth-right, y0+panelHeight+36, "injected round trip P50, ms", end)
	s.Text(left-50, y0-8, "error of "+title+", ms", words)
	for i, o := range a.Alternating {
		injected, ok := o.left("round trip P50")
		e, known := o.left(what)
		if !ok || !known {
			continue
		}
		at := x(injected.Injected) + (float64(i%6)-2.5)*3 // the six of a scenario stand side by side
		s.Line(at, y(e.CI[0]), at, y(e.CI[1]), drawing.Style{Stroke: colours[o.Engine], Opacity: 0.6})
		mark(s, at, y(e.Error), o.Engine, o.Channel)
	}
}

// signed is v with its sign, as a minus is printed.
func signed(v float64) string {
	if v == 0 {
		return "0"
	}
	return strings.Replace(fmt.Sprintf("%+g", v), "-", "−", 1)
}
