package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"rtcbench/bench"
	"rtcbench/internal/echo"
)

// askServices takes the rooms that echo services give, all at one time. Jobs of one service share one request. leave
// tells the services that the rooms are not needed any more.
func askServices(ctx context.Context, all []*attempt) (leave func()) {
	asked := map[Service][]*attempt{}
	for _, a := range all {
		if a.job.Service.Named() {
			asked[a.job.Service] = append(asked[a.job.Service], a)
		}
	}
	var leaves []func() error
	var mu sync.Mutex
	var done sync.WaitGroup
	for s, of := range asked {
		done.Go(func() {
			bye := s.enter(ctx, of)
			mu.Lock()
			leaves = append(leaves, bye)
			mu.Unlock()
		})
	}
	done.Wait()
	return func() {
		var left sync.WaitGroup
		errs := make([]error, len(leaves))
		for i, bye := range leaves {
			left.Go(func() { errs[i] = bye() })
		}
		left.Wait()
		for _, err := range errs {
			if say := all[0].env.Say; err != nil && say != nil {
				say(fmt.Sprintf("%v; the room ends by itself", err))
			}
		}
	}
}

// enter asks a service for the rooms of these jobs. It notes the rooms in the jobs, or the reason why there is none.
// leave gives the rooms back. A room that could not be given back ends by itself.
func (s Service) enter(ctx context.Context, of []*attempt) (leave func() error) {
	var platforms []string
	for _, a := range of {
		platforms = append(platforms, a.job.Platform)
	}
	asking, cancel := of[0].remaining(ctx)
	defer cancel()
	in, err := s.Connect(asking, of[0].job.Plan.Class, platforms...)
	for _, a := range of {
		switch room := in.Rooms[a.job.Platform]; {
		case err != nil:
			a.failed = &ServiceError{s, a.job.Within, err}
		default:
			a.failed = a.accept(room)
		}
		if a.failed != nil && ctx.Err() != nil {
			a.failed = context.Cause(ctx)
		}
	}
	return func() error {
		if in.RoomID == "" {
			return nil
		}
		last := slices.MaxFunc(of, func(a, b *attempt) int { return a.over.Compare(b.over) })
		bye, cancel := last.farewell(ctx)
		defer cancel()
		return s.Disconnect(bye, in.RoomID)
	}
}

// accept takes the room that a service gave.
func (a *attempt) accept(room echo.Room) error {
	place := bench.Place{URL: room.URL, Room: room.Name, Token: room.Token, Bundle: a.job.Place.Bundle,
		Class: a.job.Plan.Class}
	if a.platform.Invited != nil {
		if err := a.platform.Invited(&place); err != nil {
			return &ServiceError{a.job.Service, a.job.Within, fmt.Errorf("the echo service gave %w", err)}
		}
	}
	a.job.Place = place
	return nil
}

// Same reports whether the errors of several jobs are one and the same: that of the service that all of them asked.
func Same(errs []error) bool {
	var first, other *ServiceError
	for _, err := range errs {
		if !errors.As(err, &other) || first != nil && other.Err != first.Err {
			return false
		}
		first = other
	}
	return first != nil
}
