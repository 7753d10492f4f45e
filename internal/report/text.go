// Package report turns runs into text for people: tables, and comparisons of runs. A report depends on its runs alone;
// this package measures nothing and stores nothing.
package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
)

// width is the width of the table in columns: it fits any terminal.
const width = 80

// Table is the options of the tables of runs.
type Table struct {
	Explain bool // explain the line about voice, which runs of audio have
}

// WriteText writes the table of r for a person.
func WriteText(w io.Writer, r bench.Record) error { return Table{}.Write(w, r) }

// Write writes the table of r, in colour if w is a terminal with colours.
func (t Table) Write(w io.Writer, r bench.Record) error {
	p := newPage(lipgloss.NewRenderer(w))
	s := r.Summary
	if r.Turns != nil {
		p.turns(r)
		_, err := io.WriteString(w, p.String())
		return err
	}
	p.title(r.Run)
	p.validity(s.Validity)
	p.roundTrip(r.Run, s)
	p.distribution(s.RTTs)
	p.rest(r.Run, s)
	p.voice(r)
	if t.Explain {
		p.explain("", r)
	}
	p.doubts(ungraded(s))
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *page) line(format string, args ...any) {
	s := strings.TrimRight(fmt.Sprintf(format, args...), " ")
	if off := string(inkOff); strings.HasSuffix(s, " "+off) {
		s = strings.TrimRight(strings.TrimSuffix(s, off), " ") + off
	}
	p.WriteString(s + "\n")
}

func (p *page) head(s string) { p.line("\n%s", p.strong.Render(s)) }

func (p *page) title(r bench.Run) {
	h := HeadingOf(r)
	p.line("%s  %s", p.strong.Render(h.Platform), Printable(result.CleanURL(r.RoomURL)))
	for _, part := range Wrap(h.Pings, width) {
		p.line("%s", part)
	}
	p.line("%s", p.dim.Render(h.When+"; "+h.Where))
	if r.Fleet != nil {
		for _, part := range Wrap(originText(r.Fleet), width) {
			p.line("%s", p.dim.Render(part))
		}
	}
}

func (p *page) roundTrip(r bench.Run, s bench.Summary) {
	answered := r.Counts.Answered
	if answered == 0 {
		p.line("\nNo ping was answered in time: there is no round trip time.")
		return
	}
	p.head("Round trip              ms   95 % interval")
	row := func(name string, q bench.Quantity, note string) {
		p.line("  %-14s %9s   %s", name, number(q), p.dim.Render(note))
	}
	row("min", s.Min, "")
	row("P50", s.P50, interval(s.P50CI, answered, 0))
	row("P90", s.P90, "")
	row("P95", s.P95, interval(s.P95CI, answered, 0))
	row("P99", s.P99, interval(s.P99CI, answered, stats.NeededForBound(0.99)))
	if answered >= stats.NeededForBound(0.999) {
		row("P99.9", s.P999, "")
	}
	row("max", s.Max, "")
	row("mean", s.Mean, "± "+number(s.StdDev)+" standard deviation")
}

// interval is the text beside a quantile: its interval, or how many pings it lacks. It lacks pings if n is below bound.
func interval(i bench.Interval, n, bound int) string {
	switch {
	case n < bound:
		return fmt.Sprintf("too few pings: %d of the %d that it needs", n, bound)
	case !i.OK:
		return fmt.Sprintf("no interval below %d pings", i.Needed)
	}
	return fmt.Sprintf("%s … %s", fixed(i.Lo), fixed(i.Hi))
}

func (p *page) rest(r bench.Run, s bench.Summary) {
	if r.Counts.Sent == 0 {
		return
	}
	p.head("Details")
	item := p.item
	c := r.Counts
	if s.LossKnown {
		item("loss", "%.2f %%  %s", 100*s.Loss,
			p.dim.Render(fmt.Sprintf("%d of %d; 95 %% interval %.2f … %.2f %%", c.Failed(), c.Settled(), 100*s.LossLo,
				100*s.LossHi)))
		item("", "%s", p.dim.Render(lossMeans(r)))
		if w := r.Ways; w.Known && c.Lost > 0 {
			item("", "%s",
				p.dim.Render(fmt.Sprintf("lost before the echo %d, behind it %d, nobody knows where %d", w.Up, w.Down,
					w.Unknown)))
		}
	}
	if s.Jitter.OK {
		item("jitter", "%s ms  %s", number(s.Jitter),
			p.dim.Render("(mean |ΔRTT|); by RFC 3550 "+number(s.JitterRTP)+" ms"))
	}
	if s.OneWay.Known {
		half := s.OneWay.Offset.HalfWidth()
		note := "(P50; one clock)"
		if half > 0 {
			note = fmt.Sprintf("(P50, each ± %s ms: two clocks)", fixed(half))
		}
		item("one way", "up %s ms, down %s ms  %s", number(s.OneWay.Up.P50), number(s.OneWay.Down.P50),
			p.dim.Render(note))
		if o := s.OneWay.Offset; o.SkewLo > 0 {
			item("", "%s",
				p.dim.Render(fmt.Sprintf("the echo's clock is fast by %.1f … %.1f ppm; that is taken out", 1e6*o.SkewLo,
					1e6*o.SkewHi)))
		} else if o.SkewHi < 0 {
			item("", "%s",
				p.dim.Render(fmt.Sprintf("the echo's clock is slow by %.1f … %.1f ppm; that is taken out",
					-1e6*o.SkewHi, -1e6*o.SkewLo)))
		}
	}
	p.variation(r, s)
	var own []string
	if s.TimerError.P50.OK {
		own = append(own, "timer late "+number(s.TimerError.P50))
	}
	if s.SendCall.P50.OK {
		own = append(own, "send call "+number(s.SendCall.P50))
	}
	if s.Hold.P50.OK {
		own = append(own, "echo held it "+number(s.Hold.P50))
	}
	if platform, known := r.PlatformRTT(s.P50); known {
		item("platform", "%s ms  %s", fixed(platform),
			p.dim.Render("(P50 less the floor: an estimate of what is not the instrument's)"))
	}
	if r.Floor != nil {
		item("floor", "%s ms  %s", fixed(r.Floor.RTT),
			p.dim.Render("(P50 of this engine here, no network, "+ago(r.Floor.Age)+" ago)"))
	}
	if len(own) > 0 {
		item("instrument", "%s ms  %s", strings.Join(own, ", "), p.dim.Render("(P50)"))
	}
}

// ago is a duration in words.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "moments"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// lossMeans says when a ping counts as failed on this path.
func lossMeans(r bench.Run) string {
	if r.OfOriginal() {
		return "as the original tool counts: also pongs that came before its send call had returned"
	}
	reliable := r.Facts.Transport == bench.DataChannelReliable || r.Facts.Transport == bench.SignallingWebSocket
	if reliable && r.Facts.Reconnects == 0 {
		return "not back in " + r.Plan.Timeout.String() + "; on this channel nothing is lost, only late"
	}
	return "not back in " + r.Plan.Timeout.String()
}

// validity writes the verdict. Each reason has the verdict that this reason alone would give.
func (p *page) validity(v bench.Validity) {
	if len(v.Grounds) == 0 {
		p.line("%s", strings.TrimSuffix(fmt.Sprintf("%s: %s", v.Verdict, v.Why()), ": "))
		return
	}
	for _, g := range v.Grounds {
		word := string(g.Verdict) + ":"
		indent := lipgloss.Width(word) + 1
		for i, line := range Wrap(Printable(g.Text), width-indent) {
			if i > 0 {
				p.line("%*s%s", indent, "", line)
				continue
			}
			p.line("%s %s", p.verdictStyle(g.Verdict).Render(word), line)
		}
	}
}

func (p *page) verdictStyle(v bench.Verdict) ink {
	if v == bench.Invalid {
		return p.bad
	}
	return p.warn
}

// ungraded are the doubts that are not among the reasons of the verdict.
func ungraded(s bench.Summary) (list []bench.Doubt) {
	for _, d := range s.Doubts {
		if !s.Validity.Has(d.Code) {
			list = append(list, d)
		}
	}
	return list
}

func (p *page) doubts(list []bench.Doubt) {
	var texts []string
	for _, d := range list {
		texts = append(texts, d.Text)
	}
	p.marked("Before you believe it", texts)
}

// marked writes a list of texts with a mark each; nothing if there are none.
func (p *page) marked(title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	p.head(title)
	for _, text := range texts {
		for i, line := range Wrap(Printable(text), width-4) {
			mark := p.warn.Render("!")
			if i > 0 {
				mark = " "
			}
			p.line("  %s %s", mark, line)
		}
	}
}

// Titles are the names of the platforms for people, by their short names. The program sets them once, at its start.
var Titles map[string]string

func platformName(name string) string { return cmp.Or(Titles[name], name) }

func number(q bench.Quantity) string {
	if !q.OK {
		return "–"
	}
	return fixed(q.D)
}

// fixed is d in milliseconds with two decimals; with three if d is below 0.095 ms.
func fixed(d time.Duration) string {
	if d.Abs() < 95*time.Microsecond && d != 0 {
		return Decimal(millis(d), 3)
	}
	return Decimal(millis(d), 2)
}

// Wrap breaks s between words into lines of at most limit columns. A longer word stays whole.
func Wrap(s string, limit int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && lipgloss.Width(line)+1+lipgloss.Width(word) > limit {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
