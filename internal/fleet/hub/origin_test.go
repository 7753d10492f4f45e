package hub_test

import (
	"path/filepath"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// TestARunSaysWhereItCameFrom: a run of the plan has its serial, job and slot, the place whose credentials sent it,
// when the hub had it, and the place's clock. What a runner says of another place, of a plan that was never issued, of
// a job that it does not have and of a slot that is not the run's does not get into the store; the run does.
func TestARunSaysWhereItCameFrom(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, "")
	f := c.mustJoin("fra-1")
	p, err := c.Order(orders(1))
	if err != nil {
		t.Fatal(err)
	}
	slot := time.Now().Truncate(time.Second).UTC()
	lies := map[string]bench.Origin{}
	for what, said := range map[string]bench.Origin{
		"another place": {Place: "iad-1", Received: slot.Add(time.Hour), Plan: p.Serial, Job: "job0", Slot: slot},
		"no such plan":  {Place: "fra-1", Plan: p.Serial + 1, Job: "job0", Slot: slot},
		"no such job":   {Place: "fra-1", Plan: p.Serial, Job: "job7", Slot: slot},
		"another slot":  {Place: "fra-1", Plan: p.Serial, Job: "job0", Slot: slot.Add(-24 * time.Hour)},
	} {
		run := benchtest.StoredRun(5, time.Now())
		run.Location, run.Fleet = "fra", &said
		if err := box(f).Put(result.NewDocument(bench.NewRecord(run)), []string{runner.HubStore}); err != nil {
			t.Fatal(err)
		}
		said.Job = what
		lies[run.ID] = said
	}
	began := time.Now()
	c.run(f)
	await(t, "kept", func() bool { return c.kept() > len(lies) && c.state("fra-1").Heard.Hello.Clock.Known })
	await(t, "kept with a clock", func() bool {
		s, err := sqlite.OpenToRead(t.Context(), filepath.Join(dir, "runs.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		good := 0
		for r, err := range s.Runs(t.Context(), bench.Query{}) {
			if err != nil || r.Fleet == nil || r.Fleet.Place != "fra-1" || r.Fleet.Received.After(time.Now()) ||
				r.Fleet.Received.Before(began.Add(-time.Second)) {
				t.Fatalf("%s came from %+v: %v", r.ID, r.Fleet, err)
			}
			o := *r.Fleet
			said, lied := lies[r.ID]
			known := o.Plan == p.Serial && o.Job == "job0" && !o.Slot.IsZero()
			switch {
			case !lied && (!known || o.Slot.Nanosecond() != 0 || r.Start.Sub(o.Slot).Abs() > time.Minute):
				t.Fatalf("a run of the plan: %+v", o)
			case lied && said.Job != "another place" && o.Offset != nil && known:
				t.Fatalf("%s: %+v", said.Job, o)
			case !lied && o.Offset != nil && o.Bound != nil && *o.Bound > 0:
				good++
			}
		}
		return good > 0
	})
}
