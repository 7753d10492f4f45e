package main

import (
	"fmt"
	"math"
	"strings"
)

// The picture has one panel for the median and one for the 99th percentile: the error of each run beside the round trip
// that was injected, on a scale that is the cube root, so that a tenth of a millisecond and ten can be seen together.
const (
	plotWidth, panelHeight = 860, 300
	left, right, top, gap  = 70, 20, 60, 60
	most                   = 20.0 // ms; what is beyond is drawn at the edge
)

func (a answers) plot() string {
	var b strings.Builder
	panels := []struct{ what, title string }{{"round trip P50", "P50"}, {"round trip P99", "P99"}}
	height := top + len(panels)*(panelHeight+gap)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" `+
		`font-size="13"><rect width="100%%" height="100%%" fill="white"/>`, plotWidth, height)
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="14">Error of the round trip, beyond what injected and floor make `+
		`together; shaded: what was wanted</text>`, left)
	legend(&b)
	for i, p := range panels {
		a.panel(&b, top+i*(panelHeight+gap), p.what, p.title)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

var colours = map[string]string{"native": "#0a6ebd", "browser": "#d9690a"}

func legend(b *strings.Builder) {
	x := left + 6
	for _, engine := range engines {
		for _, channel := range channels {
			mark(b, float64(x), 40, engine, channel)
			fmt.Fprintf(b, `<text x="%d" y="44" font-size="12">%s, %s</text>`, x+8, engine, channel)
			x += 115
		}
	}
}

// mark is filled for the reliable channel, hollow for the lossy one, and a square for audio.
func mark(b *strings.Builder, x, y float64, engine, channel string) {
	fill := colours[engine]
	switch channel {
	case "lossy":
		fill = "white"
	case "audio":
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="7" height="7" fill="%s"/>`, x-3.5, y-3.5, fill)
		return
	}
	fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s" stroke="%s" stroke-width="1.5"/>`, x, y, fill,
		colours[engine])
}

func (a answers) panel(b *strings.Builder, y0 int, what, title string) {
	x := func(ms float64) float64 {
		return left + (plotWidth-left-right)*(math.Log10(min(max(ms, 1), 1000)))/3
	}
	y := func(ms float64) float64 {
		return float64(y0) + panelHeight/2 - panelHeight/2*math.Cbrt(min(max(ms, -most), most)/most)
	}
	for _, p := range promises {
		if p.What == what {
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="0.08"/>`, x(10),
				y(p.Limit), x(300)-x(10), y(-p.Limit)-y(p.Limit), colours[p.Engine])
		}
	}
	for _, v := range []float64{-10, -1, -0.1, 0, 0.1, 1, 10} {
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" `+
			`text-anchor="end">%s</text>`, left, plotWidth-right, y(v), y(v), left-8, y(v)+4, signed(v))
	}
	for _, v := range []float64{1, 3, 10, 30, 100, 300, 1000} {
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#eee"/><text x="%.1f" y="%d" `+
			`text-anchor="middle">%g</text>`, x(v), x(v), y0, y0+panelHeight, x(v), y0+panelHeight+18, v)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">injected round trip P50, ms</text>`, plotWidth-right,
		y0+panelHeight+36)
	fmt.Fprintf(b, `<text x="18" y="%d" transform="rotate(-90 18 %d)" text-anchor="middle">error of %s, ms</text>`,
		y0+panelHeight/2, y0+panelHeight/2, title)
	for i, o := range a.Alternating {
		middle, ok := o.left("round trip P50")
		e, known := o.left(what)
		if !ok || !known {
			continue
		}
		at := x(middle.Injected) + (float64(i%6)-2.5)*3 // the six of a scenario stand side by side
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-opacity="0.6"/>`, at, at,
			y(e.CI[0]), y(e.CI[1]), colours[o.Engine])
		mark(b, at, y(e.Error), o.Engine, o.Channel)
	}
}

func signed(v float64) string {
	if v == 0 {
		return "0"
	}
	return strings.Replace(fmt.Sprintf("%+g", v), "-", "−", 1)
}
