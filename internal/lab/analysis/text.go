package analysis

import (
	"encoding/json"
	"fmt"
	"io"

	"rtcbench/bench"
	"rtcbench/internal/report"
	"rtcbench/internal/stats"
)

// tableWidth is in columns.
const tableWidth = 80

// WriteText writes the table of a lab, which stands below the table of the run.
func WriteText(w io.Writer, r Report) {
	about(w, r)
	packets := "packets that may be pings"
	if r.Turns != nil {
		packets = "packets"
	}
	fmt.Fprintf(w, "\n  %-18s %9s %9s %9s   %s\n", "through the router", "P50 ms", "P95", "P99", packets)
	for _, h := range r.Hops {
		fmt.Fprintf(w, "  %-18s %9.3f %9.3f %9.3f   %d, %d lost\n", h.From+" to "+h.To, h.DelayP50, h.DelayP95,
			h.DelayP99, h.Packets, h.Lost)
	}
	say := func(format string, args ...any) {
		for _, line := range report.Wrap(fmt.Sprintf(format, args...), tableWidth-2) {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	if r.Turns != nil {
		r.Turns.write(w, say)
		r.precision(say)
		return
	}
	if len(r.Errors) > 0 {
		if b := r.Residuals; b != nil { // quantiles of both kinds together would be of neither
			printErrors(w, fmt.Sprintf("%d on the floor", b.Away), "more by", b.Floors)
			printErrors(w, fmt.Sprintf("%d beyond it", b.There), "error", b.Errors)
			fmt.Fprintf(w, "\n  %-18s %9s %19s\n", "of that passed in", "P50 ms", "on the floor")
			for _, p := range b.Parts {
				fmt.Fprintf(w, "  %-18s %9.3f %19.3f\n", p.What, p.There, p.Away)
			}
		} else {
			printErrors(w, "ping by ping", "more by", r.Errors)
			fmt.Fprintf(w, "\n  %-18s %9s %19s\n", "of that passed in", "P50 ms", "P99")
			for _, p := range r.Parts {
				fmt.Fprintf(w, "  %-18s %9.3f %19.3f\n", p.What, p.P50, p.P99)
			}
		}
	}
	say("%d of %d answered pings were matched to their packets.", r.Matched, r.Pings)
	there := r.Matched
	if r.Residuals != nil {
		there = r.Residuals.There
	}
	if need := stats.NeededForBound(0.99); there > 0 && there < need {
		say("They are too few for a P99 (%d are needed): it is close to the largest value seen.", need)
	}
	if o := r.Others; o.Pings > 0 {
		say("The other %d took %.1f ms at the median, %.1f ms at the most: the run counts them, this table does not.",
			o.Pings, o.P50, o.Max)
	}
	if l := r.Loss; l.Heard != nil && l.Up+l.Down+l.Unknown > 0 {
		verdict := "as the run says"
		if l.Unknown > 0 {
			verdict = "as far as the run says it"
		}
		if l.Wrong > 0 {
			verdict = fmt.Sprintf("which makes %d of the run's losses wrong", l.Wrong)
		}
		say("The run lost %d pings before the echo, %d behind it and %d nobody knows where; the echo's own log has "+
			"%d of %d: %s.", l.Up, l.Down, l.Unknown, *l.Heard, l.Sent, verdict)
	}
	if d := r.Loss.Router; d != nil && d.Up+d.Down > 0 {
		verdict := "as the run says"
		if d.Wrong > 0 || d.Up != r.Loss.Up || d.Down != r.Loss.Down {
			verdict = fmt.Sprintf("not as the run says; %d are said to be lost on the other way", d.Wrong)
		}
		say("The router dropped %d pings and %d pongs: %s.", d.Up, d.Down, verdict)
	}
	if again := r.Again; again.Pings > 0 {
		say("%d pings were sent again and answered in time: they took %.0f ms more at the median, %.0f ms at the most.",
			again.Pings, again.P50, again.Max)
	}
	if r.Waited {
		say("Packets were lost on a channel that sends them again: what a ping then waited, also behind another one, " +
			"is in what it spent in the server or in the runner, receiving.")
	}
	if c := r.Clocks; c.Kind != bench.OneClock && c.Of > 0 {
		rest := ""
		switch unclear := c.Of - c.Held - c.Wrong; {
		case c.Wrong > 0:
			rest = fmt.Sprintf("; of %d they are wrong", c.Wrong)
		case unclear > 0:
			rest = fmt.Sprintf("; the echo was too slow with %d to tell", unclear)
		}
		say("The clocks differ: one-way times are ± %.1f ms, and hold what the router did to %d of %d pings%s.",
			c.HalfWidth, c.Held, c.Of, rest)
	}
	r.precision(say)
}

// precision is how well the router kept to what the scenario wanted.
func (r Report) precision(say func(format string, args ...any)) {
	priority := "with a real-time priority"
	if !r.FIFO {
		priority = "without a real-time priority, which it was refused"
	}
	say("The router let packets go %.0f µs late at the median, %.0f µs at P99, %s.", r.Added.P50, r.Added.P99, priority)
	if r.Imprecise {
		say("! That is not precise enough: this machine is busy. Repeat the run.")
	}
}

// printErrors is a table of what was injected and measured.
func printErrors(w io.Writer, title, what string, list []Error) {
	fmt.Fprintf(w, "\n  %-18s %9s %9s %9s   %s\n", title, "injected", "measured", what, "95 % interval, ms")
	for _, e := range list {
		fmt.Fprintf(w, "  %-18s %9.3f %9s %9s   %s … %s\n", e.What, e.Injected, report.Decimal(e.Measured, 3),
			report.SignedDecimal(e.Error, 3), report.SignedDecimal(e.CI[0], 3), report.SignedDecimal(e.CI[1], 3))
	}
}

// WriteJSON writes the report as one line.
func (r Report) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }
