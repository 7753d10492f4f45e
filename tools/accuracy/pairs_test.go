package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/report"
)

// pings is how many a run of a pair sends.
const pings = 600

// compare is what `rtcbench compare A B` does with one run on each side.
func compare(a, b bench.Run) report.Groups {
	group := func(name string, r bench.Run) report.Group {
		return report.Group{Name: name, Runs: []bench.Record{bench.NewRecord(r)}}
	}
	return report.CompareGroups(group("a", a), group("b", b), report.Against{Margin: 5})
}

func holds(s *report.Shift, value float64) bool {
	return s != nil && s.CI95 != nil && s.CI95[0] <= value && value <= s.CI95[1]
}

// scenarios are all that come with the lab, when there is time for them.
func scenarios(few ...string) []string {
	if count(0, 1) > 0 {
		return lab.Shipped()
	}
	return few
}

// TestPairs compares two runs of one scenario, one after the other. Nothing differs between them, and nothing is to be
// shown.
func TestPairs(t *testing.T) {
	for i, name := range scenarios("transatlantic", "bufferbloat", "lossy-wifi") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began, n, s := time.Now(), count(10, 100), scenario(t, name)
			y := tally{What: "two runs in " + name + ` compare as "no difference shown"`, Of: n,
				Want: n * 9 / 10}
			p50, p95, p99, loss := 0, 0, 0, 0
			for pair := range uint64(n) {
				seed := uint64(i+1)<<32 | pair<<1
				runs := measure(t, plan(pings), in(s, seed), in(s, seed|1))
				c := compare(runs[0], runs[1])
				if strings.HasPrefix(c.Verdict, "no difference shown") {
					y.Hold++
				}
				for _, d := range []struct {
					shift *report.Shift
					held  *int
				}{{c.MedianDiff, &p50}, {c.P95Diff, &p95}, {c.P99Diff, &p99}, {c.LossDiff, &loss}} {
					if holds(d.shift, 0) {
						*d.held++
					}
				}
			}
			y.Detail = fmt.Sprintf("0 in the 95 %% interval of P50 %d, P95 %d, P99 %d, loss %d times", p50,
				p95, p99, loss)
			tell(t, began, y)
		})
	}
}

// roundTrip moves the runner nearer to the server or farther away, until the mean round trip is d.
func roundTrip(s lab.Scenario, d time.Duration) lab.Scenario {
	for _, w := range []lab.Way{s.RunnerSFU.Up, s.RunnerSFU.Down, s.SFUEcho.Up, s.SFUEcho.Down} {
		d -= w.Delay + w.Jitter.Mean
	}
	s.RunnerSFU.Up.Delay += d / 2
	s.RunnerSFU.Down.Delay += d / 2
	return s
}

// shifted compares n pairs of runs, the second over a way up that is 2 ms longer: how often the second is called
// slower, how often the interval of the P50's difference holds 2 ms, and half its width on average, in milliseconds.
func shifted(t *testing.T, near lab.Scenario, n int, stream uint64) (found, held int, half float64) {
	far := near
	far.RunnerSFU.Up.Delay += 2 * ms
	for pair := range uint64(n) {
		seed := stream<<32 | pair<<1
		runs := measure(t, plan(pings), in(near, seed), in(far, seed|1))
		c := compare(runs[0], runs[1])
		if strings.HasPrefix(c.Verdict, "A faster") {
			found++
		}
		if holds(c.MedianDiff, 2) {
			held++
		}
		half += (c.MedianDiff.CI95[1] - c.MedianDiff.CI95[0]) / 2 / float64(n)
	}
	return found, held, half
}

// TestShifts compares runs that differ by 2 ms. At 80 ms with the jitter of transatlantic this has to be found.
func TestShifts(t *testing.T) {
	t.Run("80 ms", func(t *testing.T) {
		t.Parallel()
		began, n := time.Now(), count(10, 100)
		found, held, half := shifted(t, roundTrip(scenario(t, "transatlantic"), 80*ms), n, 99)
		tell(t, began, tally{
			What: "2 ms more at 80 ms, with the jitter of transatlantic, are found", Of: n, Want: n * 9 / 10,
			Hold: found,
			Detail: fmt.Sprintf("2 ms in the 95 %% interval of P50 %d times, which is ± %.2f ms on average",
				held, half),
		})
	})
	for i, name := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began, n := time.Now(), count(10, 100)
			found, held, half := shifted(t, scenario(t, name), n, uint64(i)+100)
			tell(t, began, tally{
				Beside: true, What: "2 ms more in " + name + " lie in the 95 % interval of P50", Of: n,
				Want: n * 9 / 10, Hold: held,
				Detail: fmt.Sprintf("the interval is ± %.2f ms on average; the verdict found them %d times",
					half, found),
			})
		})
	}
}
