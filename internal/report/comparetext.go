package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
)

// WriteText writes the comparison for a person.
func (c Groups) WriteText(w io.Writer) error {
	p := newPage(lipgloss.NewRenderer(w))
	for _, side := range []struct {
		mark string
		Side
	}{{"A", c.A}, {"B", c.B}} {
		p.line("%s  %s", p.strong.Render(side.mark), ends(Printable(side.Name), width-4))
	}
	row := func(name, x, y string) {
		p.line("  %-14s %30s %30s", name, ends(Printable(x), 30), ends(Printable(y), 30))
	}
	p.line("")
	p.line("%s", p.strong.Render(fmt.Sprintf("  %-14s %30s %30s", "", "A", "B")))
	row("runs", runsOf(c.A), runsOf(c.B))
	row("validity", verdictsOf(c.A), verdictsOf(c.B))
	row("answered", fmt.Sprintf("%d of %d", c.A.Answered, c.A.Settled),
		fmt.Sprintf("%d of %d", c.B.Answered, c.B.Settled))
	row("platform", some(c.A.Platforms, 30), some(c.B.Platforms, 30))
	row("path", some(c.A.ways, 30), some(c.B.ways, 30))
	row("engine", some(c.A.Engines, 30), some(c.B.Engines, 30))
	row("location", some(c.A.Locations, 30), some(c.B.Locations, 30))
	row("from", day(c.A.From), day(c.B.From))
	row("to", day(c.A.To), day(c.B.To))
	head, lost := "Round trip, ms", c.Words("loss")
	if c.class() == bench.Turn {
		head = "Turn latency, ms"
	}
	if c.A.Runs > 1 || c.B.Runs > 1 {
		head += " (the median of the runs' own)"
	}
	p.head(head)
	row("P50", shown(c.A.P50), shown(c.B.P50))
	row("P95", shown(c.A.P95), shown(c.B.P95))
	row("P99", shown(c.A.P99), shown(c.B.P99))
	row(lost, percentage(c.A.Loss), percentage(c.B.Loss))
	if a, b := c.A.Voice, c.B.Voice; a != nil && b != nil {
		p.head("Voice, of the worse way")
		row("mouth to ear", fmt.Sprintf("%.1f ms", a.MouthToEar), fmt.Sprintf("%.1f ms", b.MouthToEar))
		row("R, G.107", a.rating(a.R, 1), b.rating(b.R, 1))
		row("MOS-CQE", a.rating(a.MOS, 2), b.rating(b.MOS, 2))
		row("of a turn", fmt.Sprintf("%.1f %%", 100*a.TurnShare), fmt.Sprintf("%.1f %%", 100*b.TurnShare))
	}
	p.groupDifference(c)
	p.groupNotes(c)
	p.doubts(c.doubts)
	_, err := io.WriteString(w, p.String())
	return err
}

// class is the transport class of all runs; "" = they have several. It may be called while other fields of c are
// written.
func (c *Groups) class() bench.TransportClass {
	if len(c.A.Transports) != 1 || !slices.Equal(c.A.Transports, c.B.Transports) {
		return ""
	}
	return bench.TransportClass(c.A.Transports[0])
}

// Words is text with the words for what is compared, such as turns in place of pings.
func (c Groups) Words(text string) string { return c.class().Words(text) }

func (p *page) groupDifference(c Groups) {
	p.line("\n%s", p.strong.Render(fmt.Sprintf("%-14s %16s   %-24s %14s", "B − A", "", "95 % interval", "of A")))
	row := func(name string, d *Shift, scale float64, unit, without string) {
		if d == nil {
			p.line("  %-12s %16s   %s", name, "–", p.dim.Render(without))
			return
		}
		ci, share := without, ""
		if d.CI95 != nil {
			ci = fmt.Sprintf("%s … %s", Signed(scale*d.CI95[0]), Signed(scale*d.CI95[1]))
		}
		if d.Percent != nil {
			share = SignedDecimal(*d.Percent, 1) + " %"
		}
		p.line("  %-12s %16s   %-24s %14s", name, Signed(scale*d.Value)+" "+unit, ci, share)
	}
	few := "too few runs for an interval"
	if c.Method != byRuns {
		few = "too few pings"
	}
	lost, fewer := c.Words("loss"), fmt.Sprintf("too few pings a run: %d are needed", c.class().Needed(0.99))
	few, fewer = c.class().Words(few), c.class().Words(fewer)
	row("P50", c.MedianDiff, 1, "ms", few)
	row("P95", c.P95Diff, 1, "ms", few)
	row("P99", c.P99Diff, 1, "ms", fewer)
	row(lost, c.LossDiff, 100, "points", "nothing was settled")
	for i, line := range Wrap(c.Verdict, width-17) {
		name := ""
		if i == 0 {
			name = "verdict"
		}
		p.line("  %-14s %s", name, p.strong.Render(line))
	}
	for _, text := range c.explained() {
		for _, line := range Wrap(text, width-17) {
			p.line("  %-14s %s", "", p.dim.Render(line))
		}
	}
}

// explained says how the verdict was found.
func (c Groups) explained() (list []string) {
	switch {
	case c.Method == byPings && c.Paired:
		list = append(list, "(one run each, slot by slot: block bootstrap)")
	case c.Method == byPings:
		list = append(list, c.class().Words("(one run each: block bootstrap over the pings)"))
	case c.Method == byRuns && c.PValue != nil:
		list = append(list, fmt.Sprintf("(Hodges–Lehmann shift of the runs' medians; rank test: p %s)",
			pValue(*c.PValue)))
	}
	if d := c.MedianDiff; d != nil && c.FloorDiff != nil {
		list = append(list, fmt.Sprintf("of %s ms the instrument itself explains %s ms: the floors differ by so much",
			Signed(d.Value), Signed(*c.FloorDiff)))
	}
	if d := c.MedianDiff; d != nil && d.CI95 != nil && c.equal {
		hidden := max(-d.CI95[0], d.CI95[1])
		text := fmt.Sprintf("a difference of up to %.2f ms", hidden)
		if c.A.P50 != nil && *c.A.P50 > 0 {
			text += fmt.Sprintf(" (%.1f %%)", 100*hidden / *c.A.P50)
		}
		list = append(list, text+" is not ruled out")
	}
	if c.MoreRuns > 0 && c.MedianDiff != nil && c.MedianDiff.CI95 != nil {
		list = append(list, fmt.Sprintf("(until the interval excludes 0, or lies within the %g %% that do not matter)",
			c.Margin))
	}
	return append(append(list, c.Slower.told("slower", "%")...), c.Lossier.told("lossier", "points")...)
}

func (p *page) groupNotes(c Groups) {
	list := c.Notes
	if !c.Alike {
		list = append([]string{c.Paths() + ": this compares what an application gets, not one path with another"},
			list...)
	}
	p.marked("To bear in mind", list)
}

func runsOf(d Side) string {
	if d.Used != d.Runs {
		return fmt.Sprintf("%d (%d with an answer)", d.Runs, d.Used)
	}
	return fmt.Sprint(d.Runs)
}

// verdictsOf says how many runs of a side have each verdict.
func verdictsOf(d Side) string {
	var parts []string
	for _, v := range []struct {
		n    int
		word bench.Verdict
	}{{d.Runs - d.Unjudged - d.Doubtful - d.Invalid, bench.Valid}, {d.Unjudged, bench.Unjudged},
		{d.Doubtful, bench.Doubtful}, {d.Invalid, bench.Invalid}} {
		switch {
		case v.n == d.Runs:
			return string(v.word)
		case v.n > 0:
			parts = append(parts, fmt.Sprintf("%d %s", v.n, v.word))
		}
	}
	return strings.Join(parts, ", ")
}

func day(seconds *float64) string {
	if seconds == nil {
		return "–"
	}
	return time.UnixMicro(int64(*seconds * 1e6)).UTC().Format("2006-01-02 15:04:05 UTC")
}

func shown(v *float64) string {
	if v == nil {
		return "–"
	}
	return fixed(time.Duration(*v * float64(time.Millisecond)))
}

func percentage(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100**v)
}

func pValue(p float64) string {
	if p < 0.0001 {
		return "< 0.0001"
	}
	return fmt.Sprintf("= %.4f", p)
}

// differ reports whether two of the runs, on either side, are known to have used different ways.
func (c Groups) differ() bool {
	several := func(a, b []string) bool {
		return len(slices.Compact(slices.Sorted(slices.Values(slices.Concat(known(a), known(b)))))) > 1
	}
	return several(c.A.Transports, c.B.Transports) || several(c.A.Paths, c.B.Paths) ||
		several(c.A.repairs, c.B.repairs) || several(c.A.Echoes, c.B.Echoes)
}

// Unlike says why the paths are not Alike: they differ, or they are not known.
func (c Groups) Unlike() string {
	if c.differ() {
		return "not the same kind of path"
	}
	return "not known to be the same kind of path"
}

// Paths names the ways that the messages of both sides took.
func (c Groups) Paths() string {
	return "A went by the " + strings.Join(c.A.ways, " and the ") + ", B by the " + strings.Join(c.B.ways, " and the ")
}
