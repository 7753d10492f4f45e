package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/lab/analysis"
	"rtcbench/internal/stats"
)

// answers is all that was held against known answers.
type answers struct {
	Router      *precision
	Outcomes    []outcome // each scenario as it is
	Alternating []outcome // with and without its network in turn
	Rests       []outcome // without one, with more and more time between the pings
	Pairs       []pair
	Tallies     *[]tally
	Skipped     []string // for want of time
}

// of is one number of an outcome.
func (o outcome) of(what string) (e analysis.Error, ok bool) {
	for _, e := range o.Report.Errors {
		if e.What == what {
			return e, true
		}
	}
	return e, false
}

// residual is by how much a number is wrong beyond what injected and floor make together, with its interval.
func (a answers) residual(o outcome, what string) (e analysis.Error, ok bool) {
	e, ok = o.of(what)
	number := numbers[what]
	var floor []time.Duration
	for _, f := range a.Outcomes {
		if f.Scenario == floorName && f.Engine == o.Engine && f.Channel == o.Channel {
			measured, injected := number.of(f.Report.Samples)
			for i := range measured {
				floor = append(floor, measured[i]-injected[i])
			}
		}
	}
	measured, injected := number.of(o.Report.Samples)
	d, known := stats.Residual(measured, injected, floor, number.q)
	e.Error, e.CI = float64(d.Value)/1e6, [2]float64{float64(d.Lo) / 1e6, float64(d.Hi) / 1e6}
	return e, ok && known
}

// number is a quantile of something that the pings were measured by.
type number struct {
	q  float64
	of func(analysis.Matched) (measured, injected []time.Duration)
}

var numbers = map[string]number{
	"round trip P50": {0.5, roundTrips}, "round trip P95": {0.95, roundTrips}, "round trip P99": {0.99, roundTrips},
	"up P50": {0.5, func(m analysis.Matched) (measured, injected []time.Duration) {
		return durations(m.Up), durations(m.InjectedUp)
	}},
	"down P50": {0.5, func(m analysis.Matched) (measured, injected []time.Duration) {
		return durations(m.Down), durations(m.InjectedDown)
	}},
}

func roundTrips(m analysis.Matched) (measured, injected []time.Duration) {
	measured, injected = durations(m.RTT), durations(m.InjectedUp)
	for i, down := range durations(m.InjectedDown) {
		injected[i] += down
	}
	return measured, injected
}

func durations(ms []float64) []time.Duration {
	d := make([]time.Duration, len(ms))
	for i, v := range ms {
		d[i] = time.Duration(v * 1e6)
	}
	return d
}

// lossFree reports whether the router dropped, doubled and overtook nothing.
func (o outcome) lossFree() bool {
	return !slices.ContainsFunc(o.Report.Hops, func(h analysis.Hop) bool { return h.Lost > 0 || h.Copies > 0 })
}

// judged reports whether the promises are of o: of a scenario that only delays, by 10 to 300 ms. Where packets are
// lost, overtake each other or stand in somebody else's queue, the transport's answer to that is in the error too.
func (o outcome) judged() bool {
	e, ok := o.of("round trip P50")
	s, err := lab.LoadScenario(o.Scenario)
	if !ok || err != nil || o.Scenario == floorName {
		return false
	}
	for _, w := range []lab.Way{s.RunnerSFU.Up, s.RunnerSFU.Down, s.SFUEcho.Up, s.SFUEcho.Down} {
		if w.Loss > 0 || w.Bursts != nil || w.Duplicate > 0 || w.Reorder != nil || w.Load != nil {
			return false
		}
	}
	return o.lossFree() && e.Injected >= 10 && e.Injected <= 300
}

// promise is one figure that is held against all alternating runs of an engine, channel by channel.
type promise struct {
	Engine, What string
	Limit        float64 // ms
	OneClock     bool
}

var promises = []promise{
	{"native", "round trip P50", 0.15, false},
	{"native", "round trip P99", 1, false},
	{"native", "up P50", 0.15, true},
	{"native", "down P50", 0.15, true},
	{"browser", "round trip P50", 0.5, false},
	{"browser", "round trip P99", 4, false},
}

// left is the error of an alternating run: what is left when the floor of the same seconds is taken off.
func (o outcome) left(what string) (e analysis.Error, ok bool) {
	if o.Report.Residuals == nil {
		return e, false
	}
	i := slices.IndexFunc(o.Report.Residuals.Errors, func(e analysis.Error) bool { return e.What == what })
	if i < 0 {
		return e, false
	}
	return o.Report.Residuals.Errors[i], true
}

// kept is in how many of the outcomes of a channel it holds, and the largest error.
func (p promise) kept(a answers, channel string) (held, of int, worst float64, where string) {
	for _, o := range a.Alternating {
		if o.Engine != p.Engine || o.Channel != channel || p.OneClock && o.Report.Clocks.Kind != bench.OneClock {
			continue
		}
		e, ok := o.left(p.What)
		if !ok {
			continue
		}
		of++
		if math.Abs(e.Error) <= p.Limit && o.Failed == "" && !o.Report.Imprecise {
			held++
		}
		if math.Abs(e.Error) > math.Abs(worst) {
			worst, where = e.Error, o.Scenario
		}
	}
	return held, of, worst, where
}

// headline is what docs/figures.md says.
func (a answers) headline(w io.Writer) {
	fmt.Fprintln(w, "| engine | channel | number | wanted, ms | holds in | largest error, ms |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, p := range promises {
		for _, channel := range channels {
			if held, of, worst, where := p.kept(a, channel); of > 0 {
				fmt.Fprintf(w, "| %s | %s | %s | ± %g | %d of %d | %+.2f (%s) |\n", p.Engine, channel, p.What, p.Limit,
					held, of, worst, where)
			}
		}
	}
	a.packets(w)
	for _, engine := range engines {
		for _, channel := range channels {
			if least, most := a.own(engine, channel); least <= most {
				fmt.Fprintf(w, "| %s | %s | of that in the runner itself, P50 | | | %+.2f to %+.2f |\n", engine,
					channel, least, most)
			}
		}
	}
}

// own says by how much the runner's own pieces of the round trip grow with the network, over the runs of an engine and
// a channel.
func (a answers) own(engine, channel string) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, o := range a.Alternating {
		if o.Engine != engine || o.Channel != channel || o.Report.Residuals == nil {
			continue
		}
		more := 0.0
		for _, p := range o.Report.Residuals.Parts {
			if strings.HasPrefix(p.What, "runner") {
				more += p.There - p.Away
			}
		}
		least, most = min(least, more), max(most, more)
	}
	return least, most
}

// write writes the page of that name, its picture and the headline.
func (a answers) write(docs, name, readme string) error {
	var b strings.Builder
	if err := a.page(&b, name); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docs, name+".md"), []byte(b.String()), 0o644); err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := a.plot().WriteSVG(&picture); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docs, name+".svg"), picture.Bytes(), 0o644); err != nil {
		return err
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	b.Reset()
	a.headline(&b)
	marked := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n).*?(<!-- /` + name + ` -->)`)
	if !marked.Match(text) {
		return fmt.Errorf("%s has no place for the headline, between <!-- %s --> and <!-- /%[2]s -->", readme, name)
	}
	return os.WriteFile(readme, marked.ReplaceAll(text, []byte("${1}"+b.String()+"${2}")), 0o644)
}
