package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
)

// Job is what a schedule does again and again.
type Job struct {
	Name string
	Do   func(context.Context) Done
}

// Done is how a job ended.
type Done struct {
	Outcome Outcome
	Err     error          // why, where it did not go well
	Runs    []bench.Record // what was measured, also where the job failed
	Said    []string       // lines for a person
	Waiting int            // runs that wait for a store; below 0 = not known
}

// Outcome is what logs and metrics call the end of a job. The later one here is the worse one.
type Outcome int

// The outcomes.
const (
	OK Outcome = iota
	LimitBroken
	NotKept
	Failed
	Stopped // from outside: no outcome of the job's own
)

func (o Outcome) String() string {
	return [...]string{"ok", "limit-broken", "not-kept", "failed", "stopped"}[o]
}

// Config is what is to be done, and when.
type Config struct {
	Plan  Plan
	Jobs  []Job
	Warns map[string]string // of jobs, by name, whenever the configuration is read
}

// Scheduler does the jobs of a configuration one after the other, in every slot of its plan. What goes wrong in a job,
// panics included, ends no schedule.
type Scheduler struct {
	log     *slog.Logger
	gauges  *gauges
	changed chan struct{}

	mu      sync.Mutex
	config  Config
	working time.Time // since when jobs run; zero = none does
	next    time.Time
	failed  map[string]string // jobs whose last run failed, and why
}

// NewScheduler makes one; it does nothing yet.
func NewScheduler(c Config, log *slog.Logger) *Scheduler {
	r := &Scheduler{log: log, gauges: newGauges(), changed: make(chan struct{}, 1), config: c,
		failed: map[string]string{}}
	r.warn(c)
	return r
}

func (r *Scheduler) warn(c Config) {
	for _, j := range c.Jobs {
		if text := c.Warns[j.Name]; text != "" {
			r.log.Warn(text, "job", j.Name)
		}
	}
}

// Reload reads the configuration again. One that is wrong changes nothing.
func (r *Scheduler) Reload(read func() (Config, error)) {
	var c Config
	err := guarded(func() (err error) { c, err = read(); return err })
	if err != nil {
		r.gauges.reloads.WithLabelValues("failed").Inc()
		r.log.Error("the configuration is wrong; the old one stays", "error", err)
		return
	}
	r.mu.Lock()
	r.config = c
	r.mu.Unlock()
	r.gauges.reloads.WithLabelValues("ok").Inc()
	r.warn(c)
	r.log.Info("configuration read again", "jobs", len(c.Jobs), "every", c.Plan.Every)
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Run works until ctx ends.
func (r *Scheduler) Run(ctx context.Context) {
	Loop{
		Plan: r.plan, Changed: r.changed, Now: time.Now, Jitter: RandomJitter,
		Work:    func(ctx context.Context) { r.All(ctx) },
		Skipped: func(n int) { r.gauges.skipped.Add(float64(n)); r.log.Warn("slots skipped", "count", n) },
		Waiting: func(slot time.Time) {
			r.waitFor(slot)
			r.log.Info("waiting", "next", slot.UTC().Format(time.RFC3339))
		},
	}.Run(ctx)
}

func (r *Scheduler) plan() Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.config.Plan
}

func (r *Scheduler) waitFor(slot time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = slot
}

// All runs the jobs, one after the other, and returns how the one that went worst ended.
func (r *Scheduler) All(ctx context.Context) (worst Done) {
	r.mu.Lock()
	jobs := r.config.Jobs
	r.working = time.Now()
	r.mu.Unlock()
	for _, j := range jobs {
		if ctx.Err() != nil {
			break
		}
		if d := r.one(ctx, j); d.Outcome > worst.Outcome {
			worst = d
		}
	}
	r.mu.Lock()
	r.working = time.Time{}
	r.mu.Unlock()
	return worst
}

// one runs a job. It survives whatever the job does in its own goroutine.
func (r *Scheduler) one(ctx context.Context, j Job) (d Done) {
	began := time.Now()
	if fault := guarded(func() error { d = j.Do(ctx); return nil }); fault != nil {
		d = Done{Outcome: Failed, Err: fault, Waiting: -1}
	}
	for _, line := range d.Said {
		r.log.Info(line, "job", j.Name)
	}
	r.gauges.ended(j.Name, d)
	for _, run := range d.Runs {
		s := run.Summary
		r.log.Info("measured", "job", j.Name, "run", run.ID, "platform", run.Platform, "location", run.Location,
			"pings", run.Counts.Settled(),
			"p50_ms", quantityMillis(s.P50), "p95_ms", quantityMillis(s.P95), "p99_ms", quantityMillis(s.P99),
			"loss", s.Loss,
			"verdict", s.Validity.Verdict, "doubts", len(s.Doubts))
	}
	if d.Err != nil && d.Outcome != Stopped {
		r.log.Error("job "+d.Outcome.String(), "job", j.Name, "error", d.Err)
	}
	r.note(j.Name, d)
	if d.Outcome == Failed {
		d.Err = fmt.Errorf("job %q: %w", j.Name, d.Err)
	}
	r.log.Debug("job ended", "job", j.Name, "took", time.Since(began))
	return d
}

// note keeps why a job's last run failed, if it did.
func (r *Scheduler) note(job string, d Done) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.failed, job)
	if d.Outcome == Failed {
		r.failed[job] = d.Err.Error()
	}
}

// quantityMillis is nil for what is not known.
func quantityMillis(q bench.Quantity) any {
	if !q.OK {
		return nil
	}
	return float64(q.D.Round(time.Microsecond)) / 1e6
}

// guarded calls f. A panic of it is an error.
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
