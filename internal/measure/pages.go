package measure

import (
	"context"
	"errors"
	"sync"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/stats"
)

// inBrowser is like natively, with the platform's own SDK in Chromium: one page measures, and another page answers if
// the echo is local.
func (a *attempt) inBrowser(ctx context.Context, one *oneBrowser, ready func(), on func(bench.Sample)) (run bench.Run,
	of seen, err error) {
	joining, cancel := a.remaining(ctx)
	defer cancel()
	b, err := a.start(joining, one)
	if err != nil {
		return run, of, a.late(err)
	}
	runner, echo, err := a.seats(joining, b)
	if err != nil {
		return run, of, a.late(err)
	}
	defer leave(runner, echo)
	var unsynced error = errors.New("the echo is elsewhere")
	plan := a.job.Plan
	if a.job.Local {
		var synced stats.Offset
		if synced, unsynced = browser.Offset(ctx, runner, echo); unsynced == nil {
			of = seen{bench.SyncedClocks, synced}
		}
		plan.Echo = echo.Identity()
	}
	cancel()
	ready()
	run, err = runner.Probe(ctx, plan, on)
	a.ended(run)
	return run, of, err
}

// start starts the browser, and meanwhile makes what the seats need. If one of the two fails, the other ends.
func (a *attempt) start(ctx context.Context, one *oneBrowser) (*browser.Browser, error) {
	if err := browser.Check(one.options); err != nil {
		return nil, err // before a room is made
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opened := make(chan error, 1)
	go func() {
		err := a.meeting.Open(ctx)
		if err != nil {
			cancel()
		}
		opened <- err
	}()
	b, err := one.get(ctx)
	if err != nil {
		cancel()
	}
	failed := <-opened
	if failed == nil || err != nil && !errors.Is(err, context.Canceled) {
		return b, err
	}
	return nil, failed
}

// seats takes the runner's seat, and the echo's at the same time if it is ours.
func (a *attempt) seats(ctx context.Context, b *browser.Browser) (runner, echo *browser.Page, err error) {
	var echoErr error
	var both sync.WaitGroup
	if a.job.Local {
		both.Go(func() {
			if echo, echoErr = Open(ctx, b, a.platform, a.meeting, bench.Answerer, a.job.Plan.Class); echoErr == nil {
				echoErr = echo.Echo(ctx)
			}
		})
	}
	runner, err = Open(ctx, b, a.platform, a.meeting, bench.Runner, a.job.Plan.Class)
	both.Wait()
	if err == nil {
		err = echoErr
	}
	if err != nil {
		leave(runner, echo)
		return nil, nil, err
	}
	return runner, echo, nil
}

// leave makes the pages leave the room, so that nobody in the room waits for a participant who is gone.
func leave(pages ...*browser.Page) {
	var all sync.WaitGroup
	for _, p := range pages {
		if p != nil {
			all.Go(func() { p.Close() })
		}
	}
	all.Wait()
}

// Open takes one seat of a meeting by a page of the browser. It returns by ctx's end. Its error is a *JoinError. The
// caller closes the page.
func Open(ctx context.Context, b *browser.Browser, p bench.Platform, m bench.Meeting, role bench.Role,
	class bench.TransportClass) (*browser.Page, error) {
	seat, err := m.Seat(role, bench.NewIdentity(role))
	if err != nil {
		return nil, err
	}
	open := b.Open
	if role == bench.Runner {
		open = b.OpenFirst
	}
	page, err := open(ctx)
	if err == nil {
		if err = page.Join(ctx, joinConfig(p, seat, role, class)); err == nil {
			return page, nil
		}
		page.Abandon()
	}
	var gaveUp *browser.GaveUpError
	if errors.As(err, &gaveUp) && gaveUp.Unanswered {
		err = m.Explain(ctx, seat, err)
	}
	return nil, &JoinError{m.String(), err}
}

func joinConfig(p bench.Platform, seat bench.Seat, role bench.Role, class bench.TransportClass) browser.JoinConfig {
	return browser.JoinConfig{Page: p.Page, Platform: p.Name, URL: seat.URL, Token: seat.Token, Role: role,
		Class: class, BundleURL: seat.Bundle, UserName: seat.Identity}
}

// Reach says what a browser's pages may speak to for a place, before it is known which room they join.
func Reach(p bench.Platform, place bench.Place) browser.JoinConfig {
	url := place.URL
	if url == "" {
		url = place.API
	}
	return browser.JoinConfig{Page: p.Page, Platform: p.Name, URL: url, BundleURL: place.Bundle}
}

// oneBrowser starts one browser for all jobs, when the first job asks for it. Its owner closes it when all jobs are
// done.
type oneBrowser struct {
	options browser.Options
	mu      sync.Mutex
	wait    chan struct{} // closed when it is up, or will not be; nil = nobody has asked
	b       *browser.Browser
	err     error
}

// wants notes which hosts a job's pages will need.
func (o *oneBrowser) wants(a *attempt) {
	if a.job.Engine == bench.Browser && a.failed == nil {
		o.options.Rooms = append(o.options.Rooms, Reach(a.platform, a.job.Place))
	}
}

// get returns the browser, and returns by the end of ctx, which belongs to one job: the start goes on for the others.
// It starts nothing once ctx has ended.
func (o *oneBrowser) get(ctx context.Context) (*browser.Browser, error) {
	if ctx.Err() != nil {
		return nil, browser.NotUp(context.Cause(ctx))
	}
	o.mu.Lock()
	if o.wait == nil {
		o.wait = make(chan struct{})
		starting, cancel := context.WithCancel(context.WithoutCancel(ctx))
		if deadline, ok := ctx.Deadline(); ok {
			starting, cancel = context.WithDeadline(starting, deadline)
		}
		go func() {
			defer cancel()
			o.b, o.err = browser.Start(starting, o.options)
			close(o.wait)
		}()
	}
	o.mu.Unlock()
	select {
	case <-o.wait:
		return o.b, o.err
	case <-ctx.Done():
		return nil, browser.NotUp(context.Cause(ctx))
	}
}

func (o *oneBrowser) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.wait == nil {
		return
	}
	<-o.wait
	if o.b != nil {
		o.b.Close()
	}
}
