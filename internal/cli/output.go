package cli

import (
	"context"
	"log/slog"

	"rtcbench/bench"
	"rtcbench/internal/keep"
	"rtcbench/internal/progress"
	"rtcbench/internal/settings"
)

type outputFlags struct {
	Output  string `short:"o" from:"RTCBENCH_OUTPUT" group:"out" placeholder:"FILE" help:"Write the result as JSON; - = to standard output, the table then goes to standard error." completion-predictor:"file"`
	Quiet   bool   `short:"q" from:"RTCBENCH_QUIET" group:"out" help:"No table and no progress."`
	Verbose bool   `short:"v" from:"RTCBENCH_VERBOSE" group:"out" help:"Log every ping to standard error."`
	LogFlag string `name:"log-level" from:"LOG_LEVEL" group:"out" default:"warn" placeholder:"warn" help:"debug, info, warn or error."`

	ShowAddresses bool `from:"RTCBENCH_SHOW_ADDRESSES" group:"out" help:"Write the addresses of the ICE pairs into the result."`
}

// check finds out before the run whether the result can be written after it.
func (f outputFlags) check(c *settings.Check) error {
	if _, ok := settings.LogLevel(f.LogFlag); !ok {
		return c.Bad("log-level", f.LogFlag, "debug, info, warn or error, or a number of Python's, as 10 or 20")
	}
	if f.Output == "-" {
		return nil
	}
	return writable(c.Name("output"), f.Output)
}

// writable finds out whether a file that a flag names can be written; "" = none is wanted.
func writable(flag, name string) error {
	if name == "" {
		return nil
	}
	if err := keep.Writable(name); err != nil {
		return usagef("%s %q: %w", flag, name, err)
	}
	return nil
}

// logger writes to standard error. --verbose is its debug level.
func (a *app) logger(f outputFlags) *slog.Logger {
	level, _ := settings.LogLevel(f.LogFlag)
	if f.Verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}

// watch shows a run while it goes on: as log lines with --verbose, as a bar on a terminal.
// end is to be called when it is over.
func (f outputFlags) watch(a *app, log *slog.Logger, plan bench.Plan) (on func(bench.Sample), end func()) {
	switch {
	case log.Enabled(context.Background(), slog.LevelDebug):
		return progress.Log(log), func() {}
	case !f.Quiet && progress.IsTerminal(a.stderr):
		return progress.Pings(a.stderr, plan.Count)
	}
	return nil, func() {}
}
