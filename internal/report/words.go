package report

import (
	"cmp"
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Heading is the text above the figures of a run, in its table and in its pictures.
type Heading struct {
	Platform string
	Pings    string // how many pings were answered, and over which way
	When     string
	Where    string // who answered, and from where it was measured
}

// HeadingOf is the heading of r.
func HeadingOf(r bench.Run) Heading {
	c := r.Counts
	h := Heading{Platform: platformName(r.Platform), When: r.Start.UTC().Format("2006-01-02 15:04:05 UTC")}
	h.Pings = fmt.Sprintf("%d of %s answered", c.Answered, bench.Many(c.Settled(), "ping"))
	switch {
	case r.Turns != nil:
		h.Pings = fmt.Sprintf("%d of %s answered", c.Answered, bench.Many(r.TurnsAsked(), "turn"))
	case r.Plan.ClosedLoop():
		h.Pings += ", one after the other"
	case !r.Plan.PaceUnknown:
		h.Pings += fmt.Sprintf(", one every %v", r.Plan.Cooldown)
	}
	if r.Facts.Transport != "" {
		h.Pings += ", on the " + wayName(r.Facts.Transport, r.Path())
	} else {
		h.Pings += ", by a way that is not known"
	}
	h.Where = answeredBy(r)
	if r.Location != "" {
		h.Where += "; location " + Printable(r.Location)
	}
	return h
}

func answeredBy(r bench.Run) string {
	switch {
	case r.OfOriginal(): // a file of the original tool does not say who answered
		return "measured by the original tool"
	case r.Counts.Answered+r.Counts.Late == 0 && r.Echo.Identity == "":
		return "nobody answered"
	case r.Turns != nil:
		return "answered by " + Printable(cmp.Or(r.Echo.Identity, "an agent"))
	case r.Echo.Mode == "local":
		return "answered by this process from a second seat in the room"
	case r.Echo.Place != "":
		return "answered by the echo at " + Printable(r.Echo.Place)
	case r.Echo.Kind == "original":
		return "answered by a remote echo that is not an rtcbench"
	}
	return "answered by a remote echo"
}

// Figure is a quantile for people: its value in milliseconds, and its 95 % interval or why there is none.
type Figure struct{ Name, Value, Interval string }

// Figures are the main quantiles of a run.
func Figures(r bench.Record) []Figure {
	s, n := r.Summary, r.Counts.Answered
	if r.Turns != nil {
		return []Figure{
			{"P50", whole(s.P50), bench.Turn.Words(interval(s.P50CI, n, 0))},
			{"P95", whole(s.P95), bench.Turn.Words(interval(s.P95CI, n, bench.Turn.Needed(0.95)))},
		}
	}
	return []Figure{
		{"P50", number(s.P50), interval(s.P50CI, n, 0)},
		{"P95", number(s.P95), interval(s.P95CI, n, 0)},
		{"P99", number(s.P99), interval(s.P99CI, n, stats.NeededForBound(0.99))},
	}
}

// Loss is the share of the pings that failed, with its 95 % interval. It is false if no ping was settled.
func Loss(r bench.Record) (Figure, bool) {
	s, name := r.Summary, "loss"
	if r.Turns != nil {
		name = "no answer"
	}
	return Figure{name, fmt.Sprintf("%.2f %%", 100*s.Loss),
		fmt.Sprintf("%.2f … %.2f %%", 100*s.LossLo, 100*s.LossHi)}, s.LossKnown
}

// Number is q in milliseconds, as it stands in tables.
func Number(q bench.Quantity) string { return number(q) }

// Besides are the doubts about a run that are not among the reasons of its verdict.
func Besides(s bench.Summary) []bench.Doubt { return ungraded(s) }
