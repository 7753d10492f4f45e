package main

import (
	"fmt"
	"slices"
	"strings"

	"rtcbench/bench"
)

func (a answers) pairRows() (rows []string) {
	for _, x := range a.Pairs {
		differ := "no difference shown"
		if x.Differ {
			differ = "**a difference where there is none**"
		}
		rows = append(rows, fmt.Sprintf("%s | %+.3f | %+.3f … %+.3f | %s", x.Engine, x.P50, x.CI[0], x.CI[1], differ))
	}
	return rows
}

func (a answers) tallies(beside bool) (rows []string) {
	if a.Tallies == nil {
		return nil
	}
	list := slices.DeleteFunc(slices.Clone(*a.Tallies), func(y tally) bool { return y.Beside != beside })
	slices.SortFunc(list, func(x, y tally) int { return strings.Compare(x.What, y.What) })
	for _, y := range list {
		rows = append(rows, fmt.Sprintf("%d of %d | %d | %s | %s", y.Hold, y.Of, y.Want, y.What, y.Detail))
	}
	return rows
}

// residuals are the errors of the runs whose network was away in every other stretch.
func (a answers) residuals() (rows []string) {
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
		rows = append(rows, fmt.Sprintf("%s | %.0f / %.0f", strings.Join(cells, " | "), o.Report.Added.P50,
			o.Report.Added.P99))
	}
	return rows
}

func (a answers) grownParts() (rows []string) {
	for _, engine := range engines {
		for _, channel := range channels {
			if cells := a.grown(engine, channel); cells != "" {
				rows = append(rows, fmt.Sprintf("%s | %s | %s", engine, channel, cells))
			}
		}
	}
	return rows
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

func (a answers) floors() (rows []string) {
	for _, o := range a.Outcomes {
		if o.Scenario == floorName {
			rows = append(rows, strings.Join(slices.Concat([]string{o.Engine, o.Channel},
				o.errors("round trip P50", "round trip P99", "up P50", "down P50"), o.parts()), " | "))
		}
	}
	return rows
}

// rests is what a rest between two pings costs.
func (a answers) rests() (rows []string) {
	for _, o := range a.Rests {
		rows = append(rows, strings.Join(slices.Concat([]string{o.Engine, fmt.Sprint(o.Cooldown)},
			o.errors("round trip P50", "round trip P99"), o.parts()), " | "))
	}
	return rows
}

func (o outcome) errors(of ...string) (cells []string) {
	for _, what := range of {
		e, _ := o.of(what)
		cells = append(cells, fmt.Sprintf("%.2f", e.Error))
	}
	return cells
}

func (o outcome) parts() (cells []string) {
	for _, part := range o.Report.Parts {
		cells = append(cells, fmt.Sprintf("%.2f", part.P50))
	}
	return cells
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

func (a answers) rows(keep func(outcome) bool, row func(outcome) string) (rows []string) {
	for _, o := range a.Outcomes {
		if o.Scenario != floorName && keep(o) {
			rows = append(rows, fmt.Sprintf("%s | %s", o.name(), row(o)))
		}
	}
	return rows
}

func all(outcome) bool { return true }

func (a answers) roundTrips() []string {
	return a.rows(all, func(o outcome) string {
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

func (a answers) oneWays() []string {
	return a.rows(func(o outcome) bool { _, ok := o.of("up P50"); return ok }, func(o outcome) string {
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

func (a answers) losses() []string {
	return a.rows(func(o outcome) bool { return !o.lossFree() }, func(o outcome) string {
		up, down := o.Report.Hops[0], o.Report.Hops[3]
		share := func(lost, of int) string {
			if of == 0 {
				return "0"
			}
			return fmt.Sprintf("%d of %d (%.1f %%)", lost, of, 100*float64(lost)/float64(of))
		}
		l := o.Report.Loss
		dropped := []string{share(up.Lost, up.Packets), share(down.Lost, down.Packets)}
		if x := l.Router; x != nil { // which packet was which ping
			dropped = []string{share(x.Up, l.Sent), share(x.Down, l.Sent-x.Up)}
		}
		witness := "none"
		if l.Heard != nil {
			witness = fmt.Sprintf("%d of %d heard, %d wrong", *l.Heard, l.Sent, l.Wrong)
		}
		again := " | "
		if x := o.Report.Again; x.Pings > 0 {
			again = fmt.Sprintf("%d | %.0f / %.0f", x.Pings, x.P50, x.Max)
		}
		return fmt.Sprintf("%s | %s | %s | %d | %s | %s", strings.Join(dropped, " | "),
			share(l.Up, l.Sent), share(l.Down, l.Sent-l.Up), l.Unknown, witness, again)
	})
}

func (a answers) jitters() []string {
	return a.rows(func(o outcome) bool { _, ok := o.of("jitter"); return ok }, func(o outcome) string {
		e, _ := o.of("jitter")
		return fmt.Sprintf("%.3f | %.3f | %+.3f (%+.3f … %+.3f)", e.Injected, e.Measured, e.Error, e.CI[0], e.CI[1])
	})
}
