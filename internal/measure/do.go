package measure

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
)

// Do carries out one job. The run is complete, also where err says why it ended early. A run without an ID was not
// measured, for the room was not joined: such a run has its Platform alone. on is called with each sample that is
// settled; on may be nil.
func Do(ctx context.Context, job Job, env Env, on func(bench.Sample)) (bench.Run, error) {
	runs, errs := Together(ctx, []Job{job}, env, on)
	return runs[0], errs[0]
}

// Together carries out several jobs at one time, those of the browser engine in one browser. No job begins to measure
// before all have joined or failed, so that their slots are of the same moments. A job that fails does not keep the
// others from being measured. runs and errs are in the order of the jobs. Two calls of on never overlap.
func Together(ctx context.Context, jobs []Job, env Env, on func(bench.Sample)) (runs []bench.Run, errs []error) {
	runs, errs = make([]bench.Run, len(jobs)), make([]error, len(jobs))
	all := make([]*attempt, len(jobs))
	for i, job := range jobs {
		runs[i].Platform = job.Platform
		if all[i], errs[i] = newAttempt(job, env); errs[i] != nil {
			return runs, errs
		}
	}
	leave := askServices(ctx, all)
	defer leave()
	one := oneBrowser{options: env.Browser}
	for _, a := range all {
		a.meet()
		one.wants(a)
	}
	defer one.close()
	var joined, done sync.WaitGroup
	var alone sync.Mutex // on is called by all
	each := on
	if on != nil && len(jobs) > 1 {
		each = func(s bench.Sample) { alone.Lock(); defer alone.Unlock(); on(s) }
	}
	joined.Add(len(all))
	for i, a := range all {
		here := sync.OnceFunc(joined.Done)
		ready := func() { here(); joined.Wait() }
		done.Go(func() {
			defer here() // also when it failed: the others are not to wait
			on, over := a.env.watched(a.job, each)
			runs[i], errs[i] = a.do(ctx, &one, ready, on)
			over(runs[i])
		})
	}
	done.Wait()
	return runs, errs
}

// attempt is a job under way.
type attempt struct {
	job      Job
	env      Env
	platform bench.Platform
	meeting  bench.Meeting
	until    time.Time // the job's limit for joining
	over     time.Time // when the measurement had ended; zero = nothing was measured
	failed   error     // nothing can be measured
}

func newAttempt(job Job, env Env) (*attempt, error) {
	p, known := env.Platforms[job.Platform]
	if !known {
		return nil, fmt.Errorf("%q is no platform that is known here", job.Platform)
	}
	if !p.Carries(job.Plan.Class) {
		return nil, &bench.NotCarriedError{Platform: p.Title, Class: job.Plan.Class}
	}
	if job.Engine == "" {
		job.Engine = p.Engines[0]
	}
	if !p.Has(job.Engine) {
		return nil, fmt.Errorf("there is no %s engine for %s", job.Engine, p.Title)
	}
	a := &attempt{job: job, env: env, platform: p}
	if job.Here {
		if p.Here == nil {
			return nil, fmt.Errorf("nobody plays %s on this machine", p.Title)
		}
		place, _, err := p.Here()
		if err != nil {
			return nil, err
		}
		a.job.Place = place
	}
	a.until = time.Now().Add(job.Within)
	return a, nil
}

// meet makes the meeting, once it is known where the job meets.
func (a *attempt) meet() {
	if a.failed == nil {
		a.job.Place.Class = a.job.Plan.Class
		a.meeting = a.platform.Meet(a.job.Place, a.job.life())
	}
}

// A user waits for the result while seats are left, a room is removed and an echo service is told, also after an error
// or a signal. A room that is not removed in this time ends by itself.
const (
	goodbye      = 3 * time.Second // for all of it, from the end of a measurement
	leastGoodbye = time.Second     // for what comes last, where leaving the seats has taken the rest
	deleteAtOnce = 2 * time.Second // after a signal
)

// do joins, measures and leaves. ready is called when the seats are taken.
func (a *attempt) do(ctx context.Context, one *oneBrowser, ready func(), on func(bench.Sample)) (run bench.Run,
	err error) {
	run.Platform = a.job.Platform
	if a.failed != nil {
		return run, a.failed
	}
	defer func() { // when all seats are left
		bye, cancel := a.farewell(ctx)
		defer cancel()
		switch e := a.meeting.Delete(bye); {
		case e == nil:
		case run.ID != "":
			run.Doubts = append(run.Doubts, bench.Doubt{Code: "room-left", Text: e.Error()})
		case !errors.As(err, new(*LateError)): // after a LateError no time is left, and the room ends by itself
			err = fmt.Errorf("%w; %w", err, e)
		}
	}()
	engine := a.natively
	if a.job.Engine == bench.Browser {
		engine = func(ctx context.Context, ready func(), on func(bench.Sample)) (bench.Run, seen, error) {
			return a.inBrowser(ctx, one, ready, on)
		}
	}
	run, seen, err := engine(ctx, ready, on)
	if run.ID == "" {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return bench.Run{Platform: a.job.Platform}, err
	}
	err = noEcho(a.meeting.String(), err)
	err = a.meeting.Complete(ctx, &run, err)
	a.complete(&run, seen, err)
	return run, err
}

// farewell is a context for giving back the room. A signal ends it. Where nothing was measured, the time for joining
// bounds it, too.
func (a *attempt) farewell(ctx context.Context) (context.Context, context.CancelFunc) {
	switch {
	case ctx.Err() != nil:
		return context.WithTimeout(context.WithoutCancel(ctx), deleteAtOnce)
	case !a.over.IsZero():
		return context.WithTimeout(ctx, max(leastGoodbye, time.Until(a.over.Add(goodbye))))
	}
	joining, cancel := a.remaining(ctx)
	defer cancel()
	return bench.Farewell(joining, deleteAtOnce)
}

// ended notes that a measurement has ended, if run was measured.
func (a *attempt) ended(run bench.Run) {
	if run.ID != "" {
		a.over = time.Now()
	}
}

// remaining is a context that ends with the job's limit for joining.
func (a *attempt) remaining(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadline(ctx, a.until)
}

// late is err. If the limit for joining has passed, it is a *LateError.
func (a *attempt) late(err error) error {
	var page *browser.LateError
	var join *JoinError
	why := err
	if errors.As(err, &join) {
		why = join.Err
	}
	if why == context.DeadlineExceeded { // err says nothing else: what came before has taken all of the limit
		err = &JoinError{a.meeting.String(), noTimeLeft{why}}
	}
	if errors.As(err, &page) && !errors.As(err, &join) { // the browser started too late
		err = &JoinError{a.meeting.String(), err}
	}
	if page != nil || errors.Is(err, context.DeadlineExceeded) {
		return &LateError{a.job.Within, a.job.Engine, err}
	}
	return err
}
