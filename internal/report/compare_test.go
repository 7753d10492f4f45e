package report

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
)

// runsOn are runs of a path that is 80 ms long, and shift: queues of about 2 ms in which neighbours are
// alike; the way of many differs a little from run to run. They are an hour apart.
func runsOn(seed uint64, runs, pings int, shift time.Duration) []bench.Run {
	rng := rand.New(rand.NewPCG(seed, 1))
	list := make([]bench.Run, runs)
	for i := range list {
		r := benchtest.Run(pings)
		r.ID = fmt.Sprintf("%08x-0000-7000-8000-%012d", seed, i)
		r.Location = "fra"
		begin := time.Duration(i)*time.Hour + time.Duration(seed)*100*time.Hour
		r.Start, r.End = r.Start.Add(begin), r.End.Add(begin)
		way, z := shift, rng.NormFloat64()
		if runs > 1 {
			way += time.Duration(rng.NormFloat64() * float64(time.Millisecond) / 2)
		}
		for j := range r.Samples {
			z = 0.8*z + 0.6*rng.NormFloat64()
			if s := &r.Samples[j]; s.Outcome == bench.Answered {
				s.RTT = 80*time.Millisecond + way + time.Duration(math.Exp(0.3+0.8*z)*float64(time.Millisecond))
				s.Stamped = false
			}
		}
		list[i] = r
	}
	return list
}

// records summarises runs.
func records(runs []bench.Run) (list []bench.Record) {
	for _, r := range runs {
		list = append(list, bench.NewRecord(r))
	}
	return list
}

// lean is runs as a store lists them: without samples.
func lean(runs []bench.Run) []bench.Run {
	list := make([]bench.Run, len(runs))
	for i, r := range runs {
		s := bench.Summarise(r)
		h := r.Histogram()
		s.RTTs, s.LateRTTs = nil, nil
		r.Kept, r.Samples = &bench.Kept{Summary: s, Histogram: h}, nil
		list[i] = r
	}
	return list
}

func TestGroupTables(t *testing.T) {
	ten := 10.0
	other := runsOn(7, 1, 400, 5*time.Millisecond)
	other[0].Facts.Transport, other[0].Facts.Engine, other[0].Platform, other[0].Location = bench.SignallingWebSocket,
		"browser", "daily", ""
	other[0].Facts.Channel, other[0].Plan.Cooldown, other[0].Plan.PayloadBytes = bench.Channel{}, 200*
		time.Millisecond, 1000
	silent := append(lean(runsOn(8, 5, 100, 0)), benchtest.Runs()["no-pong"])
	for name, c := range map[string]struct {
		a, b    []bench.Run
		by      Against
		verdict string
	}{
		"pair": {runsOn(1, 1, 400, 0), runsOn(2, 1, 400, 20*time.Millisecond), Against{Margin: 5, SlowerThan: &ten},
			"A faster" + ofTwoRuns},
		"same": {runsOn(1, 1, 600, 0), runsOn(3, 1, 600, 0), Against{Margin: 5}, "no difference shown" + ofTwoRuns},
		"unlike": {runsOn(1, 1, 400, 0), other, Against{Margin: 5}, "not the same kind of path: A faster" +
			ofTwoRuns},
		"many": {lean(runsOn(4, 12, 400, 3*time.Millisecond)), lean(runsOn(5, 10, 400, 0)), Against{Margin: 5},
			"B faster"},
		"few": {lean(runsOn(6, 2, 100, 0)), lean(runsOn(7, 1, 100, 0)), Against{Margin: 5, SlowerThan: &ten},
			"inconclusive: about 3 more runs needed on each side"},
		"unsettle": {silent, lean(runsOn(9, 5, 100, 0)), Against{Margin: 0.5, Invalid: true},
			"inconclusive: about 10 more runs needed on each side"},
	} {
		t.Run(name, func(t *testing.T) {
			got := CompareGroups(Group{Name: "platform=livekit,location=fra,since=7d", Runs: records(c.a)},
				Group{Name: "a/very/long/name/of/a/folder/in/which/somebody/keeps/the/results/now.json#livekit",
					Runs: records(c.b)}, c.by)
			if got.Verdict != c.verdict {
				t.Errorf("%q, want %q", got.Verdict, c.verdict)
			}
			var text, file bytes.Buffer
			if err := got.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			golden(t, "compare-"+name+".txt", text.Bytes())
			for _, line := range strings.Split(text.String(), "\n") {
				if w := lipgloss.Width(line); w > width {
					t.Errorf("%d columns: %s", w, line)
				}
			}
			if err := result.WriteJSON(&file, got); err != nil {
				t.Fatal(err)
			}
			golden(t, "compare-"+name+".json", file.Bytes())
		})
	}
}

// TestSlower: only an interval that lies beyond the limit breaks it.
func TestSlower(t *testing.T) {
	for _, runs := range []int{1, 8} {
		for percent, want := range map[float64]bool{0: true, 1: true, 2.4: false, 5: false} {
			c := CompareGroups(Group{Name: "a", Runs: records(runsOn(10, runs, 600, 0))},
				Group{Name: "b", Runs: records(runsOn(11, runs, 600, 2*time.Millisecond))},
				Against{Margin: 5, SlowerThan: &percent})
			if c.Slower.Shown != want {
				t.Errorf("%d run(s), 2 ms of 80 more: slower by more than %v %%: %v, %+v in %v", runs, percent,
					c.Slower.Shown, c.MedianDiff.Value, *c.MedianDiff.CI95)
			}
			back := CompareGroups(Group{Name: "a", Runs: records(runsOn(11, runs, 600, 2*time.Millisecond))},
				Group{Name: "b", Runs: records(runsOn(10, runs, 600, 0))}, Against{SlowerThan: &percent})
			if back.Slower.Shown {
				t.Errorf("%d run(s): the faster one is slower by %v %%", runs, percent)
			}
		}
	}
}

// TestOneGrid: two runs of one moment are compared slot by slot, others are not.
func TestOneGrid(t *testing.T) {
	a, b := runsOn(12, 1, 300, 0), runsOn(12, 1, 300, 0)
	b[0].ID = "0000000d-0000-7000-8000-000000000000"
	if c := CompareGroups(Group{Name: "a", Runs: records(a)}, Group{Name: "b", Runs: records(b)},
		Against{}); !c.Paired {
		t.Errorf("%+v", c)
	}
	b[0].Start, b[0].End = b[0].Start.Add(time.Hour), b[0].End.Add(time.Hour)
	if c := CompareGroups(Group{Name: "a", Runs: records(a)}, Group{Name: "b", Runs: records(b)},
		Against{}); c.Paired || c.Method != byPings {
		t.Errorf("%+v", c)
	}
}

// TestLossInClusters: pings lost in one burst show less than as many lost singly.
func TestLossInClusters(t *testing.T) {
	lost := func(burst bool) []bench.Run {
		r := runsOn(14, 1, 900, 0)[0]
		for i := range r.Samples {
			s := &r.Samples[i]
			if s.Outcome == bench.Answered && (burst && i >= 100 && i < 130 || !burst && i%30 == 0) {
				s.Outcome = bench.Lost
			}
		}
		r.Counts = bench.Counts{}
		r.Counts.Tally(r.Samples)
		return []bench.Run{r}
	}
	none := runsOn(15, 1, 900, 0)
	singly := CompareGroups(Group{Name: "a", Runs: records(none)}, Group{Name: "b", Runs: records(lost(false))},
		Against{}).LossDiff
	burst := CompareGroups(Group{Name: "a", Runs: records(none)}, Group{Name: "b", Runs: records(lost(true))},
		Against{}).LossDiff
	if singly.CI95[0] <= 0 || burst.CI95[0] > 0 || math.Abs(singly.Value-burst.Value) > 0.005 {
		t.Errorf("singly %v in %v, in a burst %v in %v", singly.Value, *singly.CI95, burst.Value, *burst.CI95)
	}
	if got := losses(records(lean(none))); len(got) != 1 || got[0] != (stats.Ratio{K: 2, N: 900}) {
		t.Errorf("a run without samples: %v", got)
	}
}

func TestSameRunOnBothSides(t *testing.T) {
	a := lean(runsOn(16, 5, 100, 0))
	c := CompareGroups(Group{Name: "a", Runs: records(a)}, Group{Name: "b", Runs: records(a)}, Against{Margin: 5})
	if !strings.Contains(strings.Join(c.Notes, "\n"), "5 of the runs are on both sides") || c.Verdict != noDifference {
		t.Errorf("%q %q", c.Verdict, c.Notes)
	}
}

func TestNothingAnswered(t *testing.T) {
	none := []bench.Run{benchtest.Runs()["no-pong"]}
	c := CompareGroups(Group{Name: "a", Runs: records(none)}, Group{Name: "b", Runs: records(runsOn(17, 1, 100, 0))},
		Against{Margin: 5, SlowerThan: new(float64)})
	var b bytes.Buffer
	if err := c.WriteText(&b); err != nil || !strings.Contains(c.Verdict, "no ping was answered") ||
		c.MedianDiff != nil {
		t.Errorf("%+v %v", c, err)
	}
}

// TestGates: what is dead, or half dead, passes no gate, and neither does what nobody can decide.
func TestGates(t *testing.T) {
	lose := func(runs []bench.Run, share float64) []bench.Run {
		for i := range runs {
			for j := range runs[i].Samples {
				if s := &runs[i].Samples[j]; s.Outcome == bench.Answered && float64(j*37%100) < 100*share {
					s.Outcome, s.RTT = bench.Lost, 0
				}
			}
			runs[i].Counts = bench.Counts{}
			runs[i].Counts.Tally(runs[i].Samples)
		}
		return runs
	}
	ten, five := 10.0, 5.0
	for _, count := range []int{1, 8} {
		for _, c := range []struct {
			what           string
			a, b           float64 // lost
			shift          time.Duration
			shown, decided bool
			lossier        bool
			verdict        string
		}{
			{"nothing lost", 0, 0, 0, false, true, false, "no difference shown"},
			{"slower", 0, 0, 20 * time.Millisecond, true, true, false, "A faster"},
			{"all of B lost", 0, 1, 0, true, true, true, "B loses more"},
			{"half of B lost", 0, 0.5, 0, count > 1, count > 1, true, "B loses more (A 0"},
			{"two thirds of B lost", 0, 0.67, 0, true, true, true, "B loses more"},
			{"a tenth of B lost", 0, 0.1, 0, false, true, true, "B loses more"},
			{"a tenth of A lost", 0.1, 0, 0, false, true, false, "A loses more"},
			{"all of A lost", 1, 0, 0, false, false, false, "A loses more"},
		} {
			a, b := lose(runsOn(20, count, 600, 0), c.a), lose(runsOn(21, count, 600, c.shift), c.b)
			for what, list := range map[string][2][]bench.Run{"with samples": {a, b},
				"as stores list them": {lean(a), lean(b)}} {
				if count == 1 && what == "as stores list them" {
					continue // one run alone is read with its samples
				}
				got := CompareGroups(Group{Name: "a", Runs: records(list[0])}, Group{Name: "b", Runs: records(list[1])},
					Against{Margin: 5, SlowerThan: &ten, LossierThan: &five, Invalid: true})
				if g := got.Slower; g.Shown != c.shown || g.Decided != c.decided ||
					g.Decided == (g.Why != "" && !g.Shown) {
					t.Errorf("%d run(s) %s, %s: slower %+v", count, what, c.what, *g)
				}
				if g := got.Lossier; g.Shown != c.lossier || !g.Decided {
					t.Errorf("%d run(s) %s, %s: lossier %+v", count, what, c.what, *g)
				}
				if !strings.Contains(got.Verdict, c.verdict) {
					t.Errorf("%d run(s) %s, %s: verdict %q", count, what, c.what, got.Verdict)
				}
			}
		}
	}
}

// TestLossOfNextToNoPings: a side with three pings may lose any number, so that it passes no gate; what is beyond doubt
// with three is shown.
func TestLossOfNextToNoPings(t *testing.T) {
	five := 5.0
	for _, c := range []struct {
		n, lost        int
		shown, decided bool
	}{{3, 0, false, false}, {9, 0, false, false}, {10, 0, false, true}, {3, 3, true, true}} {
		a, b := runsOn(22, 1, 400, 0), runsOn(23, 1, c.n, 0)
		for i := range c.lost {
			b[0].Samples[i].Outcome, b[0].Samples[i].RTT = bench.Lost, 0
		}
		b[0].Counts = bench.Counts{}
		b[0].Counts.Tally(b[0].Samples)
		g := CompareGroups(Group{Name: "a", Runs: records(a)}, Group{Name: "b", Runs: records(b)},
			Against{Margin: 5, LossierThan: &five, Invalid: true}).Lossier
		if g.Shown != c.shown || g.Decided != c.decided || (g.Why == "") != c.decided {
			t.Errorf("%d of %d lost: %+v", c.lost, c.n, *g)
		}
	}
}

// TestNoVerdictOnAnInvalidRun: its differences are shown, but it is no measure of its path, and passes no gate.
func TestNoVerdictOnAnInvalidRun(t *testing.T) {
	a, b := records(runsOn(22, 1, 400, 0)), records(runsOn(23, 1, 400, -20*time.Millisecond))
	b[0].Summary.Validity = bench.Validity{Verdict: bench.Invalid,
		Grounds: []bench.Ground{{Code: "steal", Verdict: bench.Invalid, Text: "starved"}}}
	ten := 10.0
	by := Against{Margin: 5, SlowerThan: &ten}
	c := CompareGroups(Group{Name: "a", Runs: a}, Group{Name: "b", Runs: b}, by)
	if c.Verdict != "none: B is invalid, and no measure of its path" || c.MedianDiff == nil || c.Slower.Decided ||
		c.Slower.Why == "" {
		t.Errorf("%q, %+v", c.Verdict, c.Slower)
	}
	by.Invalid = true
	if c = CompareGroups(Group{Name: "a", Runs: a}, Group{Name: "b", Runs: b}, by); c.Verdict != "B faster"+ofTwoRuns ||
		!c.Slower.Decided {
		t.Errorf("asked for: %q, %+v", c.Verdict, c.Slower)
	}
	a, b = records(runsOn(22, 1, 400, 0)), records(runsOn(22, 1, 400, 0))
	b[0].Summary.Validity.Verdict = bench.Invalid
	both := Compare(a[0], b[0])
	if both.Verdict != "none: the run on LiveKit is invalid, and no measure of its path" ||
		both.Validity["livekit"] != bench.Invalid || both.MedianDiff == nil {
		t.Errorf("both: %+v", both)
	}
	a[0].Summary.Validity.Verdict = bench.Invalid
	by.Invalid = false
	const nor = " are invalid, and no measures of their paths"
	c = CompareGroups(Group{Name: "a", Runs: a}, Group{Name: "b", Runs: b}, by)
	both = Compare(a[0], b[0])
	if c.Verdict != "none: A and B"+nor || c.Slower.Why != "A and B"+nor ||
		both.Verdict != "none: the run on Daily and the run on LiveKit"+nor {
		t.Errorf("two invalid runs: %q, %+v, %q", c.Verdict, c.Slower, both.Verdict)
	}
}

// TestFloorsExplain: where the instrument's own part is known of both sides, what it explains of the difference is
// told.
func TestFloorsExplain(t *testing.T) {
	a, b := runsOn(24, 1, 400, 0), runsOn(25, 1, 400, time.Millisecond)
	a[0].Floor, b[0].Floor = &bench.Floor{RTT: time.Millisecond}, &bench.Floor{RTT: 2200 * time.Microsecond}
	c := CompareGroups(Group{Name: "a", Runs: records(a)}, Group{Name: "b", Runs: records(b)}, Against{Margin: 5})
	var text bytes.Buffer
	if err := c.WriteText(&text); err != nil || c.FloorDiff == nil || math.Abs(*c.FloorDiff-1.2) > 1e-9 ||
		!strings.Contains(text.String(), "the instrument itself explains +1.20 ms") {
		t.Errorf("%v %v\n%s", c.FloorDiff, err, text.String())
	}
	b[0].Floor = nil
	if c = CompareGroups(Group{Name: "a", Runs: records(a)}, Group{Name: "b", Runs: records(b)},
		Against{Margin: 5}); c.FloorDiff != nil {
		t.Errorf("of one side alone: %v", *c.FloorDiff)
	}
}
