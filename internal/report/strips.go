package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"rtcbench/bench"
)

// The measures of a picture of turns, in pixels.
const (
	stripLabel = 110 // what was said
	stripWidth = 620 // of the longest turn
	stripRow   = 34
	stripBar   = 11
	stripTop   = 58
	stripText  = 240 // what became of it
)

// The colours of a picture of turns: told apart also by whoever sees no red or no green.
const (
	callerColour = "#1f5fa8"
	agentColour  = "#e08214"
	silentColour = "#9a9a9a"
)

// Strips draws the turns of a run as SVG, each with the caller above and the agent below, on one scale of time that
// begins with the caller's first audible sample. The latency is the line between them.
func Strips(w io.Writer, r bench.Run) error {
	if r.Turns == nil {
		return nil
	}
	begin, end := time.Duration(0), time.Second
	for _, t := range r.Turns.Turns {
		end = max(end, lastOf(t.Caller), lastOf(t.Agent))
		if len(t.Agent) > 0 {
			begin = min(begin, t.Agent[0].From.D)
		}
	}
	s := svg{begin: begin, scale: stripWidth / float64(end-begin)}
	height := stripTop + stripRow*len(r.Turns.Turns) + 40
	width := stripLabel + stripWidth + stripText
	s.add(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" `+
		`font-family="sans-serif" font-size="12">`, width, height, width, height)
	title := fmt.Sprintf("%d turns with %s, %s", len(r.Turns.Turns), cmp.Or(r.Echo.Identity, "nobody"),
		r.Start.UTC().Format("2006-01-02 15:04:05 UTC"))
	s.add(`<title>%s</title>`, text(title))
	s.add(`<rect width="100%%" height="100%%" fill="white"/>`)
	s.add(`<text x="10" y="20" font-size="14" font-weight="bold">%s</text>`, text(title))
	s.legend()
	s.axis(end, height)
	for i, t := range r.Turns.Turns {
		s.turn(t, float64(stripTop+i*stripRow))
	}
	s.add("</svg>")
	_, err := s.b.WriteTo(w)
	return err
}

// svg is a picture under way.
type svg struct {
	b     bytes.Buffer
	begin time.Duration
	scale float64 // pixels a nanosecond
}

func (s *svg) add(format string, args ...any) { fmt.Fprintf(&s.b, format+"\n", args...) }

func (s *svg) x(at time.Duration) float64 { return stripLabel + float64(at-s.begin)*s.scale }

func (s *svg) legend() {
	for i, of := range []struct{ colour, what string }{{callerColour, "caller"}, {agentColour, "agent"},
		{silentColour, "turn latency"}} {
		x := stripLabel + 130*i
		s.add(`<rect x="%d" y="32" width="14" height="10" fill="%s"/><text x="%d" y="41">%s</text>`, x, of.colour, x+20,
			of.what)
	}
}

// axis draws a line for every second, or for as many as keep them apart.
func (s *svg) axis(end time.Duration, height int) {
	step := time.Second
	for float64(step)*s.scale < 50 {
		step *= 2
	}
	for at := time.Duration(0); at <= end; at += step {
		s.add(`<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle" `+
			`fill="#555">%.0f s</text>`, s.x(at), stripTop-8, s.x(at), height-28, s.x(at), height-12, at.Seconds())
	}
}

func (s *svg) turn(t bench.TurnFact, y float64) {
	s.add(`<text x="10" y="%.1f">%d  %s</text>`, y+stripBar+4, t.Seq, text(cut(Printable(t.Said), 14)))
	for _, of := range []struct {
		spans  []bench.Span
		colour string
		y      float64
	}{{t.Caller, callerColour, y}, {t.Agent, agentColour, y + stripBar + 2}} {
		for _, span := range of.spans {
			s.add(`<rect x="%.2f" y="%.1f" width="%.2f" height="%d" fill="%s"><title>%.0f … %.0f ms</title></rect>`,
				s.x(span.From.D), of.y, max(0.5, float64(span.To.D-span.From.D)*s.scale), stripBar, of.colour,
				millis(span.From.D), millis(span.To.D))
		}
	}
	if t.Fate == bench.TurnAnswered && t.Latency.OK && t.Speech.OK {
		middle := y + stripBar + 1
		s.add(`<line x1="%.2f" y1="%.1f" x2="%.2f" y2="%.1f" stroke="%s" stroke-width="2"/>`, s.x(t.Speech.D), middle,
			s.x(t.Speech.D+t.Latency.D), middle, silentColour)
	}
	s.add(`<text x="%d" y="%.1f">%s</text>`, stripLabel+stripWidth+12, y+stripBar+4,
		text(strings.TrimSpace(fateText(t))))
}

// text is text in XML.
func text(of string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(Printable(of)))
	return b.String()
}
