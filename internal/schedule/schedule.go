// Package schedule calls something again and again on a grid of wall-clock time, and never twice at a time.
package schedule

import (
	"context"
	"math/rand/v2"
	"time"
)

// Plan is a grid: slots lie at the whole multiples of Every since the Unix epoch, so that places with
// one plan measure at the same moments, whenever each was started. Zone and daylight saving time have no part in it.
type Plan struct {
	Every  time.Duration // from slot to slot
	Jitter time.Duration // each slot is late by a random part of it; less than Every
}

// Next is the first slot after t.
func (p Plan) Next(t time.Time) time.Time {
	every := int64(p.Every)
	past := ((t.UnixNano() % every) + every) % every
	return t.Add(time.Duration(every - past))
}

// Loop calls Work in every slot. All fields but Skipped and Waiting are needed.
type Loop struct {
	Plan    func() Plan           // asked for each slot
	Changed <-chan struct{}       // the plan may be another one now
	Work    func(context.Context) // slots that pass meanwhile are skipped
	// that many slots went by while Work went on, or the clock was put forward over them
	Skipped func(n int)
	Waiting func(slot time.Time)                  // called when the next slot is known
	Now     func() time.Time                      // the wall clock; a monotonic reading in it is not looked at
	Jitter  func(max time.Duration) time.Duration // a random part of it; RandomJitter in earnest
}

// RandomJitter is uniform from 0 up to max.
func RandomJitter(max time.Duration) time.Duration {
	if max <= 0 {
		return 0
	}
	return rand.N(max)
}

// look is how often the wall clock is compared with the slot: a timer alone does not see that it was set.
const look = 15 * time.Second

// Run works at once, and then in every slot until ctx ends.
func (l Loop) Run(ctx context.Context) {
	done := l.wall() // the slots up to here are past
	for {
		l.Work(ctx)
		if ctx.Err() != nil {
			return
		}
		done = l.skip(done, l.wall())
		if done = l.wait(ctx, done); ctx.Err() != nil {
			return
		}
	}
}

// wall is the time of day. Go compares two times by their monotonic readings where both have one, and those do not see
// that the clock was set.
func (l Loop) wall() time.Time { return l.Now().Round(0) }

// skip counts the slots after done that lie before now, and returns now.
func (l Loop) skip(done, now time.Time) time.Time {
	plan, n := l.Plan(), 0
	if missed := plan.Next(done); !now.Before(missed) {
		n = 1 + int(now.Sub(missed)/plan.Every)
	}
	if n > 0 && l.Skipped != nil {
		l.Skipped(n)
	}
	return now
}

// wait returns when the first slot after done has come, and which one it was.
func (l Loop) wait(ctx context.Context, done time.Time) time.Time {
	var slot time.Time
	var late time.Duration
	plan := Plan{}
	timer := time.NewTimer(look)
	defer timer.Stop()
	for {
		now := l.wall()
		// Another plan, or a clock that was put back behind the last slot: begin anew from now.
		if p := l.Plan(); p != plan || now.Before(done) {
			plan, done = p, now
			slot, late = plan.Next(now), l.Jitter(plan.Jitter)
			if l.Waiting != nil {
				l.Waiting(slot.Add(late))
			}
		}
		due := slot.Add(late)
		if !now.Before(due) {
			if now.Sub(due) >= plan.Every { // the clock was put forward
				return l.skip(slot, now)
			}
			return slot
		}
		timer.Reset(min(due.Sub(now), look))
		select {
		case <-timer.C:
		case <-l.Changed:
		case <-ctx.Done():
			return done
		}
	}
}
