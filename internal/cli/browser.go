package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/stats"
)

// chromeFlags choose the browser of the browser engine.
type chromeFlags struct {
	ChromePath    string `from:"CHROME_PATH" dotenv:"no" group:"engine" placeholder:"PATH" help:"Chromium or Chrome for the browser engine (default: the one that is found)." completion-predictor:"file"`
	NoSandbox     bool   `name:"no-sandbox" from:"RTCBENCH_NO_SANDBOX" dotenv:"no" group:"engine" help:"Run Chromium without its own sandbox, as containers need; as root it always does."`
	ResolverRules string `name:"chrome-resolver-rules" from:"RTCBENCH_CHROME_RESOLVER_RULES" dotenv:"no" hidden:"" help:"Chromium's --host-resolver-rules, for tests."`
}

// options are of a browser whose pages join these rooms, as far as they are known.
func (f chromeFlags) options(rooms ...browser.JoinConfig) browser.Options {
	return browser.Options{Path: f.ChromePath, NoSandbox: f.NoSandbox, ResolverRules: f.ResolverRules, Rooms: rooms}
}

// sayAloud tells of what weakens the browser that is about to start, if one is.
func (f chromeFlags) sayAloud(w io.Writer) {
	if o := f.options(); browser.Check(o) == nil && browser.SandboxOff(o) {
		why := "as root it runs only so"
		if o.NoSandbox {
			why = "--no-sandbox"
		}
		fmt.Fprintf(w, "Chromium runs without its own sandbox (%s)\n", why)
	}
}

// browserJob is a run in the browser: one page measures, another answers if the echo is local.
type browserJob struct {
	options browser.Options
	shared  func(context.Context) (*browser.Browser, error) // a browser of several jobs, which somebody else closes; nil = one of its own
	plan    bench.Plan
	within  time.Duration // for everything until both seats are taken
	began   time.Time     // the joining, where a room was asked for first
	local   bool
	prepare func(context.Context) error // makes what config needs, while the browser starts; nil = it is there
	config  func(role string) (browser.JoinConfig, error)
	where   string // for errors
	ready   func() // called when it has joined and may wait for another; nil = nobody is waited for
}

// measure is like livekitJob.measure.
func (job *browserJob) measure(ctx context.Context, on func(bench.Sample)) (*bench.Run, error) {
	joining, cancel := limit{job.within, job.began}.on(ctx)
	defer cancel()
	b, done, err := job.start(joining)
	if err != nil {
		return nil, job.late(ctx, err)
	}
	defer done()
	runner, echo, err := job.seats(joining, b)
	if err != nil {
		return nil, job.late(ctx, err)
	}
	defer leave(runner, echo)
	var synced stats.Offset
	var unsynced error = errors.New("the echo is elsewhere")
	if job.local {
		synced, unsynced = browser.Offset(ctx, runner, echo)
	}
	if job.ready != nil {
		job.ready()
	}
	plan := job.plan
	if job.local {
		plan.Echo = echo.Identity()
	}
	run, err := runner.Probe(ctx, plan, on)
	run.Echo.Mode = "remote"
	if job.local {
		run.Echo.Mode = "local"
	}
	if unsynced == nil {
		run.Clocks, run.Synced = bench.SyncedClocks, synced
	}
	return &run, err
}

// late says of an error before the seats were taken that the time was over, and in which phase, if that is why.
func (job *browserJob) late(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var l *browser.LateError
	if errors.As(err, &l) {
		return fmt.Errorf("join %s: %w in %v (--connect-timeout waits longer%s)", job.where, l, job.within, l.Maybe())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w after %v (--connect-timeout waits longer)", err, job.within)
	}
	return err
}

// start starts the browser, and what the seats need meanwhile. done closes the browser if it is this job's own.
func (job *browserJob) start(ctx context.Context) (b *browser.Browser, done func(), err error) {
	if err := browser.Check(job.options); err != nil {
		return nil, nil, err // before a room is made
	}
	ctx, cancel := context.WithCancel(ctx) // one that fails ends the other
	defer cancel()
	prepared := make(chan error, 1)
	go func() {
		var err error
		if job.prepare != nil {
			if err = job.prepare(ctx); err != nil {
				cancel()
			}
		}
		prepared <- err
	}()
	if job.shared != nil {
		b, err = job.shared(ctx)
		done = func() {}
	} else if b, err = browser.Start(ctx, job.options); err == nil {
		done = func() { b.Close() }
	}
	if err != nil {
		cancel()
	}
	failed := <-prepared
	switch {
	case failed == nil || err != nil && !errors.Is(err, context.Canceled):
		return b, done, err
	case b != nil:
		done()
	}
	return nil, nil, failed
}

// seats takes the runner's seat, and the echo's at the same time if it is ours.
func (job *browserJob) seats(ctx context.Context, b *browser.Browser) (runner, echo *browser.Page, err error) {
	var echoErr error
	var both sync.WaitGroup
	if job.local {
		both.Go(func() {
			if echo, echoErr = job.join(ctx, b, "echo"); echoErr == nil {
				echoErr = echo.Echo(ctx)
			}
		})
	}
	runner, err = job.join(ctx, b, "runner")
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

// leave says goodbye to the room, so that nobody waits there for somebody who is gone.
func leave(pages ...*browser.Page) {
	var all sync.WaitGroup
	for _, p := range pages {
		if p != nil {
			all.Go(func() { p.Close() })
		}
	}
	all.Wait()
}

// take is join by itself, within the time that the job has for it.
func (job *browserJob) take(ctx context.Context, b *browser.Browser, role string) (*browser.Page, error) {
	joining, cancel := limit{job.within, job.began}.on(ctx)
	defer cancel()
	page, err := job.join(joining, b, role)
	if err != nil {
		return nil, job.late(ctx, err)
	}
	return page, nil
}

// join takes a seat; it ends by ctx.
func (job *browserJob) join(ctx context.Context, b *browser.Browser, role string) (*browser.Page, error) {
	config, err := job.config(role)
	if err != nil {
		return nil, err
	}
	open := b.Open
	if role == "runner" {
		open = b.OpenFirst
	}
	page, err := open(ctx)
	if err == nil {
		if err = page.Join(ctx, config); err == nil {
			return page, nil
		}
		page.Abandon()
	}
	var late *browser.LateError
	if errors.As(err, &late) {
		return nil, err
	}
	var unanswered *browser.UnansweredError
	if errors.As(err, &unanswered) && config.Platform == "livekit" { // a page is told of no status
		err = livekit.Explain(ctx, bench.Room{URL: config.URL, Token: config.Token}, err)
	}
	return nil, fmt.Errorf("join %s: %w%s", job.where, err, advice.Of(err))
}

// oneBrowser starts a browser when the first job asks for it, for all of them. Its owner closes it when all are done.
type oneBrowser struct {
	start func() (*browser.Browser, error)
	mu    sync.Mutex
	wait  chan struct{} // closed when it is up, or will not be; nil = nobody has asked
	b     *browser.Browser
	err   error
}

// get ends by ctx, which is one job's; the start goes on for the others.
func (o *oneBrowser) get(ctx context.Context) (*browser.Browser, error) {
	o.mu.Lock()
	if o.wait == nil {
		o.wait = make(chan struct{})
		go func() {
			o.b, o.err = o.start()
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
