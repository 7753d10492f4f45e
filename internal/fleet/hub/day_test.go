package hub_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/measure"
	"rtcbench/internal/store/sqlite"
)

// TestTheHubIsAwayForADay: a hub leases its seats, and is gone for a day of fake time. Its runner measures every slot.
// When the hub is back all runs of that day are in its store, each once and of its own slot.
func TestTheHubIsAwayForADay(t *testing.T) {
	every := 15 * time.Minute
	if os.Getenv("RTCBENCH_LONG") != "" {
		every = 5 * time.Minute
	}
	dir := t.TempDir()
	c := start(t, dir, "")
	o := orders(1)
	o.Every = every
	plan, err := c.Order(o)
	if err != nil {
		t.Fatal(err)
	}
	f := c.mustJoin("fra-1")
	stop := c.run(f)
	await(t, "leased a day ahead", func() bool {
		h := c.state("fra-1").Heard
		return h != nil && h.Hello.Serial == plan.Serial && time.Until(h.Hello.SeatsTo) > fleet.Lease-time.Hour
	})
	stop()
	at := strings.TrimPrefix(c.address.URL, "https://")
	c.stop()
	if f, err = runner.Load(f.Path()); err != nil {
		t.Fatal(err)
	}
	before := plan.Slot(time.Now()) // the day begins, on the disk and in seats, where the real time is
	slots := aDayAlone(t, f, every, before.Add(time.Minute), before.Add(fleet.Lease-every+time.Minute))
	if want := int(fleet.Lease/every) - 1; len(slots) != want || waiting(t, f) != want {
		t.Fatalf("%d runs were made and %d wait, want %d", len(slots), waiting(t, f), want)
	}
	c = start(t, dir, at)
	c.call("POST", "/admin/members/fra-1/pause", map[string]bool{"paused": true}, new(any))
	c.run(f)
	await(t, "all delivered", func() bool { return waiting(t, f) == 0 })
	c.stop()
	s, err := sqlite.OpenToRead(t.Context(), filepath.Join(dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var kept []time.Time
	for r, err := range s.Runs(t.Context(), bench.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Fleet == nil || r.Fleet.Plan != plan.Serial || r.Fleet.Place != "fra-1" {
			t.Fatalf("a run came from %+v", r.Fleet)
		}
		kept = append(kept, r.Fleet.Slot)
	}
	slices.SortFunc(kept, time.Time.Compare)
	if !slices.EqualFunc(kept, slots, time.Time.Equal) {
		t.Errorf("%d runs are kept of %d that were made, or of other slots", len(kept), len(slots))
	}
}

// aDayAlone lets a runner work from a moment to another of fake time while nothing answers, and gives the slots that
// should have been measured: all whole ones.
func aDayAlone(t *testing.T, f *runner.File, every time.Duration, from, to time.Time) (slots []time.Time) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(from))
		o := options(f)
		o.Proxy = func(*url.URL) (*url.URL, error) { return nil, errors.New("there is no way to the hub") }
		o.Measure = func(_ context.Context, j measure.Job, seat fleet.Seat, _ measure.Watcher) (bench.Run, error) {
			slots = append(slots, seat.Slot)
			r := benchtest.StoredRun(20, time.Now())
			r.Location = j.Location
			return r, nil
		}
		r, err := runner.New(f, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithDeadline(t.Context(), to)
		defer cancel()
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for i, slot := range slots[1:] {
		if got := slot.Sub(slots[i]); got != every {
			t.Errorf("%v lie between two slots that were measured", got)
		}
	}
	return slots
}
