package report

import (
	"fmt"
	"strings"

	"rtcbench/bench"
)

// variation describes for a run of audio packets what a jitter buffer at the end of each way would see.
func (p *page) variation(r bench.Run, s bench.Summary) {
	if r.Facts.Transport != bench.RTPAudio {
		return
	}
	up, down := s.Up, s.Down
	if up.Packets > 0 {
		p.item("variation", "up %s ms, down %s ms  %s", number(up.PDV.P99), number(down.PDV.P99),
			p.dim.Render("(P99 above the fastest packet)"))
		p.item("", "%s", p.dim.Render(fmt.Sprintf("by RFC 3550 up %s ms, down %s ms", number(up.JitterRTP),
			number(down.JitterRTP))))
	}
	switch {
	case up.Buffer1.OK:
		p.item("jitter buffer", "up %s ms, down %s ms  %s", number(up.Buffer1), number(down.Buffer1),
			p.dim.Render("(would have lost 1 % of what came)"))
		if up.Buffer01.OK {
			p.item("", "up %s ms, down %s ms  %s", number(up.Buffer01), number(down.Buffer01),
				p.dim.Render("(0.1 %)"))
		}
	case up.Packets > 0:
		p.item("jitter buffer", "%s", p.dim.Render(fmt.Sprintf("the one that loses 1 %% needs 100 packets; %d came",
			up.Packets)))
	}
	p.media(r)
	if b := s.Bursts.RoundTrip; b.Lost > 0 {
		text := fmt.Sprintf("%d lost or late in %s of %.1f, at the most %d", b.Lost, bench.Many(b.Periods, "burst"),
			b.Mean, b.Longest)
		if b.Distance > 0 {
			text += fmt.Sprintf(", %g apart (P50)", b.Distance)
		}
		p.item("bursts", "%s", text)
	}
	name := "order"
	if list := disorder(r, s); len(list) > 0 {
		for _, line := range Wrap(strings.Join(list, "; "), width-17) {
			p.item(name, "%s", line)
			name = ""
		}
	}
}

// variations is variation of runs on two platforms, side by side.
func (p *page) variations(a, b bench.Record, row func(name, x, y string)) {
	of := func(r bench.Record, up, down bench.Quantity) string {
		if r.Facts.Transport != bench.RTPAudio || !up.OK {
			return "–"
		}
		return fmt.Sprintf("up %s, down %s", number(up), number(down))
	}
	x, y := a.Summary, b.Summary
	for _, line := range []struct{ name, a, b, means string }{
		{"variation, ms", of(a, x.Up.PDV.P99, x.Down.PDV.P99), of(b, y.Up.PDV.P99, y.Down.PDV.P99),
			"(P99 above the fastest packet)"},
		{"buffer, ms", of(a, x.Up.Buffer1, x.Down.Buffer1), of(b, y.Up.Buffer1, y.Down.Buffer1),
			"(the jitter buffer that would have lost 1 % of what came)"},
	} {
		if line.a != "–" || line.b != "–" {
			row(line.name, line.a, line.b)
			p.line("  %-14s %s", "", p.dim.Render(line.means))
		}
	}
}

// disorder says how many packets came out of order, twice, or as retransmissions.
func disorder(r bench.Run, s bench.Summary) (list []string) {
	if up, down := s.Up, s.Down; up.Reordered+down.Reordered > 0 {
		list = append(list, fmt.Sprintf("up %d, down %d of %d overtaken, by up to %d", up.Reordered, down.Reordered,
			up.Packets, max(up.Extent, down.Extent)))
	}
	if n := r.Counts.Duplicate; n > 0 {
		list = append(list, fmt.Sprintf("%d came twice", n))
	}
	for _, leg := range r.Facts.Audio {
		if leg.Retransmitted != nil && *leg.Retransmitted > 0 {
			list = append(list, fmt.Sprintf("%d retransmitted", *leg.Retransmitted))
		}
		if leg.NACK && leg.AfterGap != nil && *leg.AfterGap > 0 {
			list = append(list, fmt.Sprintf("%d after a gap, sent again (NACK) or overtaken", *leg.AfterGap))
		}
	}
	return list
}

// item writes one line of the details.
func (p *page) item(name, format string, args ...any) {
	p.line("  %-14s %s", name, fmt.Sprintf(format, args...))
}

// media describes how sound itself arrived, and how much of its delay the jitter buffer caused.
func (p *page) media(r bench.Run) {
	if r.Media == nil {
		return
	}
	m := r.Media.Summary()
	if m.Heard == 0 {
		p.item("sound", "%s", p.dim.Render(fmt.Sprintf("of %s none was heard", bench.Many(m.Said, "burst"))))
		return
	}
	p.item("sound", "mouth to echo to ear %s ms  %s", number(m.P50),
		p.dim.Render(fmt.Sprintf("(P50; %s … %s; %d of %d heard)", number(m.Least), number(m.Most), m.Heard, m.Said)))
	p.item("", "%s", p.dim.Render(fmt.Sprintf("jitter buffer %s ms, aims at %s (P50); %.1f %% concealed",
		number(m.Buffer), number(m.Target), 100*m.Concealed)))
	p.item("", "%s", p.dim.Render("the buffer's history, not the path's: compare no runs by it"))
}
