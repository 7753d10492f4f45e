package schedule

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// trial runs a loop in fake time. The wall clock is the fake one plus an offset that the test steps.
type trial struct {
	Loop
	offset  atomic.Int64
	plan    atomic.Pointer[Plan]
	changed chan struct{}
	starts  []time.Time // on the wall clock
	skipped int
	waiting []time.Time
	takes   func(n int) time.Duration // how long the n-th work takes
}

func newTrial(p Plan) *trial {
	t := &trial{changed: make(chan struct{}, 1), takes: func(int) time.Duration { return time.Second }}
	t.plan.Store(&p)
	t.Loop = Loop{
		Plan: func() Plan { return *t.plan.Load() }, Changed: t.changed,
		Now: func() time.Time { return time.Now().Add(time.Duration(t.offset.Load())) },
		Work: func(ctx context.Context) {
			t.starts = append(t.starts, t.Now())
			select {
			case <-time.After(t.takes(len(t.starts))):
			case <-ctx.Done():
			}
		},
		Skipped: func(n int) { t.skipped += n },
		Waiting: func(slot time.Time) { t.waiting = append(t.waiting, slot) },
		Jitter:  func(most time.Duration) time.Duration { return most / 2 },
	}
	return t
}

func (t *trial) runFor(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	t.Run(ctx)
}

// A week every five minutes, through the hour that Europe loses: every slot once, on the grid.
func TestAWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		trial := newTrial(Plan{Every: 5 * time.Minute})
		spring := time.Date(2026, 3, 26, 12, 0, 1, 0, berlin)
		trial.offset.Store(int64(spring.Sub(time.Now())))
		now := trial.Now
		trial.Now = func() time.Time { return now().In(berlin) }
		trial.runFor(t.Context(), 7*24*time.Hour)
		if len(trial.starts) != 1+7*24*12 || trial.skipped != 0 {
			t.Fatalf("%d runs, %d skipped", len(trial.starts), trial.skipped)
		}
		for i, s := range trial.starts[1:] {
			if s.Unix()%300 != 0 || i > 0 && s.Sub(trial.starts[i]) != 5*time.Minute {
				t.Fatalf("run %d at %v after %v", i, s, trial.starts[i])
			}
		}
	})
}

// A run that lasts longer than the period costs the slots that pass, and the next comes on the grid.
func TestLongRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trial := newTrial(Plan{Every: time.Minute, Jitter: 20 * time.Second})
		trial.takes = func(n int) time.Duration {
			if n == 3 {
				return 3*time.Minute + 30*time.Second
			}
			return time.Second
		}
		trial.runFor(t.Context(), 10*time.Minute+30*time.Second)
		// The fake clock begins on a whole minute. Slots at 1 and 2, that lasts until 5:40; 6, 7, …, each 10 s late.
		var at []time.Duration
		for _, s := range trial.starts {
			at = append(at, s.Sub(trial.starts[0]))
		}
		want := []time.Duration{0}
		for _, m := range []int{1, 2, 6, 7, 8, 9, 10} {
			want = append(want, time.Duration(m)*time.Minute+10*time.Second)
		}
		if !slices.Equal(at, want) || trial.skipped != 3 {
			t.Errorf("at %v, want %v; %d skipped, want 3", at, want, trial.skipped)
		}
	})
}

// The clock is put back an hour, then forward a day: it goes on at once, and never twice in a slot.
func TestClockSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trial := newTrial(Plan{Every: 10 * time.Minute})
		step := func(after, by time.Duration) {
			go func() {
				time.Sleep(after)
				trial.offset.Add(int64(by))
			}()
		}
		step(25*time.Minute, -time.Hour)
		step(85*time.Minute, 24*time.Hour)
		trial.runFor(t.Context(), 2*time.Hour+time.Second)
		var at []time.Duration // in real time
		for i, s := range trial.starts {
			real := s.Sub(trial.starts[0])
			switch {
			case i >= 3 && i <= 8:
				real += time.Hour
			case i > 8:
				real += time.Hour - 24*time.Hour
			}
			at = append(at, real)
		}
		// After the step back the grid goes on at the old moments; after the step forward within a look.
		want := []time.Duration{0, 10, 20, 30, 40, 50, 60, 70, 80}
		for i, w := range want {
			if i >= len(at) || at[i] != w*time.Minute {
				t.Fatalf("at %v, want %v minutes", at, want)
			}
		}
		if d := at[9] - 85*time.Minute; d < 0 || d > look {
			t.Errorf("after the step forward it took %v", d)
		}
		if trial.skipped < 140 || trial.skipped > 145 {
			t.Errorf("%d slots skipped, want those of a day", trial.skipped)
		}
		if at[len(at)-1] != 2*time.Hour {
			t.Errorf("at last %v", at[len(at)-1])
		}
	})
}

// A new plan holds at once, not after the old one's next slot.
func TestAnotherPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trial := newTrial(Plan{Every: 24 * time.Hour})
		go func() {
			time.Sleep(90 * time.Second)
			trial.plan.Store(&Plan{Every: time.Minute})
			trial.changed <- struct{}{}
		}()
		trial.runFor(t.Context(), 3*time.Minute+30*time.Second)
		if len(trial.starts) != 3 || trial.starts[1].Sub(trial.starts[0]) != 2*time.Minute || trial.skipped != 0 {
			t.Errorf("%v, %d skipped", trial.starts, trial.skipped)
		}
	})
}

func TestTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trial := newTrial(Plan{Every: time.Minute})
		trial.takes = func(int) time.Duration { return time.Hour }
		began := time.Now()
		trial.runFor(t.Context(), 10*time.Second)
		if d := time.Since(began); d != 10*time.Second || len(trial.starts) != 1 {
			t.Errorf("in a run: after %v, %d runs", d, len(trial.starts))
		}
		trial.takes = func(int) time.Duration { return 0 }
		trial.runFor(t.Context(), 10*time.Second)
		if d := time.Since(began); d != 20*time.Second || len(trial.starts) != 2 {
			t.Errorf("in a wait: after %v, %d runs", d, len(trial.starts))
		}
	})
}

func TestNext(t *testing.T) {
	p := Plan{Every: 15 * time.Minute}
	at := time.Date(2026, 11, 24, 10, 15, 0, 0, time.UTC)
	if next := p.Next(at); !next.Equal(at.Add(15 * time.Minute)) {
		t.Error(next)
	}
	if next := p.Next(at.Add(-time.Nanosecond)); !next.Equal(at) {
		t.Error(next)
	}
	for range 1000 {
		if d := RandomJitter(time.Second); d < 0 || d >= time.Second {
			t.Fatal(d)
		}
	}
}

// stepped is t with its wall clock moved and its monotonic reading as it was, as time.Now gives it after the clock was
// set. Package time has no way to make one: see the comments on the fields of time.Time.
func stepped(t time.Time, seconds int64) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(seconds) << 30
	return t
}

// The clock is set and the monotonic one goes on, as in earnest: that is seen within a look, whichever way it was set.
func TestTheWallClockAlone(t *testing.T) {
	start := time.Now() // times of fake clocks have no monotonic reading
	start = start.Add(start.Round(0).Truncate(10 * time.Minute).Sub(start.Round(0)))
	for name, c := range map[string]struct {
		step    int64           // seconds
		want    []time.Duration // when runs start, in real time; the step comes at 25 minutes
		skipped int
	}{
		"an hour forward": {3600, []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 25*time.Minute + look,
			30 * time.Minute, 40 * time.Minute}, 5},
		"100 s back": {-100, []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30*time.Minute + 100*time.Second,
			40*time.Minute + 100*time.Second}, 0},
		"100 s forward": {100, []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 28*time.Minute + 20*time.Second,
			38*time.Minute + 20*time.Second}, 0},
		"none": {0, []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 40 * time.Minute}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				trial := newTrial(Plan{Every: 10 * time.Minute})
				began := time.Now()
				trial.Now = func() time.Time { return stepped(start.Add(time.Since(began)), trial.offset.Load()) }
				var at []time.Duration
				work := trial.Work
				trial.Work = func(ctx context.Context) { at = append(at, time.Since(began)); work(ctx) }
				time.AfterFunc(25*time.Minute, func() { trial.offset.Store(c.step) })
				trial.runFor(t.Context(), 45*time.Minute)
				for i := range c.want {
					if i >= len(at) || at[i] < c.want[i]-look || at[i] > c.want[i] {
						t.Fatalf("at %v, want %v", at, c.want)
					}
				}
				if len(at) != len(c.want) || trial.skipped != c.skipped {
					t.Errorf("at %v, %d skipped; want %v, %d", at, trial.skipped, c.want, c.skipped)
				}
				if last := trial.starts[len(trial.starts)-1]; last.Unix()%600 != 0 {
					t.Errorf("the last run was at %v, off the grid", last)
				}
			})
		})
	}
	if now := time.Now(); stepped(now, 3600).Sub(now) != 0 ||
		stepped(now, 3600).Round(0).Sub(now.Round(0)) != time.Hour {
		t.Error("stepped does not what this test thinks")
	}
}
