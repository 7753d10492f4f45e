package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/measure"
)

// double answers as a hub does whose clock is the test's, over a line that takes so long each way. plans are those that
// it has, the last of them for good.
func double(t *testing.T, r *Runner, up, down time.Duration, plans func() (fleet.Signed, fleet.Plan)) {
	r.request = func(_ context.Context, subject string, data []byte) ([]byte, error) {
		time.Sleep(up)
		defer time.Sleep(down)
		signed, p := plans()
		switch {
		case strings.HasSuffix(subject, fleet.Hellos):
			return json.Marshal(fleet.Heard{Received: time.Now(), Answered: time.Now(), Serial: p.Serial})
		case strings.HasSuffix(subject, fleet.Plans):
			return json.Marshal(signed)
		}
		var want fleet.SeatsWanted
		if err := json.Unmarshal(data, &want); err != nil {
			t.Error(err)
		}
		got := fleet.SeatsLeased{Serial: p.Serial}
		if want.Serial != p.Serial {
			got.Error = "the hub has another plan now"
			return json.Marshal(got)
		}
		for slot := p.Slot(want.From); slot.Before(want.From.Add(3 * time.Hour)); slot = slot.Add(p.Every) {
			got.Seats, got.To = append(got.Seats, fleet.Seat{Job: p.Jobs[0].Name, Slot: slot}), slot.Add(p.Every)
		}
		return json.Marshal(got)
	}
}

// TestAlignedEverywhere: what is aligned begins at one moment in all places, whatever their clocks say and however long
// their lines are, as far as a hello can tell the clocks apart; and each slot everywhere.
func TestAlignedEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 7 * time.Minute
		var mu sync.Mutex
		began := map[time.Time][]time.Duration{} // by slot: how late
		var all sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		for _, x := range []struct{ wrong, up, down time.Duration }{
			{0, 10 * time.Millisecond, 10 * time.Millisecond},
			{time.Hour + 11*time.Second, 100 * time.Millisecond, 40 * time.Millisecond},
			{-26 * time.Hour, 20 * time.Millisecond, 200 * time.Millisecond},
			{-3 * time.Second, time.Millisecond, time.Millisecond},
		} {
			r, key, _ := place(t, every, fleet.Job{Name: "a", Platform: "livekit", Aligned: true})
			r.clockOf = func() time.Time { return time.Now().Add(x.wrong) }
			p := *r.plan
			signed, err := p.Sign(key)
			if err != nil {
				t.Fatal(err)
			}
			double(t, r, x.up, x.down, func() (fleet.Signed, fleet.Plan) { return signed, p })
			r.options.Measure = func(_ context.Context, _ measure.Job, s fleet.Seat, _ measure.Watcher) (
				bench.Run, error) {
				mu.Lock()
				began[s.Slot.UTC()] = append(began[s.Slot.UTC()], time.Since(s.Slot))
				mu.Unlock()
				return benchtest.StoredRun(5, time.Now()), nil
			}
			r.seats.to = time.Time{}
			all.Go(func() {
				sent := r.clockOf()
				var heard fleet.Heard
				if err := r.ask(ctx, fleet.Hellos, fleet.Hello{}, &heard); err != nil {
					t.Error(err)
				}
				r.compare(fleet.ClockOf(sent, heard.Received, heard.Answered, r.clockOf()))
				if err := r.catchUp(ctx, heard.Serial); err != nil {
					t.Error(err)
				}
				r.work(ctx)
			})
		}
		all.Wait()
		if len(began) < 16 {
			t.Errorf("%d slots", len(began))
		}
		for slot, late := range began {
			if len(late) != 4 || slices.Max(late)-slices.Min(late) > 220*time.Millisecond ||
				slices.Min(late) < -time.Second {
				t.Errorf("slot %v: %d places began, late by %v", slot, len(late), late)
			}
		}
	})
}

// TestANewerPlanIsNoFault: a place joins a mesh while another asks for the seats of the plan before. The hub leases
// none of those; the place takes the newer plan, and nothing is an error.
func TestANewerPlanIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, key, _ := place(t, time.Minute, fleet.Job{Name: "a", Platform: "livekit"})
		var log bytes.Buffer
		r.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		asked := uint64(0)
		double(t, r, time.Millisecond, time.Millisecond, func() (fleet.Signed, fleet.Plan) {
			asked++ // the plan is another one at each question, up to the fifth
			p := fleet.Plan{Protocol: fleet.Protocol, Serial: 5 + min(asked, 5), Every: time.Minute, Issued: time.Now(),
				NotAfter: time.Now().Add(48 * time.Hour), Jobs: []fleet.Job{{Name: "b", Platform: "livekit"}}}
			signed, err := p.Sign(key)
			if err != nil {
				t.Error(err)
			}
			return signed, p
		})
		if err := r.catchUp(t.Context(), 6); err != nil {
			t.Error(err)
		}
		if r.plan.Serial != 10 || r.failed != "" || strings.Contains(log.String(), "ERROR") {
			t.Errorf("plan %d, %q:\n%s", r.plan.Serial, r.failed, log.String())
		}
		if _, err := r.seats.of("b", r.plan.Slot(time.Now())); err != nil {
			t.Error("the new plan came without its seats:", err)
		}
	})
}
