package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/schedule"
)

type runCmd struct {
	Config string `from:"RTCBENCH_CONFIG" group:"what" default:"rtcbench.yaml" placeholder:"rtcbench.yaml" help:"What to measure: jobs, each a measuring command with its flags." completion-predictor:"file"`
	Every  string `from:"RTCBENCH_EVERY" group:"what" placeholder:"5m" help:"How often; wins over the file's. Slots are whole multiples of it since the Unix epoch."`
	Jitter string `from:"RTCBENCH_JITTER" group:"what" placeholder:"30s" help:"Start each slot late by a random part of this; wins over the file's."`
	Once   bool   `group:"what" help:"Run all jobs once and exit, for cron; the exit code is that of the job that went worst."`
	Check  bool   `group:"what" help:"Read the configuration, say what is wrong with it, and exit."`
	Listen string `from:"RTCBENCH_LISTEN" group:"service" placeholder:"ADDRESS" help:"Serve /healthz and /metrics (Prometheus) at this address, as 127.0.0.1:9464."`
	Format string `name:"log-format" from:"RTCBENCH_LOG_FORMAT" group:"out" enum:"text,json" default:"text" placeholder:"text" help:"Log lines on standard error: text or json."`
}

// Help is shown by --help below the flags' summary.
func (runCmd) Help() string {
	return `Runs the jobs of a file again and again, one after the other, and never two at a time. A job that fails is logged and counted, and the next still comes. SIGHUP reads the file again; a file that is wrong changes nothing.

Examples:

  rtcbench run --config rtcbench.yaml --every 5m --jitter 30s
      at 12:00, 12:05, … each up to 30 s later, until Ctrl-C

  rtcbench run --once
      from cron, with the rtcbench.yaml of this folder

  rtcbench run --check
      is the file right?

A file (docs/run.md has all of it):

  every: 5m
  jobs:
    - platform: livekit
      server-url: wss://my.livekit.cloud
      location: fra
      iterations: 300`
}

// Run is the schedule.
func (cmd *runCmd) Run(a *app) error {
	log := slog.New(slog.NewTextHandler(a.stderr, nil))
	if cmd.Format == "json" {
		log = slog.New(slog.NewJSONHandler(a.stderr, nil))
	}
	c, err := cmd.read(a)
	if err != nil {
		return err
	}
	c.warn(log)
	if cmd.Check {
		fmt.Fprintf(a.stdout, "%s: %d job(s), every %v\n", cmd.Config, len(c.jobs), c.plan.Every)
		return nil
	}
	r := &runner{cmd: cmd, app: a, log: log, config: c, changed: make(chan struct{}, 1), gauges: newGauges(), began: time.Now()}
	if cmd.Listen != "" {
		stop, err := r.listen(cmd.Listen)
		if err != nil {
			return err
		}
		defer stop()
	}
	if cmd.Once {
		return r.all(a.ctx)
	}
	hangup := make(chan os.Signal, 1)
	if hangupSignal != nil {
		signal.Notify(hangup, hangupSignal)
		defer signal.Stop(hangup)
	}
	go func() {
		for {
			select {
			case <-hangup:
				if err := guarded(func() error { r.reload(); return nil }); err != nil {
					log.Error("the configuration was not read again", "error", err)
				}
			case <-a.ctx.Done():
				return
			}
		}
	}()
	schedule.Loop{
		Plan: r.plan, Changed: r.changed, Now: time.Now, Jitter: schedule.RandomJitter,
		Work:    func(ctx context.Context) { r.all(ctx) },
		Skipped: func(n int) { r.gauges.skipped.Add(float64(n)); log.Warn("slots skipped", "count", n) },
		Waiting: func(slot time.Time) {
			r.waitFor(slot)
			log.Info("waiting", "next", slot.UTC().Format(time.RFC3339))
		},
	}.Run(a.ctx)
	code, _ := stopCode(a.ctx)
	return exitError{code, silent{}}
}

// read reads the file, and puts the flags over it.
func (cmd *runCmd) read(a *app) (config, error) {
	c, err := readConfig(cmd.Config)
	if err != nil {
		return c, err
	}
	k := check{settings: a.settings}
	if cmd.Every != "" {
		c.plan.Every = k.millis("every", cmd.Every, minEvery, maxEvery)
	}
	if cmd.Jitter != "" {
		c.plan.Jitter = k.millis("jitter", cmd.Jitter, 0, maxEvery)
	}
	if k.err == nil && c.plan.Jitter >= c.plan.Every {
		k.err = usagef("jitter %v has to be less than every %v", c.plan.Jitter, c.plan.Every)
	}
	if k.err != nil {
		return c, k.err
	}
	for _, j := range c.jobs {
		inSandbox, err := j.check(a)
		if err != nil {
			return c, exitError{exitUsage, fmt.Errorf("job %q: %w", j.name, err)}
		}
		if inSandbox {
			c.serverless = append(c.serverless, j.name)
		}
	}
	return c, nil
}

// warn tells of jobs that measure no network. They are no mistake where somebody tries the tool.
func (c config) warn(log *slog.Logger) {
	for _, name := range c.serverless {
		log.Warn("this job names no LiveKit server: it measures the server inside this process, which is this machine and no network", "job", name)
	}
}

// runner is a schedule under way.
type runner struct {
	cmd     *runCmd
	app     *app
	log     *slog.Logger
	changed chan struct{}
	gauges  *gauges
	began   time.Time

	mu      sync.Mutex
	config  config
	working time.Time // since when jobs run; zero = none does
	next    time.Time
	failed  map[string]string // jobs whose last run failed, and why
}

func (r *runner) plan() schedule.Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.config.plan
}

func (r *runner) waitFor(slot time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = slot
}

// reload reads the file again. One that is wrong changes nothing.
func (r *runner) reload() {
	c, err := r.cmd.read(r.app)
	if err != nil {
		r.gauges.reloads.WithLabelValues("failed").Inc()
		r.log.Error("the configuration is wrong; the old one stays", "error", err)
		return
	}
	r.mu.Lock()
	r.config = c
	r.mu.Unlock()
	r.gauges.reloads.WithLabelValues("ok").Inc()
	c.warn(r.log)
	r.log.Info("configuration read again", "jobs", len(c.jobs), "every", c.plan.Every)
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// all runs the jobs, one after the other, and returns the error of the one that went worst.
func (r *runner) all(ctx context.Context) (worst error) {
	r.mu.Lock()
	jobs := r.config.jobs
	r.working = time.Now()
	r.mu.Unlock()
	for _, j := range jobs {
		if ctx.Err() != nil {
			break
		}
		if err := r.one(ctx, j); severity(err) > severity(worst) {
			worst = err
		}
	}
	r.mu.Lock()
	r.working = time.Time{}
	r.mu.Unlock()
	if code, ok := stopCode(ctx); ok {
		return exitError{code, silent{}}
	}
	return worst
}

// severity orders how jobs end as exit codes are: could not measure, not kept, a limit broken.
func severity(err error) int {
	return map[int]int{exitOK: 0, exitLimitBroken: 1, exitNotKept: 2, exitFailed: 3, exitUsage: 4}[codeOf(err)]
}

func codeOf(err error) int {
	var e exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	}
	return exitFailed
}

// outcomes are what a job's exit code is called in logs and metrics.
var outcomes = map[int]string{exitOK: "ok", exitLimitBroken: "limit-broken", exitNotKept: "not-kept", exitFailed: "failed", exitUsage: "failed"}

// guarded calls f. A panic of it is an error: what goes wrong in one job ends no schedule.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a fault of rtcbench itself, please report it: %v (%s)", p, panicked())
		}
	}()
	return f()
}

// panicked is where the panic that is being recovered came from.
func panicked() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for inside := false; ; {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			inside = true
		case inside && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s, %s:%d", filepath.Base(f.Function), filepath.Base(f.File), f.Line)
		}
		if !more {
			return "place unknown"
		}
	}
}

// one runs a job. It survives whatever the job does in its own goroutine.
func (r *runner) one(ctx context.Context, j job) (err error) {
	fault := guarded(func() error { err = r.attempt(ctx, j); return nil })
	if fault == nil {
		return err
	}
	r.log.Error("job failed", "job", j.name, "error", fault)
	r.note(j.name, fault)
	return exitError{exitFailed, fmt.Errorf("job %q: %w", j.name, fault)}
}

// note keeps why a job's last run failed; nil = it did not.
func (r *runner) note(job string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = map[string]string{}
	}
	delete(r.failed, job)
	if err != nil {
		r.failed[job] = err.Error()
	}
}

func (r *runner) attempt(ctx context.Context, j job) error {
	j.values = cloneValues(j.values)
	out := io.Discard
	if j.values["output"] != nil || j.values["quiet"] == nil {
		j.with("quiet", "true") // the log is the table
	}
	var said bytes.Buffer
	var runs []bench.Record
	began := time.Now()
	err := guarded(func() error {
		return j.run(ctx, r.app, out, &said, func(run bench.Record) { runs = append(runs, run) })
	})
	outcome := cmp.Or(outcomes[codeOf(err)], "stopped")
	for line := range strings.Lines(said.String()) {
		r.log.Info(strings.TrimSpace(line), "job", j.name)
	}
	r.gauges.ended(j.name, outcome)
	for _, run := range runs {
		r.gauges.take(run)
		s := run.Summary
		r.log.Info("measured", "job", j.name, "run", run.ID, "platform", run.Platform, "location", run.Location, "pings", run.Counts.Settled(),
			"p50_ms", millis(s.P50), "p95_ms", millis(s.P95), "p99_ms", millis(s.P99), "loss", s.Loss, "verdict", s.Validity.Verdict, "doubts", len(s.Doubts))
	}
	if err != nil && outcome != "stopped" {
		r.log.Error("job "+outcome, "job", j.name, "error", err)
	}
	r.note(j.name, nil)
	if outcome == "failed" {
		r.note(j.name, err)
		err = fmt.Errorf("job %q: %w", j.name, err)
		err = exitError{exitFailed, err}
	}
	r.gauges.outbox(j, r.app)
	r.log.Debug("job ended", "job", j.name, "took", time.Since(began))
	return err
}

func cloneValues(m map[string][]string) map[string][]string {
	c := make(map[string][]string, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	return c
}

func millis(q bench.Quantity) any {
	if !q.OK {
		return nil
	}
	return float64(q.D.Round(time.Microsecond)) / 1e6
}

// stuckAfter is how long jobs may run, beside three periods, before the schedule counts as stuck.
const stuckAfter = time.Hour

// listen serves /healthz and /metrics until stop is called.
func (r *runner) listen(address string) (stop func(), err error) {
	c := check{settings: r.app.settings}
	if c.address("listen", address); c.err != nil {
		return nil, c.err
	}
	l, err := c.listen("listen", address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", r.health)
	mux.Handle("GET /metrics", r.gauges.handler())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go server.Serve(l)
	r.log.Info("listening", "address", l.Addr().String())
	return func() { server.Close() }, nil
}

// health is 200 while the schedule does what it should; that a platform cannot be reached is no reason to restart it.
func (r *runner) health(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit := stuckAfter + 3*r.config.plan.Every
	status, code := "ok", http.StatusOK
	switch now := time.Now(); {
	case !r.working.IsZero() && now.Sub(r.working) > limit:
		status, code = fmt.Sprintf("the jobs have run for %v", now.Sub(r.working).Round(time.Second)), http.StatusServiceUnavailable
	case r.working.IsZero() && !r.next.IsZero() && now.Sub(r.next) > limit:
		status, code = fmt.Sprintf("the slot of %s was missed", r.next.UTC().Format(time.RFC3339)), http.StatusServiceUnavailable
	}
	answer := map[string]any{"status": status, "jobs": len(r.config.jobs), "failing": r.failed}
	if r.failed == nil {
		answer["failing"] = map[string]string{}
	}
	if !r.next.IsZero() {
		answer["next"] = r.next.UTC().Format(time.RFC3339)
	}
	writeJSON(w, code, answer)
}

// box is where a job's runs wait.
func (j job) box(a *app) string {
	dir := storeFlags{}
	if v := j.values["data-dir"]; len(v) > 0 {
		dir.DataDir = v[0]
	} else if v := a.settings.get("RTCBENCH_DATA_DIR"); v != "" {
		dir.DataDir = v
	}
	c := check{settings: a.settings}
	return filepath.Join(dir.dataDir(&c), "outbox")
}
