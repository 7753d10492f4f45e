package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/accuracy"
)

const introduction = `# How wrong rtcbench is

This page is written by ` + "`make accuracy`" +
	`, which anybody with root on a Linux machine can repeat. It runs rtcbench, a LiveKit server
and, for one engine, Chromium in network namespaces, between which a router delays every packet as a scenario says and writes
down what it did to each. *Injected* is what the router did, ping by ping, not what it was asked for; *measured* is what
rtcbench says of the same pings. [The lab](lab.md) tells how, and where the scenarios' numbers come from.

What remains when injected is taken from measured is the instrument: two engines, the server, the echo, the kernel and
the lab itself, all on one machine. Without a network that is the *floor*. Expected is what the
two make together: the quantile of as many pings, each with its injected time and a time drawn from the floor, for a quantile of sums is not the
sum of quantiles. The *error* is what was measured beyond that.
`

// page writes docs/accuracy.md.
func (a answers) page(w io.Writer) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	p("%s\n", introduction)
	p("Measured on %s, %s, %d CPUs, Linux %s.\n", a.date(), processor(), runtime.NumCPU(), kernel())
	if len(a.Skipped) > 0 {
		p("For want of time this page is without: %s.\n", strings.Join(a.Skipped, ", "))
	}
	p("\n![Error of the round trip against what was injected](accuracy.svg)\n")
	p("\n## What was wanted, and what it is\n\n")
	p("Scenarios that only delay, by 10 to 300 ms. A machine is slower in one minute than in the next, by more than " +
		"what is wanted here; so in these runs the network\n")
	p("was away in every other stretch of two seconds (`rtcbench lab run --alternate 2s`), and the floor is that of " +
		"the same seconds. They ping every 8 to 12 ms, so that no cache\n")
	p("goes [cold](#what-a-rest-costs) in between; which of these keeps pings that are under way from meeting, one " +
		"at the server or back at the runner when the next one leaves.\n\n")
	a.headline(w)
	if r := a.Router; r != nil {
		priority := "with a real-time priority"
		if !r.Realtime {
			priority = "without a real-time priority"
		}
		p("\nThe router alone, %.0f packets a second, %s: late by %.0f µs at the median, %.0f µs at P99 (wanted: 50 "+
			"and 500), %.0f µs at the most, of %d packets.\n", r.PerSecond, priority, r.P50, r.P99, r.Max, r.Packets)
	}
	if a.Tallies != nil {
		p("\nThese are of the whole measuring path in fake time, with fixed seeds:\n\n")
		a.tallies(w, false)
	}
	if len(a.Pairs) > 0 {
		p("\nPairs of equal runs in the lab, across the Atlantic:\n\n| engine | difference of the medians, ms | 95 " +
			"%% interval | |\n|---|---|---|---|\n")
		for _, x := range a.Pairs {
			differ := "no difference shown"
			if x.Differ {
				differ = "**a difference where there is none**"
			}
			p("| %s | %+.3f | %+.3f … %+.3f | %s |\n", x.Engine, x.P50, x.CI[0], x.CI[1], differ)
		}
	}
	if least, most, ok := a.floorRange(); ok && len(a.Pairs) > 0 {
		p("\nThe two runs of a pair are half a minute apart, in real time, and the machine is not the same in both: "+
			"in the floors below native's round trip was from %.2f to %.2f ms. Where it\n", least, most)
		p("moved by more than such an interval is wide, compare is right about the runs, and it is the machine that " +
			"differs. Whether compare is right about paths is counted in fake time, above.\n")
	}
	a.residuals(w)
	a.floors(w)
	a.restsTable(w)
	a.roundTrips(w)
	a.oneWays(w)
	a.losses(w)
	a.jitters(w)
	if a.Tallies != nil {
		p("\n## How small a difference is seen\n\nPairs of runs of 600 pings in fake time, of which the second has 2 " +
			"ms more on its way up: whether the interval of the difference holds what it is, how\nwide it is, and " +
			"how often the verdict was \"slower\". Where the path itself moves by more than that from ping to ping, " +
			"600 pings do not show 2 ms.\n\n")
		a.tallies(w, true)
	}
}

func (a answers) tallies(w io.Writer, beside bool) {
	list := slices.DeleteFunc(slices.Clone(*a.Tallies), func(y accuracy.Tally) bool { return y.Beside != beside })
	slices.SortFunc(list, func(x, y accuracy.Tally) int { return strings.Compare(x.What, y.What) })
	fmt.Fprintf(w, "| holds in | wanted | what | |\n|---|---|---|---|\n")
	for _, y := range list {
		fmt.Fprintf(w, "| %d of %d | %d | %s | %s |\n", y.Hold, y.Of, y.Want, y.What, y.Detail)
	}
}

func (a answers) residuals(w io.Writer) {
	if len(a.Alternating) == 0 {
		return
	}
	fmt.Fprint(w, `
## The error, run by run

With and without the network in turn; in ms, with 95 % intervals. *Floor* is measured − injected at the median of the pings without a network.

| scenario | engine | channel | cooldown, ms | pings, floor's | floor | injected P50 | error P50 | injected P99 | error P99 | error up P50, one clock | error down P50 | router P50 / P99, µs |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
`)
	for _, o := range a.Alternating {
		b := o.Report.Residuals
		if b == nil || len(b.Floors) == 0 {
			continue
		}
		cells := []string{o.name(), fmt.Sprint(o.Cooldown), fmt.Sprintf("%d, %d", b.There, b.Away),
			fmt.Sprintf("%.2f", b.Floors[0].Error)}
		for _, what := range []string{"round trip P50", "round trip P99", "up P50", "down P50"} {
			e, ok := o.left(what)
			roundTrip := strings.HasPrefix(what, "round")
			if roundTrip {
				cells = append(cells, fmt.Sprintf("%.2f", e.Injected))
			}
			if !ok || !roundTrip && o.Report.Clocks.Kind != bench.OneClock {
				cells = append(cells, "")
				continue
			}
			cells = append(cells, fmt.Sprintf("%+.2f (%+.2f … %+.2f)", e.Error, e.CI[0], e.CI[1]))
		}
		fmt.Fprintf(w, "| %s | %.0f / %.0f |\n", strings.Join(cells, " | "), o.Report.Added.P50, o.Report.Added.P99)
	}
	fmt.Fprint(w, `
Where what is left passes: the pieces of the round trip outside the router, P50 in ms without the network and with it, as means of those runs. What grows in
the server and the echo belongs to the platform, and is in what rtcbench measures of it; the runner's own two pieces are the instrument.

| engine | channel | runner, sending | server, both ways | echo | runner, receiving |
|---|---|---|---|---|---|
`)
	for _, engine := range []string{"native", "browser"} {
		for _, channel := range []string{"reliable", "lossy"} {
			if cells := a.grown(engine, channel); cells != "" {
				fmt.Fprintf(w, "| %s | %s | %s |\n", engine, channel, cells)
			}
		}
	}
}

// grown is the mean of each piece without the network and with it.
func (a answers) grown(engine, channel string) string {
	var sum [][2]float64
	n := 0.0
	for _, o := range a.Alternating {
		b := o.Report.Residuals
		if o.Engine != engine || o.Channel != channel || b == nil {
			continue
		}
		n++
		for i, p := range b.Parts {
			if i == len(sum) {
				sum = append(sum, [2]float64{})
			}
			sum[i][0], sum[i][1] = sum[i][0]+p.Away, sum[i][1]+p.There
		}
	}
	var cells []string
	for _, s := range sum {
		cells = append(cells, fmt.Sprintf("%.2f → %.2f", s[0]/n, s[1]/n))
	}
	return strings.Join(cells, " | ")
}

// floorRange is between what the native floor was at its median.
func (a answers) floorRange() (least, most float64, ok bool) {
	for _, o := range a.Outcomes {
		if e, known := o.of("round trip P50"); known && o.Scenario == floorName && o.Engine == "native" {
			if !ok {
				least, most, ok = e.Error, e.Error, true
			}
			least, most = min(least, e.Error), max(most, e.Error)
		}
	}
	return least, most, ok
}

func (a answers) floors(w io.Writer) {
	fmt.Fprintf(w, "\n## The floor\n\nNo network at all: what the instrument and the lab add, and where it passes. "+
		"It is more than `rtcbench calibrate` says: server and echo are processes of their own, and the router is "+
		"between them.\nIt is measured before, between and after the scenarios; the tables below expect what the "+
		"three have together.\n\n")
	fmt.Fprintf(w, "| engine | channel | round trip P50 | P99 | up P50 | down P50 | runner, sending | server, both "+
		"ways | echo | runner, receiving |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, o := range a.Outcomes {
		if o.Scenario != floorName {
			continue
		}
		fmt.Fprintf(w, "| %s | %s |", o.Engine, o.Channel)
		for _, what := range []string{"round trip P50", "round trip P99", "up P50", "down P50"} {
			e, _ := o.of(what)
			fmt.Fprintf(w, " %.2f |", e.Error)
		}
		for _, part := range o.Report.Parts {
			fmt.Fprintf(w, " %.2f |", part.P50)
		}
		fmt.Fprintln(w)
	}
}

// restsTable is what a rest between two pings costs.
func (a answers) restsTable(w io.Writer) {
	if len(a.Rests) == 0 {
		return
	}
	fmt.Fprint(w, `
## What a rest costs

The floor again, with more and more time between two pings. A processor's caches forget what nobody touches, the sooner the more its neighbours do, and on a shared
virtual machine the neighbours are strangers: everything that a ping passes through is then read from memory again. So the instrument is slower at one ping in 100 ms
(the default of `+"`--cooldown`"+
		`) than at ten, and the server and the echo with it; it is no error of the clock or of the grid, and an application that speaks seldom meets it
too. Compare runs with the same `+"`--cooldown`, and let `rtcbench calibrate`"+` have it too.

| engine | cooldown, ms | round trip P50 | P99 | runner, sending | server, both ways | echo | runner, receiving |
|---|---|---|---|---|---|---|---|
`)
	for _, o := range a.Rests {
		fmt.Fprintf(w, "| %s | %d |", o.Engine, o.Cooldown)
		for _, what := range []string{"round trip P50", "round trip P99"} {
			e, _ := o.of(what)
			fmt.Fprintf(w, " %.2f |", e.Error)
		}
		for _, part := range o.Report.Parts {
			fmt.Fprintf(w, " %.2f |", part.P50)
		}
		fmt.Fprintln(w)
	}
}

// name marks an outcome that is to be doubted.
func (o outcome) name() string {
	mark := ""
	switch {
	case o.Failed != "":
		mark = " **! " + o.Failed + "**"
	case o.Report.Imprecise:
		mark = " **!**"
	}
	return fmt.Sprintf("%s | %s | %s%s", o.Scenario, o.Engine, o.Channel, mark)
}

func (a answers) rows(w io.Writer, keep func(outcome) bool, row func(outcome) string) {
	for _, o := range a.Outcomes {
		if o.Scenario != floorName && keep(o) {
			fmt.Fprintf(w, "| %s | %s |\n", o.name(), row(o))
		}
	}
}

func all(outcome) bool { return true }

func (a answers) roundTrips(w io.Writer) {
	fmt.Fprintf(w, `
## Round trip

In ms; of the pings that could be matched to their packets. *Others*: the round trips, at the median and at the most, of those that could
not, and are in no other column; where they are slow, so was the instrument more often than the errors show. *Error* is measured − expected, with its 95 %% interval. The router's own
precision, then and there, stands beside each run, and the verdict that the run gave [itself](validity.md); one with more than 1 ms at P99, or that was not whole or not valid, was made again, up to %d times, and is marked **!** if it stayed so.
On the reliable channel a lost packet holds up the pings behind it: their own packets were in time, and the whole wait is in the error.

| scenario | engine | channel | matched | injected P50 | P95 | P99 | measured P50 | P95 | P99 | error P50 | error P95 | error P99 | router P50 / P99, µs | its own verdict |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
`, attempts)
	a.rows(w, all, func(o outcome) string {
		matched := fmt.Sprintf("%d of %d", o.Report.Matched, o.Report.Pings)
		if x := o.Report.Others; x.Pings > 0 {
			matched += fmt.Sprintf(" (others %.1f, max %.1f)", x.P50, x.Max)
		}
		cells := []string{matched}
		var measured, errors []string
		for _, q := range []string{"round trip P50", "round trip P95", "round trip P99"} {
			e, ok := a.residual(o, q)
			if !ok {
				return "too few to say"
			}
			cells = append(cells, fmt.Sprintf("%.2f", e.Injected))
			measured = append(measured, fmt.Sprintf("%.2f", e.Measured))
			errors = append(errors, fmt.Sprintf("%+.2f (%+.2f … %+.2f)", e.Error, e.CI[0], e.CI[1]))
		}
		cells = append(append(cells, measured...), errors...)
		verdict := string(o.Report.Verdict)
		if len(o.Report.Grounds) > 0 {
			verdict += ": " + strings.Join(o.Report.Grounds, ", ")
		}
		return strings.Join(append(cells, fmt.Sprintf("%.0f / %.0f", o.Report.Added.P50, o.Report.Added.P99), verdict),
			" | ")
	})
}

func (a answers) oneWays(w io.Writer) {
	fmt.Fprint(w, `
## One way

In ms, P50; *error* is measured − expected. Where the echo's clock is set wrong the estimate takes the shortest way to be as long there as back, and its
error is half of what that is wrong by; the interval is what holds. *Held*: pings of which the interval of the way up has all that the
packets leave possible; *wrong*: those of which it has nothing of that. Of the rest, which the echo was slow to take or to answer, nobody can tell.

| scenario | engine | channel | clocks | up injected | measured | error | down injected | measured | error | ± | held | skew, ppm |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
`)
	a.rows(w, func(o outcome) bool { _, ok := o.of("up P50"); return ok }, func(o outcome) string {
		c := o.Report.Clocks
		cells := []string{string(c.Kind)}
		for _, way := range []string{"up P50", "down P50"} {
			e, _ := a.residual(o, way)
			cells = append(cells, fmt.Sprintf("%.2f | %.2f | %+.2f (%+.2f … %+.2f)", e.Injected, e.Measured, e.Error,
				e.CI[0], e.CI[1]))
		}
		if c.Kind == bench.OneClock {
			return strings.Join(append(cells, "0", "", ""), " | ")
		}
		skew := ""
		if c.SkewPPM != nil {
			skew = fmt.Sprintf("%.0f … %.0f", c.SkewPPM[0], c.SkewPPM[1])
		}
		return strings.Join(append(cells, fmt.Sprintf("%.1f", c.HalfWidth),
			fmt.Sprintf("%d of %d, %d wrong", c.Held, c.Of, c.Wrong), skew), " | ")
	})
}

func (a answers) losses(w io.Writer) {
	fmt.Fprint(w, `
## Loss

What the router dropped of the packets that may be pings or pongs stands beside the messages that were lost, without a claim that the two are equal: the
reliable channel sends again what was lost, until it arrives, and the lossy one of LiveKit's Go SDK once on the way up. *Sent again*: pings of which the router dropped a
packet and which were answered all the same, and how much longer than the median ping those took, at the median and at the most: that is SCTP's retransmission
timer (RTO; RFC 9260 §6.3: at first 1 s, then as the round trip was, and doubled with each further try) or, where other messages followed, its fast retransmission, and it is the tail of such runs.
*Echo's log*: the echo writes down which pings it was given; the run must not call a ping lost on a way on which it was not.

| scenario | engine | channel | packets dropped up | down | messages lost up | down | nobody knows | echo's log | sent again | by P50 / max, ms |
|---|---|---|---|---|---|---|---|---|---|---|
`)
	a.rows(w, func(o outcome) bool { return !o.lossFree() }, func(o outcome) string {
		up, down := o.Report.Hops[0], o.Report.Hops[3]
		share := func(lost, of int) string {
			if of == 0 {
				return "0"
			}
			return fmt.Sprintf("%d of %d (%.1f %%)", lost, of, 100*float64(lost)/float64(of))
		}
		l := o.Report.Loss
		witness := "none"
		if l.Heard != nil {
			witness = fmt.Sprintf("%d of %d heard, %d wrong", *l.Heard, l.Sent, l.Wrong)
		}
		again := " | "
		if x := o.Report.Again; x.Pings > 0 {
			again = fmt.Sprintf("%d | %.0f / %.0f", x.Pings, x.P50, x.Max)
		}
		return fmt.Sprintf("%s | %s | %s | %s | %d | %s | %s", share(up.Lost, up.Packets),
			share(down.Lost, down.Packets),
			share(l.Up, l.Sent), share(l.Down, l.Sent-l.Up), l.Unknown, witness, again)
	})
}

func (a answers) jitters(w io.Writer) {
	fmt.Fprint(w, `
## Jitter

Mean |ΔRTT| of consecutive pings, in ms. Jitter of the instrument adds to that of the network, mostly where the network has little.

| scenario | engine | channel | injected | measured | error |
|---|---|---|---|---|---|
`)
	a.rows(w, func(o outcome) bool { _, ok := o.of("jitter"); return ok }, func(o outcome) string {
		e, _ := o.of("jitter")
		return fmt.Sprintf("%.3f | %.3f | %+.3f (%+.3f … %+.3f)", e.Injected, e.Measured, e.Error, e.CI[0], e.CI[1])
	})
}

func (a answers) date() string {
	var first, last time.Time
	for _, o := range a.Outcomes {
		if first.IsZero() || o.When.Before(first) {
			first = o.When
		}
		if o.When.After(last) {
			last = o.When
		}
	}
	if first.Format(time.DateOnly) == last.Format(time.DateOnly) {
		return first.Format(time.DateOnly)
	}
	return first.Format(time.DateOnly) + " to " + last.Format(time.DateOnly)
}

func processor() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(data), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(line, ": \t")
}

func kernel() string {
	data, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(data))
}
