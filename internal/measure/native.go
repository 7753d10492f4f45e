package measure

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/echo"
	"rtcbench/internal/ping"
)

// natively joins with the platform's Go SDK, with an echo of our own if need be, and carries out the plan. The run is
// zero when the room was not joined. Otherwise it is what was measured, also with an error.
func (a *attempt) natively(ctx context.Context, ready func(), on func(bench.Sample)) (run bench.Run, of seen,
	err error) {
	joining, cancel := a.remaining(ctx)
	defer cancel()
	if err := a.meeting.Open(joining); err != nil {
		return run, of, a.late(err)
	}
	plan := a.job.Plan
	echoDone, echoReady := make(chan error, 1), make(chan struct{}, 1)
	if a.job.Local {
		name := identity(a.meeting, bench.Answerer)
		answering, stop := context.WithCancel(ctx)
		go func() { echoDone <- a.answer(answering, name, echoReady) }()
		defer func() { stop(); <-echoDone }()
		plan.Echo, of.clocks = name, bench.OneClock // another echo in the room is on another clock
	}
	opts := bench.JoinOptions{ReconnectTimeout: plan.ReconnectTimeout, Class: plan.Class}
	session, err := a.join(joining, bench.Runner, identity(a.meeting, bench.Runner), opts)
	if err != nil {
		return run, of, err
	}
	defer session.Close()
	if a.job.Local {
		select {
		case <-echoReady:
		case err := <-echoDone:
			echoDone <- nil
			return run, of, err
		case <-ctx.Done():
			return run, of, context.Cause(ctx)
		}
	}
	cancel()
	ready()
	run, err = prober(session, a.env.Clock, a.job).Probe(ctx, plan, on)
	a.ended(run)
	return run, of, deaf(err, plan, session)
}

// deaf is err with the participants of the room, where nobody answered audio: an echo that knows messages alone hears
// no audio.
func deaf(err error, plan bench.Plan, s bench.Session) error {
	if !errors.Is(err, bench.ErrNoEcho) || plan.Class != bench.RTPAudio {
		return err
	}
	if others := echo.Present(s); len(others) > 0 {
		return fmt.Errorf("%w: %q is there and answers no audio packets; an echo of the original tool, or of an older "+
			"rtcbench, answers messages alone", err, strings.Join(others, ", "))
	}
	return err
}

// prober makes the Prober for the class that a job asks for.
func prober(s bench.Session, clock bench.Clock, job Job) bench.Prober {
	if job.Plan.Class == bench.RTPAudio {
		return audio.Prober{Session: s, Clock: clock}
	}
	return ping.NewProber(s, clock)
}

// identity is the identity with which a seat is taken: a fresh one, or the one that the seat was made for.
func identity(m bench.Meeting, role bench.Role) string {
	if named, ok := m.(interface{ Identity(bench.Role) string }); ok {
		return named.Identity(role)
	}
	return bench.NewIdentity(role)
}

// answer is the local echo: a second seat in the room, in this process, on the same clock.
func (a *attempt) answer(ctx context.Context, name string, ready chan<- struct{}) error {
	return echo.Serve(ctx, echo.Seat{
		Join: func(ctx context.Context) (bench.Session, error) {
			return a.join(ctx, bench.Answerer, name,
				bench.JoinOptions{ReconnectTimeout: echo.Patience, Class: a.job.Plan.Class})
		},
		Clock: a.env.Clock, Within: a.job.Within,
		Ready: func(bench.Session) {
			select {
			case ready <- struct{}{}:
			default:
			}
		},
		Lost: func(error) {},
	})
}

// join takes a seat with the native engine.
func (a *attempt) join(ctx context.Context, role bench.Role, identity string, opts bench.JoinOptions) (bench.Session,
	error) {
	session, err := Join(ctx, a.platform, a.meeting, role, identity, opts)
	var late *bench.LateError
	switch {
	case err == nil:
		return session, nil
	case errors.As(err, &late) && ctx.Err() != nil: // the error names the job's limit, not the time that was left
		late.After = a.job.Within
	}
	return nil, a.late(err)
}

// Join takes one seat of a meeting by the native engine. It returns by ctx's end. Its error is a *JoinError, or ctx's
// cause. The caller closes the session.
func Join(ctx context.Context, p bench.Platform, m bench.Meeting, role bench.Role, identity string,
	opts bench.JoinOptions) (bench.Session, error) {
	seat, err := m.Seat(role, identity)
	if err != nil {
		return nil, err
	}
	opts.Identity, opts.Role = identity, role
	session, err := p.Transport.Join(ctx, seat.Room, opts)
	if err == nil {
		return session, nil
	}
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, context.Cause(ctx)
	}
	var request *url.Error // such an error repeats the whole URL that the SDK made
	if errors.As(err, &request) {
		err = request.Err
	}
	return nil, &JoinError{m.String(), err}
}
