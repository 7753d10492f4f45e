package pictures

import (
	"fmt"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/drawing"
	"rtcbench/internal/report"
)

// The measures of a picture. It is read on a phone, too, where it is half as wide.
const (
	sheetWidth = 800.0
	margin     = 28.0
	across     = sheetWidth - 2*margin
	lineHeight = 22.0
)

// The colours of pictures, which are told apart also by whoever sees no red or no green.
const (
	ink    = "#16181d"
	quiet  = "#555b67"
	lines  = "#dfe2e8"
	accent = "#1f5fbf"
	warn   = "#b35c00"
	bad    = "#b3261e"
	good   = "#1b7a55"
)

var (
	titleFont = drawing.Font{Size: 25, Bold: true, Colour: ink}
	textFont  = drawing.Font{Size: 17, Colour: ink}
	boldFont  = drawing.Font{Size: 17, Bold: true, Colour: ink}
	smallFont = drawing.Font{Size: 16, Colour: quiet}
	largeFont = drawing.Font{Size: 32, Bold: true, Colour: ink}
)

// frame is a picture that grows downwards.
type frame struct {
	*drawing.Sheet
	y float64 // where the next thing begins
}

func newFrame(title string) *frame {
	return &frame{&drawing.Sheet{Width: sheetWidth, Title: title}, margin - 6}
}

// done is the picture, as high as it has become.
func (f *frame) done() *drawing.Sheet {
	f.Height = f.y + margin/2
	return f.Sheet
}

// say writes text in at most so many lines.
func (f *frame) say(font drawing.Font, text string, most int) {
	for _, line := range font.Wrap(report.Printable(text), across, most) {
		f.y += font.Size + 5
		f.Text(margin, f.y-5, line, font)
	}
}

// headed is a frame that says which run it is about, and how far it can be trusted.
func headed(r bench.Record, what string) *frame {
	h := report.HeadingOf(r.Run)
	title := h.Platform
	if r.Location != "" {
		title += ", " + r.Location
	}
	f := newFrame(fmt.Sprintf("%s: %s, %s, run %s", title, what, h.When, report.ShortID(r.ID)))
	f.say(titleFont, title+": "+what, 2)
	f.say(textFont, h.Pings, 2)
	f.say(smallFont, h.When+", run "+report.ShortID(r.ID)+"; "+h.Where, 2)
	f.verdict(r.Summary)
	return f
}

// verdict is a strip that says what speaks against a run. The worse it is the less it can be overlooked.
func (f *frame) verdict(s bench.Summary) {
	word, why, more := string(s.Validity.Verdict), s.Validity.Why(), len(s.Doubts)
	if len(s.Validity.Grounds) > 0 {
		more--
	} else if other := report.Besides(s); len(other) > 0 {
		why, more = other[0].Text, more-1
	}
	if why != "" {
		word += ": " + why
	}
	if more == 1 {
		word += "; and one more doubt"
	} else if more > 1 {
		word += fmt.Sprintf("; and %d more doubts", more)
	}
	f.strip(s.Validity.Verdict, word)
}

// strip says text in the manner of a verdict.
func (f *frame) strip(v bench.Verdict, text string) {
	font, fill, edge := boldFont, "#ffffff", good
	switch v {
	case bench.Invalid:
		font.Colour, fill, edge = "#ffffff", bad, bad
	case bench.Doubtful:
		fill, edge = "#fdebc8", warn
	case bench.Unjudged:
		fill, edge = "#eceef2", quiet
	}
	list := font.Wrap(report.Printable(text), across-50, 3)
	height := lineHeight*float64(len(list)) + 10
	f.y += 8
	f.Rect(margin, f.y, across, height,
		drawing.Style{Fill: fill, Stroke: edge, Width: 1.5, Class: "verdict " + string(v)})
	f.sign(v, margin+20, f.y+height/2)
	for i, line := range list {
		f.Text(margin+42, f.y+lineHeight*float64(i)+lineHeight, line, font)
	}
	f.y += height + 6
}

// sign is the mark of a verdict, which is told by its shape.
func (f *frame) sign(v bench.Verdict, x, y float64) {
	switch v {
	case bench.Valid:
		f.Path([]drawing.Point{{X: x - 7, Y: y}, {X: x - 2, Y: y + 6}, {X: x + 8, Y: y - 6}}, false,
			drawing.Style{Stroke: good, Width: 3.5})
	case bench.Invalid:
		cross(f.Sheet, x, y, 7, drawing.Style{Stroke: "#ffffff", Width: 3.5})
	default:
		triangle(f.Sheet, x, y, 9, drawing.Style{Fill: warn})
		f.Text(x, y+7, "!", drawing.Font{Size: 13, Bold: true, Colour: "#ffffff", Align: drawing.Middle})
	}
}

// figures are a run's quantiles and its loss, in lines.
func (f *frame) figures(r bench.Record) {
	var parts []string
	for _, x := range report.Figures(r) {
		parts = append(parts, fmt.Sprintf("%s %s ms (%s)", x.Name, x.Value, x.Interval))
	}
	if loss, ok := report.Loss(r); ok {
		parts = append(parts, fmt.Sprintf("%s %s (%s)", loss.Name, loss.Value, loss.Interval))
	}
	f.say(textFont, strings.Join(parts, "; ")+".", 3)
	f.say(smallFont, "In brackets: 95 % intervals; "+answered(r), 2)
}

// answered says of how many pings or turns the figures of a run are.
func answered(r bench.Record) string {
	return "n = " + r.Facts.Transport.Words(bench.Many(r.Counts.Answered, "answered ping")) + "."
}

func cross(s *drawing.Sheet, x, y, r float64, of drawing.Style) {
	title := of.Title
	of.Title = ""
	s.Path([]drawing.Point{{X: x - r, Y: y - r}, {X: x + r, Y: y + r}}, false, of)
	of.Title, of.Class = title, ""
	s.Path([]drawing.Point{{X: x - r, Y: y + r}, {X: x + r, Y: y - r}}, false, of)
}

func triangle(s *drawing.Sheet, x, y, r float64, of drawing.Style) {
	s.Path([]drawing.Point{{X: x, Y: y - r}, {X: x + r, Y: y + r*0.8}, {X: x - r, Y: y + r*0.8}}, true, of)
}

func ring(s *drawing.Sheet, x, y, r float64, of drawing.Style) {
	d := 0.7 * r
	s.Path([]drawing.Point{{X: x - r, Y: y}, {X: x - d, Y: y - d}, {X: x, Y: y - r}, {X: x + d, Y: y - d},
		{X: x + r, Y: y}, {X: x + d, Y: y + d}, {X: x, Y: y + r}, {X: x - d, Y: y + d}}, true, of)
}
