package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/stats"
)

// chromeFlags choose the browser of the browser engine.
type chromeFlags struct {
	ChromePath    string `from:"CHROME_PATH" group:"engine" placeholder:"PATH" help:"Chromium or Chrome for the browser engine (default: the one that is found)." completion-predictor:"file"`
	NoSandbox     bool   `name:"no-sandbox" from:"RTCBENCH_NO_SANDBOX" group:"engine" help:"Run Chromium without its own sandbox, as containers need; as root it always does."`
	ResolverRules string `name:"chrome-resolver-rules" from:"RTCBENCH_CHROME_RESOLVER_RULES" hidden:"" help:"Chromium's --host-resolver-rules, for tests."`
}

func (f chromeFlags) options() browser.Options {
	return browser.Options{Path: f.ChromePath, NoSandbox: f.NoSandbox, ResolverRules: f.ResolverRules}
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
	plan    bench.Plan
	within  time.Duration
	local   bool
	prepare func(context.Context) error // makes what config needs, while the browser starts; nil = it is there
	config  func(role string) (browser.JoinConfig, error)
	where   string // for errors
	ready   func() // called when it has joined and may wait for another; nil = nobody is waited for
}

// measure is like livekitJob.measure.
func (job *browserJob) measure(ctx context.Context, on func(bench.Sample)) (*bench.Run, error) {
	b, err := job.start(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	runner, echo, err := job.seats(ctx, b)
	if err != nil {
		return nil, err
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

// start starts the browser, and what the seats need meanwhile.
func (job *browserJob) start(ctx context.Context) (*browser.Browser, error) {
	if err := browser.Check(job.options); err != nil {
		return nil, err // before a room is made
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
	b, err := browser.Start(ctx, job.options)
	if err != nil {
		cancel()
	}
	failed := <-prepared
	switch {
	case failed == nil || err != nil && !errors.Is(err, context.Canceled):
		return b, err
	case b != nil:
		b.Close()
	}
	return nil, failed
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

func (job *browserJob) join(ctx context.Context, b *browser.Browser, role string) (*browser.Page, error) {
	joining, cancel := context.WithTimeout(ctx, job.within)
	defer cancel()
	config, err := job.config(role)
	if err != nil {
		return nil, err
	}
	page, err := b.Open(joining)
	if err == nil {
		err = page.Join(joining, config)
	}
	switch {
	case err == nil:
		return page, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("no answer in %v (--connect-timeout waits longer)", job.within)
	}
	return nil, fmt.Errorf("join %s: %w%s", job.where, err, hint(err))
}
