package runner

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"rtcbench/internal/fleet"
)

// setBy is t with its wall clock set by some seconds and its monotonic reading as it was: internal/schedule's test of
// the same says more.
func setBy(t time.Time, seconds int64) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(seconds) << 30
	return t
}

// TestTheClockIsSet while the hub is away: what the hub said of the clock no longer holds, and the slots are those of
// the clock as it is now. It is the same when the clock was right before.
func TestTheClockIsSet(t *testing.T) {
	start := time.Now() // times of fake clocks have no monotonic reading
	for name, c := range map[string]struct {
		wrong time.Duration // the clock is ahead by this …
		step  int64         // … and is set by so many seconds after 50 minutes
	}{
		"a clock that was an hour ahead is put right": {time.Hour, -3600},
		"a clock that was right is put 100 s back":    {0, -100},
		"a clock that was right is put forward":       {0, 500},
		"nobody sets a clock that is an hour ahead":   {time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const every = 20 * time.Minute
				r, _, begun := place(t, every, fleet.Job{Name: "a", Platform: "livekit", Aligned: true})
				began, step := time.Now(), atomic.Int64{}
				// The leases are for slots of the bubble's time. The machine's clock says that, wrong by c.wrong.
				to := began.Add(c.wrong).Sub(start.Round(0))
				r.clockOf = func() time.Time { return setBy(start.Add(to+time.Since(began)), step.Load()) }
				r.compare(fleet.Clock{Known: true, Offset: c.wrong, Bound: time.Millisecond})
				time.AfterFunc(50*time.Minute, func() { step.Store(c.step) })
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Hour)
				defer cancel()
				r.work(ctx)
				after := time.Duration(0)
				if c.wrong == 0 {
					after = time.Duration(c.step) * time.Second
				}
				if len(*begun) < 12 || r.failed != "" {
					t.Errorf("%d runs, %q", len(*begun), r.failed)
				}
				for _, at := range *begun {
					says := at // by a clock that is right, or by what this one says after it was set
					if at.Sub(began) >= 50*time.Minute {
						says = at.Add(after)
					}
					if late := says.Sub(r.plan.Slot(says)); late > 16*time.Second {
						t.Errorf("a job began %v after %v, at %v, late by %v", at.Sub(began), began, says, late)
					}
				}
			})
		})
	}
}
