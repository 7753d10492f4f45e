package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/jobs"
	"rtcbench/internal/schedule"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

type runCmd struct {
	Config string `from:"RTCBENCH_CONFIG" group:"what" default:"rtcbench.yaml" placeholder:"rtcbench.yaml" help:"What to measure: jobs, each a measuring command with its flags." completion-predictor:"file"`
	Every  string `from:"RTCBENCH_EVERY" group:"what" placeholder:"5m" help:"How often; wins over the file's. Slots are whole multiples of it since the Unix epoch."`
	Jitter string `from:"RTCBENCH_JITTER" group:"what" placeholder:"30s" help:"Start each slot late by a random part of this; wins over the file's."`
	Once   bool   `group:"what" help:"Run all jobs once and exit, for cron; the exit code is that of the job that went worst."`
	Check  bool   `group:"what" help:"Read the configuration, say what is wrong with it, and exit."`
	Listen string `from:"RTCBENCH_LISTEN" group:"service" placeholder:"ADDRESS" help:"Serve /healthz and /metrics (Prometheus) at this address, as 127.0.0.1:9464."`
	flags.LogGroup
}

// Help is shown by --help below the flags' summary.
func (runCmd) Help() string {
	return `Runs the jobs of a file again and again, one after the other, and never two at a time. A job that fails ` +
		`is logged and counted, and the next still comes. SIGHUP reads the file again; a file that is wrong changes ` +
		`nothing.

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

// Run carries out the schedule.
func (cmd *runCmd) Run(a *app) error {
	c, err := cmd.read(a)
	if err != nil {
		return err
	}
	r := schedule.NewScheduler(c, cmd.Log(a.stderr))
	if cmd.Check {
		fmt.Fprintf(a.stdout, "%s: %s, every %v\n", cmd.Config, bench.Many(len(c.Jobs), "job"), c.Plan.Every)
		return nil
	}
	if cmd.Listen != "" {
		k := settings.Check{Sources: a.settings}
		if k.Address("listen", cmd.Listen); k.Err != nil {
			return k.Err
		}
		l, err := flags.Listen(&k, "listen", cmd.Listen)
		if err != nil {
			return err
		}
		defer r.Serve(l)()
	}
	if cmd.Once {
		return a.worst(r.All(a.ctx))
	}
	go signals.OnHangup(a.ctx, func() { r.Reload(func() (schedule.Config, error) { return cmd.read(a) }) })
	r.Run(a.ctx)
	return a.bySignal()
}

// worst is the error with which a schedule that ran once ends.
func (a *app) worst(d schedule.Done) error {
	if code, ok := signals.ExitCode(a.ctx); ok {
		return exitError{code, silent{}}
	}
	if d.Outcome == schedule.Failed {
		return exitError{exitFailed, d.Err}
	}
	return d.Err
}

// serverless is the warning for jobs that measure no network. Such jobs are no mistake of a user who tries the tool.
const serverless = "this job names no LiveKit server: it measures the server inside this process, which is this " +
	"machine and no network"

// read reads the file. Flags take the place of what the file says.
func (cmd *runCmd) read(a *app) (schedule.Config, error) {
	c := schedule.Config{Warns: map[string]string{}}
	file, err := jobs.Read(cmd.Config, knownToJobs())
	if err != nil {
		return c, err
	}
	c.Plan = file.Plan
	k := settings.Check{Sources: a.settings}
	if cmd.Every != "" {
		c.Plan.Every = k.Millis("every", cmd.Every, jobs.MinEvery, jobs.MaxEvery)
	}
	if cmd.Jitter != "" {
		c.Plan.Jitter = k.Millis("jitter", cmd.Jitter, 0, jobs.MaxEvery)
	}
	if k.Err == nil && c.Plan.Jitter >= c.Plan.Every {
		k.Err = usagef("jitter %v has to be less than every %v", c.Plan.Jitter, c.Plan.Every)
	}
	if k.Err != nil {
		return c, k.Err
	}
	for _, j := range file.Jobs {
		inSandbox, err := a.checkJob(j)
		if err != nil {
			return c, usagef("job %q: %w", j.Name, err)
		}
		if inSandbox {
			c.Warns[j.Name] = serverless
		}
		c.Jobs = append(c.Jobs, schedule.Job{Name: j.Name, Do: func(ctx context.Context) schedule.Done {
			return a.doneJob(ctx, j)
		}})
	}
	return c, nil
}

// outcomes are what a job's exit code means to a schedule.
var outcomes = map[int]schedule.Outcome{
	exitOK: schedule.OK, exitLimitBroken: schedule.LimitBroken, exitNotKept: schedule.NotKept,
	exitFailed: schedule.Failed, exitUsage: schedule.Failed,
}

// doneJob carries out a job. The table that the job prints is its log.
func (a *app) doneJob(ctx context.Context, j jobs.Job) schedule.Done {
	j = j.With("quiet", "true")
	var said bytes.Buffer
	d := schedule.Done{Waiting: -1}
	d.Err = a.runJob(ctx, j, io.Discard, &said, func(run bench.Record) { d.Runs = append(d.Runs, run) })
	outcome, known := outcomes[codeOf(d.Err)]
	if d.Outcome = outcome; !known {
		d.Outcome = schedule.Stopped
	}
	for line := range strings.Lines(said.String()) {
		d.Said = append(d.Said, strings.TrimSpace(line))
	}
	if _, cmds, in, err := a.parseJob(j); err == nil {
		c := settings.Check{Sources: in.settings}
		k := cmds.measuring()[j.Command].kept().Stores(&c, ours)
		if n, err := k.Box.Count(); err == nil && c.Err == nil {
			d.Waiting = n
		}
	}
	return d
}
