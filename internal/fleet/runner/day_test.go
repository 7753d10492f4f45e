package runner

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nkeys"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
)

// place is a runner that joined a hub which is away now: nothing listens at its address.
func place(t *testing.T, every time.Duration, jobs ...fleet.Job) (*Runner, ed25519.PrivateKey, *[]time.Time) {
	t.Helper()
	dir := t.TempDir()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	f := &File{Hub: "http://127.0.0.1:1", Place: fleet.Place{Name: "fra-1", Location: "fra"}, Seed: string(seed),
		JWT: "x", PlanKey: pub, path: filepath.Join(dir, "fleet.json")}
	var begun []time.Time
	r, err := New(f, Options{
		Version: "v1", Log: slog.New(slog.DiscardHandler), Box: outbox.Open(filepath.Join(dir, "outbox"), 64<<20),
		Prepare: func(j fleet.Job) (measure.Job, error) { return measure.Job{Platform: j.Platform}, nil },
		Measure: func(_ context.Context, j measure.Job, seat fleet.Seat, _ measure.Watcher) (bench.Run, error) {
			begun = append(begun, time.Now())
			time.Sleep(time.Minute)
			run := benchtest.StoredRun(5, time.Now())
			run.Location = j.Location
			return run, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	p := fleet.Plan{Protocol: fleet.Protocol, Serial: 5, Every: every, Jitter: every / 3, Jobs: jobs, Issued: now,
		NotAfter: now.Add(48 * time.Hour)}
	signed, err := p.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.take(signed); err != nil {
		t.Fatal(err)
	}
	var leased fleet.SeatsLeased
	for slot := p.Slot(now); slot.Before(now.Add(fleet.Lease)); slot = slot.Add(every) {
		for _, j := range jobs {
			leased.Seats = append(leased.Seats, fleet.Seat{Job: j.Name, Slot: slot})
		}
		leased.To = slot.Add(every)
	}
	if err := r.seats.lease(leased, now, true); err != nil {
		t.Fatal(err)
	}
	return r, key, &begun
}

// TestTheHubIsAwayForADay: every slot of the day is measured, each once, in seats that were leased before, and all runs
// wait for the hub. When the seats are used up the runner says so.
func TestTheHubIsAwayForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 5 * time.Minute
		r, _, begun := place(t, every, fleet.Job{Name: "a", Platform: "livekit", Aligned: true})
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Hour)
		defer cancel()
		from := time.Now()
		if err := r.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if n, err := r.box.Count(); n != 287 || err != nil || len(*begun) != 287 { // and the slot when it began
			t.Errorf("%d runs wait, %d were made: %v", n, len(*begun), err)
		}
		for i, at := range *begun {
			if want := from.Add(time.Duration(i+1) * every); !at.Equal(want) {
				t.Errorf("run %d began at %v, want %v", i, at, want)
			}
		}
		if !strings.Contains(r.failed, "no seat for this slot") {
			t.Errorf("after the day the runner says %q", r.failed)
		}
		again, err := New(r.file, r.options) // it was started again: all of it is on the disk
		if err != nil || again.plan.Serial != 5 || !again.seats.until().Equal(r.seats.until()) {
			t.Errorf("started again: %v", err)
		}
	})
}

// TestAPlanComesWithItsSeats: a hub that takes its time for the seats of a new plan costs no slot, and no error; until
// they are there the plan before is followed.
func TestAPlanComesWithItsSeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every, slow = 2 * time.Minute, 10 * time.Second
		r, key, begun := place(t, every, fleet.Job{Name: "a", Platform: "livekit", Aligned: true})
		next := fleet.Plan{Protocol: fleet.Protocol, Serial: 6, Every: every, Issued: time.Now(),
			NotAfter: time.Now().Add(48 * time.Hour),
			Jobs:     []fleet.Job{{Name: "b", Platform: "livekit", Aligned: true}}}
		signed, err := next.Sign(key)
		if err != nil {
			t.Fatal(err)
		}
		r.request = func(_ context.Context, subject string, data []byte) ([]byte, error) {
			if strings.HasSuffix(subject, fleet.Plans) {
				return json.Marshal(signed)
			}
			time.Sleep(slow)
			var want fleet.SeatsWanted
			if err := json.Unmarshal(data, &want); err != nil || want.Serial != 6 {
				t.Errorf("seats of plan %d were asked for: %v", want.Serial, err)
			}
			got := fleet.SeatsLeased{To: want.From.Add(3 * time.Hour)}
			for slot := want.From; slot.Before(got.To); slot = slot.Add(every) {
				got.Seats = append(got.Seats, fleet.Seat{Job: "b", Slot: slot})
			}
			return json.Marshal(got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
		defer cancel()
		go func() {
			fifth := r.plan.Slot(time.Now()).Add(5 * every)
			time.Sleep(fifth.Add(-slow / 2).Sub(time.Now())) // it begins before the seats come
			if err := r.catchUp(ctx, 6); err != nil {
				t.Error(err)
			}
		}()
		r.work(ctx)
		if r.failed != "" || r.plan.Serial != 6 || len(*begun) < 14 {
			t.Errorf("plan %d, %d runs, %q", r.plan.Serial, len(*begun), r.failed)
		}
	})
}

// TestAHubThatHasNoTime: it tells of a plan and does not answer who asks for the seats, for thousands ask. Until it
// does the plan before goes on in its own seats, and no slot is lost.
func TestAHubThatHasNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, key, begun := place(t, 2*time.Minute, fleet.Job{Name: "a", Platform: "livekit", Aligned: true})
		signed := signedBy(key, `{"protocol":1,"serial":6,"every_ns":120000000000,"not_after":"2100-01-01T00:00:00Z",
			"jobs":[{"name":"b","platform":"livekit","aligned":true}]}`)
		r.request = func(ctx context.Context, subject string, _ []byte) ([]byte, error) {
			if strings.HasSuffix(subject, fleet.Plans) {
				return json.Marshal(signed)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 21*time.Minute)
		defer cancel()
		go func() {
			time.Sleep(3 * time.Minute)
			if err := r.catchUp(ctx, 6); err == nil || !strings.Contains(err.Error(), "seats: no answer") {
				t.Error(err)
			}
		}()
		r.work(ctx)
		if r.plan.Serial != 5 || len(*begun) != 10 || r.failed != "" {
			t.Errorf("plan %d, %d runs, %q", r.plan.Serial, len(*begun), r.failed)
		}
	})
}

// TestJitter: what is not aligned begins late by a part of the jitter, and is late by another one each time.
func TestJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 15 * time.Minute
		r, _, begun := place(t, every, fleet.Job{Name: "a", Platform: "livekit"})
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Hour)
		defer cancel()
		r.work(ctx)
		late := map[time.Duration]bool{}
		for _, at := range *begun {
			d := at.Sub(r.plan.Slot(at))
			if late[d] = true; d < 0 || d > every/3 {
				t.Errorf("late by %v", d)
			}
		}
		if len(late) < 10 {
			t.Errorf("%d ways to be late, of %d", len(late), len(*begun))
		}
	})
}

// TestAClockThatIsAnHourOff: the slots are the hub's, whatever this machine's clock says.
func TestAClockThatIsAnHourOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const every = 7 * time.Hour
		r, _, begun := place(t, every, fleet.Job{Name: "a", Platform: "livekit", Aligned: true})
		r.compare(fleet.Clock{Known: true, Offset: time.Hour, Bound: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Hour)
		defer cancel()
		r.work(ctx)
		if len(*begun) == 0 {
			t.Fatal("nothing was measured")
		}
		for _, at := range *begun {
			if hubs := at.Add(-time.Hour); !r.plan.Slot(hubs).Equal(hubs) {
				t.Errorf("a job began at %v of the hub's clock, and that is no slot", hubs)
			}
		}
	})
}

// TestAPlanThatIsRefusedChangesNothing: the runner goes on with the one that it has.
func TestAPlanThatIsRefusedChangesNothing(t *testing.T) {
	r, key, _ := place(t, time.Minute, fleet.Job{Name: "a", Platform: "livekit"})
	old, err := fleet.Plan{Protocol: fleet.Protocol, Serial: 4, Every: time.Hour}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.take(old); !errors.Is(err, fleet.ErrOldPlan) || r.plan.Every != time.Minute {
		t.Errorf("an older plan: %v", err)
	}
	f, err := Load(r.file.path)
	if err != nil || f.Serial != 5 {
		t.Errorf("the file: %v", err)
	}
	f.Signed.Plan = slices.Concat(f.Signed.Plan, []byte(" "))
	again, err := New(f, r.options)
	if err != nil || again.plan != nil || again.file.Serial != 5 ||
		!strings.Contains(again.failed, fleet.ErrForged.Error()) {
		t.Fatalf("a file that was changed: %v, %+v", err, again)
	}
	again.request = func(_ context.Context, subject string, _ []byte) ([]byte, error) {
		if strings.HasSuffix(subject, fleet.Plans) {
			return json.Marshal(r.file.Signed)
		}
		return json.Marshal(fleet.SeatsLeased{Serial: 5, To: time.Now().Add(time.Hour)})
	}
	if err := again.catchUp(t.Context(), 5); err != nil || again.plan == nil {
		t.Errorf("it did not get the plan that the hub has: %v", err)
	}
}

// TestNothingIsDeliveredWhileSomethingIsMeasured: a delivery under way ends when a measurement begins, before it does,
// and none begins until that is over.
func TestNothingIsDeliveredWhileSomethingIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		delivering := false
		go g.deliver(t.Context(), func(ctx context.Context) {
			delivering = true
			<-ctx.Done()
			time.Sleep(time.Second) // it notes what it has not delivered
			delivering = false
		})
		synctest.Wait()
		if !delivering {
			t.Fatal("no delivery is under way")
		}
		end := g.measure()
		if delivering {
			t.Error("the measurement begins while a delivery is under way")
		}
		g.deliver(t.Context(), func(context.Context) { t.Error("a delivery begins during a measurement") })
		end()
		again := false
		g.deliver(t.Context(), func(context.Context) { again = true })
		if !again {
			t.Error("no delivery begins after the measurement")
		}
	})
}

// TestAPlaceThatOthersMeasureAllTheTimeDelivers: those that it answers hold up its deliveries for a while and not for
// good, and its own measurements do so always.
func TestAPlaceThatOthersMeasureAllTheTimeDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		begun, delivered := time.Now(), time.Duration(0)
		g.answer()                                            // one comes and does not go,
		for delivered == 0 && time.Since(begun) < time.Hour { // and the place measures for 50 s of each minute
			own := g.measure()
			g.deliver(t.Context(), func(context.Context) { t.Error("a delivery beside a measurement of this place") })
			time.Sleep(50 * time.Second)
			own()
			g.deliver(t.Context(), func(ctx context.Context) {
				other := g.answer() // another comes meanwhile
				if delivered = time.Since(begun); ctx.Err() != nil {
					t.Error("it was ended by the next one that is answered")
				}
				other()
			})
			time.Sleep(10 * time.Second)
		}
		if delivered < longestHeld || delivered > 2*longestHeld {
			t.Errorf("it delivered after %v", delivered)
		}
		g.deliver(t.Context(), func(context.Context) { t.Error("it does not wait a second time") })
	})
}

// TestWhatWaitsGoesAsSoonAsNothingIsMeasured: a place that measures and answers in turn, one over the other, delivers
// in the first gap. It looked then only when its own run had ended, and every few seconds.
func TestWhatWaitsGoesAsSoonAsNothingIsMeasured(t *testing.T) {
	r, err := New(&File{JWT: "x", path: filepath.Join(t.TempDir(), "fleet.json")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	own, answered := r.gate.measure(), r.gate.answer()
	own()
	select {
	case <-r.waits:
		t.Error("something is delivered while a caller is answered")
	default:
	}
	answered()
	select {
	case <-r.waits:
	default:
		t.Error("nobody looks for what waits when the last caller has gone")
	}
}
