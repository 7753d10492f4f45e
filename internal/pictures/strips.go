package pictures

import (
	"fmt"
	"io"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/drawing"
	"rtcbench/internal/files"
	"rtcbench/internal/report"
)

// The measures of a picture of turns.
const (
	stripLabel = 130.0 // what was said
	stripWidth = 330.0 // of the longest turn
	stripRow   = 40.0
	stripBar   = 13.0
	agent      = "#e08214"
)

// Strips draws the turns of a run, each with the caller above and the agent below, on one scale of time that begins
// with the caller's first audible sample. The latency is the line between them.
// File's name says whether they are PNG.
func Strips(w io.Writer, file string, r bench.Run) error {
	format, err := files.Format(file, Formats...)
	if err != nil {
		return err
	}
	sheet, err := strips(bench.NewRecord(r))
	if err != nil {
		return err
	}
	return Write(w, format, sheet)
}

func strips(r bench.Record) (*drawing.Sheet, error) {
	if r.Turns == nil {
		return nil, &Nothing{"strips", "only a run of turns has them"}
	}
	f := headed(r, "turn by turn")
	f.figures(r)
	if len(r.Turns.Turns) == 0 {
		f.say(boldFont, "No turn was made.", 1)
		return f.done(), nil
	}
	begin, end := time.Duration(0), max(time.Second, r.Turns.Scale())
	for _, t := range r.Turns.Turns {
		if len(t.Agent) > 0 {
			begin = min(begin, t.Agent[0].From.D)
		}
	}
	s := stripes{f, begin, end, stripWidth / float64(end-begin)}
	s.legend()
	top := s.y
	for _, t := range r.Turns.Turns {
		s.turn(t)
	}
	s.axis(end, top)
	return f.done(), nil
}

// stripes is a picture of turns under way.
type stripes struct {
	*frame
	begin, end time.Duration
	scale      float64 // pixels a nanosecond
}

func (s stripes) x(at time.Duration) float64 {
	return margin + stripLabel + float64(at-s.begin)*s.scale
}

func (s stripes) legend() {
	s.y += lineHeight + 4
	for i, of := range []struct{ colour, what string }{{accent, "caller (above)"}, {agent, "agent (below)"},
		{quiet, "turn latency (line), or nobody answers (dashed)"}} {
		x := margin + 170*float64(i)
		s.Rect(x, s.y-12, 18, 12, drawing.Style{Fill: of.colour})
		s.Text(x+26, s.y, of.what, textFont)
	}
	s.y += 12
}

// axis draws a line for every second, or for as many as keep them apart.
func (s stripes) axis(end time.Duration, top float64) {
	step := time.Second
	for float64(step)*s.scale < 60 {
		step *= 2
	}
	label := smallFont
	label.Align = drawing.Middle
	for at := time.Duration(0); at <= end; at += step {
		s.Line(s.x(at), top, s.x(at), s.y, drawing.Style{Stroke: quiet, Opacity: 0.3})
		s.Text(s.x(at), s.y+20, fmt.Sprintf("%.0f s", at.Seconds()), label)
	}
	s.y += 24
}

func (s stripes) turn(t bench.TurnFact) {
	y := s.y + 4
	fate, marks := report.Fate(t)
	s.Text(margin, y+stripBar+6, textFont.Cut(fmt.Sprintf("%d  %s", t.Seq, report.Printable(t.Said)), stripLabel-12),
		textFont)
	for _, of := range []struct {
		spans       []bench.Span
		who, colour string
		y           float64
	}{{t.Caller, "caller", accent, y}, {t.Agent, "agent", agent, y + stripBar + 2}} {
		for _, span := range of.spans {
			s.Rect(s.x(span.From.D), of.y, max(0.5, float64(span.To.D-span.From.D)*s.scale), stripBar,
				drawing.Style{Fill: of.colour, Class: of.who, Title: fmt.Sprintf("%s: %.0f … %.0f ms", of.who,
					float64(span.From.D)/1e6, float64(span.To.D)/1e6)})
		}
	}
	if t.Fate == bench.TurnAnswered && t.Latency.OK && t.Speech.OK {
		middle := y + stripBar + 1
		s.Line(s.x(t.Speech.D), middle, s.x(t.Speech.D+t.Latency.D), middle,
			drawing.Style{Stroke: quiet, Width: 2.5, Class: "latency"})
	}
	if t.Fate == bench.TurnUnanswered && t.Waited.OK { // nobody answers, also beyond the picture
		middle, until := y+stripBar+1, min(t.Over(), s.end)
		of := drawing.Style{Stroke: quiet, Width: 2.5, Dash: 4, Class: "silence", Title: fate}
		s.Line(s.x(t.Speech.D), middle, s.x(until), middle, of)
		if t.Over() > s.end {
			tip := s.x(until)
			arrow := []drawing.Point{{X: tip - 7, Y: middle - 5}, {X: tip, Y: middle}, {X: tip - 7, Y: middle + 5}}
			s.Path(arrow, false, drawing.Style{Stroke: quiet, Width: 2.5})
		}
	}
	x := margin + stripLabel + stripWidth + 12
	font := textFont
	if t.Fate != bench.TurnAnswered {
		font = boldFont
	}
	if marks != "" { // in small letters, for both ways of it have to find room
		s.Text(x, y+stripBar, fate, font)
		s.Text(x, y+stripBar+18, smallFont.Cut(marks, sheetWidth-x-6), smallFont)
	} else {
		for i, line := range font.Wrap(fate, sheetWidth-x-6, 2) {
			s.Text(x, y+stripBar+18*float64(i), line, font)
		}
	}
	s.y += stripRow
}
