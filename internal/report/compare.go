package report

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Group is the runs of one side of a comparison, and the name that the user gave them.
type Group struct {
	Name    string
	Runs    []bench.Record
	LeftOut int // invalid runs that were left out
}

// Apart gives each run a group of its own: a file may hold both sides, measured in turn. A group is named after its
// platform if each run has another one, or else after its ID.
func (g Group) Apart() (list []Group) {
	platforms := distinct(g.Runs, func(r bench.Record) string { return r.Platform })
	for _, r := range g.Runs {
		name := ShortID(r.ID)
		if len(platforms) == len(g.Runs) {
			name = platformName(r.Platform)
		}
		list = append(list, Group{Name: name, Runs: []bench.Record{r}})
	}
	return list
}

// Against is the options of a comparison.
type Against struct {
	Margin      float64  // percent of A's median: a smaller difference does not matter
	SlowerThan  *float64 // percent: asks whether B is slower than A by more
	LossierThan *float64 // percentage points: asks whether B loses more than A by more
	Invalid     bool     // gives invalid runs a verdict, too

	Step func(done, of int) // called after each step; nil = nobody is told
}

// steps is the number of steps of a comparison of two single runs. With long runs each step takes a while.
const steps = 6

// stepper returns a function that counts the steps that are done and reports them to by.Step.
func (by Against) stepper() func() {
	var done atomic.Int32
	return func() {
		if n := int(done.Add(1)); by.Step != nil {
			by.Step(min(n, steps), steps)
		}
	}
}

// Groups is how two groups of runs compare. Differences are B − A, in milliseconds.
type Groups struct {
	A Side `json:"a"`
	B Side `json:"b"`
	// Alike says that all runs used one transport class, and one path as far as the paths are known.
	Alike      bool     `json:"alike"`
	Method     string   `json:"method"`
	Paired     bool     `json:"paired"` // ping by ping: both pings of a slot
	MedianDiff *Shift   `json:"median_diff_ms"`
	P95Diff    *Shift   `json:"p95_diff_ms"`
	P99Diff    *Shift   `json:"p99_diff_ms"`
	FloorDiff  *float64 `json:"floor_diff_ms"` // between the floors of the instruments; null = a run has no floor
	PValue     *float64 `json:"p_value"`       // of the rank test of the medians
	LossDiff   *Shift   `json:"loss_diff"`     // between the loss ratios
	Margin     float64  `json:"margin_percent"`
	Slower     *Gate    `json:"slower_than,omitempty"`
	Lossier    *Gate    `json:"lossier_than,omitempty"`
	MoreRuns   int      `json:"runs_needed"` // further runs that each side needs for a decision
	Notes      []string `json:"notes"`
	Verdict    string   `json:"verdict"`
	equal      bool     // the medians are not shown to differ
	doubts     []bench.Doubt
	step       func()
}

// Shift is a difference with its 95 % interval. The interval is null if there are too few values.
type Shift struct {
	Value   float64     `json:"value"`
	CI95    *[2]float64 `json:"ci95"`
	Percent *float64    `json:"percent,omitempty"` // of A's value
}

// ofTwoRuns is a remark on the verdict about a single run a side: the machine may have changed between the two runs.
const ofTwoRuns = " in these two runs (to compare paths, take several runs in turn, or use both)"

// The ways in which groups are compared.
const (
	byPings   = "block bootstrap of one run each"
	byRuns    = "rank test of the runs' medians"
	byNothing = "none"
)

// CompareGroups holds group b against group a. One run each is compared by its pings: they are not
// independent, so by blocks. More are compared by their medians and tails, one value a run: only what differs
// between runs of one side tells what may differ between the sides.
func CompareGroups(a, b Group, by Against) Groups {
	c := Groups{A: newSide(a), B: newSide(b), Margin: by.Margin, Method: byNothing,
		FloorDiff: floorDiff(a.Runs, b.Runs)}
	c.Alike = len(c.A.Transports) == 1 && len(c.B.Transports) == 1 && c.A.Transports[0] != bench.Unknown &&
		c.B.Transports[0] != bench.Unknown && !c.differ()
	x, y := answeredRuns(a.Runs), answeredRuns(b.Runs)
	c.LossDiff = lossDiff(b.Runs, a.Runs)
	c.step = by.stepper()
	var gates sync.WaitGroup
	gates.Go(func() {
		c.Slower, c.Lossier = c.gates(a.Runs, b.Runs, by)
		c.step()
	})
	switch {
	case len(x) == 0 || len(y) == 0:
		c.MoreRuns = stats.RunsForShift(1, 1)
		c.Verdict = c.class().Words("inconclusive: no ping was answered on one side")
	case len(x) == 1 && len(y) == 1 && c.byPings(x[0], y[0]):
	default:
		c.byRuns(x, y, by)
	}
	gates.Wait()
	c.conclude(by)
	c.Notes = append([]string{}, slices.Concat(noteInvalid("A", c.A), noteInvalid("B", c.B), notePaths(c.A, c.B),
		noteAssumed(c.A.Voice, c.B.Voice),
		notes(a.Runs, b.Runs))...)
	c.doubts = groupDoubts(a.Runs, b.Runs)
	return c
}

// conclude adds to the verdict what else has to be in the same line.
func (c *Groups) conclude(by Against) {
	if why := c.invalid(); why != "" && !by.Invalid && c.Method != byNothing {
		c.Verdict = "none: " + why
	}
	c.Verdict += c.LossDiff.losesMore("B", "A", c.B.Loss, c.A.Loss)
	if !c.Alike {
		c.Verdict = c.Unlike() + ": " + c.Verdict
	}
}

// lossDiff is the loss ratio of runs minus that of others; nil = none of their pings was settled.
func lossDiff(runs, others []bench.Record) *Shift {
	d, ok := stats.DifferenceOfRatios(losses(runs), losses(others))
	if !ok {
		return nil
	}
	return &Shift{Value: d.Value, CI95: &[2]float64{d.Lo, d.Hi}}
}

// losesMore is the end of a verdict: which of two sides loses more; "" = that is not shown. d is the loss of the first
// minus that of the second.
func (d *Shift) losesMore(first, second string, of, ofSecond *float64) string {
	if d == nil || d.CI95[0] <= 0 && d.CI95[1] >= 0 {
		return ""
	}
	more := first
	if d.Value < 0 {
		more = second
	}
	return fmt.Sprintf("; %s loses more (%s %s, %s %s)", more, second, percentage(ofSecond), first, percentage(of))
}

// invalid says which side has an invalid run in it; "" = none has.
func (c *Groups) invalid() string {
	return areInvalid("A", "B", c.A.Invalid > 0, c.B.Invalid > 0)
}

// areInvalid says which of two sides is invalid; "" = none is.
func areInvalid(first, second string, one, other bool) string {
	switch {
	case one && other:
		return first + " and " + second + " are invalid, and no measures of their paths"
	case other:
		first = second
	case !one:
		return ""
	}
	return first + " is invalid, and no measure of its path"
}

// floorDiff is the median of b's floors minus the median of a's floors, in milliseconds; nil = a run has no floor.
func floorDiff(a, b []bench.Record) *float64 {
	floors := func(runs []bench.Record) (list []time.Duration) {
		for _, r := range runs {
			if r.Floor != nil {
				list = append(list, r.Floor.RTT)
			}
		}
		return list
	}
	x, y := floors(a), floors(b)
	if len(x) != len(a) || len(y) != len(b) || len(x) == 0 || len(y) == 0 {
		return nil
	}
	d := *middle(y) - *middle(x)
	return &d
}

// byPings compares one run with one other run by their pings. It returns false if a run has too few pings.
func (c *Groups) byPings(a, b bench.Record) bool {
	x, y := a.Summary.RTTs, b.Summary.RTTs
	if together(a.Run, b.Run) {
		if u, v := pairs(a.Run, b.Run, answeredRTT); 2*len(u) >= min(len(x), len(y)) {
			x, y, c.Paired = u, v, true
		}
	}
	if min(len(x), len(y)) < 10 {
		c.Paired = false
		return false
	}
	c.Method = byPings
	var u, v *stats.Series
	c.inParallel(func() { u = stats.NewSeries(x) }, func() { v = stats.NewSeries(y) })
	var median stats.Difference
	shift := func(q float64, to **Shift, of *float64) func() {
		return func() {
			d, ok := v.Minus(u, q, c.Paired)
			if *to = newShift(d, ok, of); q == 0.5 {
				median = d
			}
		}
	}
	list := []func(){shift(0.5, &c.MedianDiff, c.A.P50), shift(0.95, &c.P95Diff, c.A.P95)}
	if min(len(x), len(y)) >= c.class().Needed(0.99) {
		list = append(list, shift(0.99, &c.P99Diff, c.A.P99))
	}
	c.inParallel(list...)
	c.Verdict, c.equal = groupVerdict(median)+ofTwoRuns, !median.Excludes0()
	return true
}

// inParallel calls all functions at the same time, waits for them, and counts each as a step.
func (c *Groups) inParallel(list ...func()) {
	var all sync.WaitGroup
	for _, f := range list {
		all.Go(func() {
			f()
			c.step()
		})
	}
	all.Wait()
}

// byRuns compares groups by one value of each run.
func (c *Groups) byRuns(a, b []bench.Record, by Against) {
	x, y := quantiles(a, p50), quantiles(b, p50)
	median, ok := stats.Shift(y, x)
	c.Method, c.MedianDiff = byRuns, newShift(median, ok, c.A.P50)
	if _, p, known := stats.MannWhitney(y, x); known {
		c.PValue = &p
	}
	tail := func(of func(bench.Record) bench.Quantity, middle *float64) *Shift {
		u, v := quantiles(a, of), quantiles(b, of)
		if len(u) == 0 || len(v) == 0 {
			return nil
		}
		d, ok := stats.Shift(v, u)
		return newShift(d, ok, middle)
	}
	c.P95Diff, c.P99Diff = tail(p95, c.A.P95), tail(p99, c.A.P99)
	margin := time.Duration(by.Margin / 100 * *c.A.P50 * float64(time.Millisecond))
	switch {
	case !ok:
		c.MoreRuns = stats.RunsForShift(len(x), len(y))
	case median.Excludes0(), -margin <= median.Lo && median.Hi <= margin:
	default:
		c.MoreRuns = stats.MoreRuns(median, len(x), len(y), margin)
	}
	c.equal = !median.Excludes0()
	if c.Verdict = groupVerdict(median); c.MoreRuns > 0 {
		c.Verdict = fmt.Sprintf("inconclusive: about %d more runs needed on each side", c.MoreRuns)
		if c.MoreRuns == 1 {
			c.Verdict = "inconclusive: about 1 more run needed on each side"
		}
	}
}

// groupVerdict is the verdict on the difference B − A.
func groupVerdict(d stats.Difference) string {
	switch {
	case !d.Excludes0():
		return noDifference
	case d.Value > 0:
		return "A faster"
	}
	return "B faster"
}

func newShift(d stats.Difference, ok bool, a *float64) *Shift {
	s := &Shift{Value: millis(d.Value)}
	if ok {
		s.CI95 = &[2]float64{millis(d.Lo), millis(d.Hi)}
	}
	if a != nil && *a > 0 {
		percent := 100 * s.Value / *a
		s.Percent = &percent
	}
	return s
}

// together reports whether a and b ran at the same time on the same grid.
func together(a, b bench.Run) bool {
	return a.Plan.OnGrid() && a.Plan.Cooldown == b.Plan.Cooldown && a.Start.Before(b.End) && b.Start.Before(a.End) &&
		a.ID != b.ID
}

// answeredRuns are the runs that have a round trip time.
func answeredRuns(runs []bench.Record) (list []bench.Record) {
	for _, r := range runs {
		if r.Summary.P50.OK {
			list = append(list, r)
		}
	}
	return list
}

func p50(r bench.Record) bench.Quantity { return r.Summary.P50 }
func p95(r bench.Record) bench.Quantity { return r.Summary.P95 }

// p99 is the P99 of a run; not known if the run has too few pings for it.
func p99(r bench.Record) bench.Quantity {
	if r.Counts.Answered < r.Facts.Transport.Needed(0.99) {
		return bench.Quantity{}
	}
	return r.Summary.P99
}

// quantiles gives one value for each run that has a round trip time. If one of these runs lacks the value, quantiles
// gives none: else two percentiles could be of different runs, and a P99 could be below a P95.
func quantiles(runs []bench.Record, of func(bench.Record) bench.Quantity) (list []time.Duration) {
	for _, r := range answeredRuns(runs) {
		q := of(r)
		if !q.OK {
			return nil
		}
		list = append(list, q.D)
	}
	return list
}

// enoughRuns is how many runs suffice as clusters, to show how losses cluster.
const enoughRuns = 4

// losses are the failed pings in clusters. With enough runs, each run is a cluster. With fewer runs, each run is
// divided into stretches.
func losses(runs []bench.Record) (list []stats.Ratio) {
	for _, r := range runs {
		whole := stats.Ratio{K: r.Counts.Failed(), N: r.Counts.Settled()}
		var failed []bool
		for _, s := range r.Samples {
			if s.Settled() {
				failed = append(failed, s.Failed())
			}
		}
		if len(runs) >= enoughRuns || len(failed) != whole.N { // the samples are missing, or a part of them
			list = append(list, whole)
		} else {
			list = append(list, stats.Clusters(failed)...)
		}
	}
	return list
}
