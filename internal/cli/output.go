package cli

import (
	"context"
	"log/slog"
	"strconv"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/keep"
)

type outputFlags struct {
	Output  string `short:"o" from:"RTCBENCH_OUTPUT" group:"out" placeholder:"FILE" help:"Write the result as JSON; - = to standard output, the table then goes to standard error." completion-predictor:"file"`
	Quiet   bool   `short:"q" from:"RTCBENCH_QUIET" group:"out" help:"No table and no progress."`
	Verbose bool   `short:"v" from:"RTCBENCH_VERBOSE" group:"out" help:"Log every ping to standard error."`
	LogFlag string `name:"log-level" from:"LOG_LEVEL" group:"out" default:"warn" placeholder:"warn" help:"debug, info, warn or error."`

	ShowAddresses bool `from:"RTCBENCH_SHOW_ADDRESSES" group:"out" help:"Write the addresses of the ICE pairs into the result."`
}

// levels are those of LOG_LEVEL, with the names that other programs give them: Python's logging, syslog, and Go's slog.
var levels = map[string]slog.Level{
	"trace": slog.LevelDebug, "debug": slog.LevelDebug, "notset": slog.LevelDebug, "verbose": slog.LevelDebug,
	"info": slog.LevelInfo, "information": slog.LevelInfo, "notice": slog.LevelInfo,
	"warn": slog.LevelWarn, "warning": slog.LevelWarn,
	"err": slog.LevelError, "error": slog.LevelError, "crit": slog.LevelError, "critical": slog.LevelError, "alert": slog.LevelError,
	"emerg": slog.LevelError, "panic": slog.LevelError, "fatal": slog.LevelError, "off": slog.LevelError + 1, "none": slog.LevelError + 1,
}

// logLevel reads a level: a name, a number of Python's (10 debug, 20 info, 30 warning, 40 error, 50 critical), or a
// number or sum of slog's (-4 debug, 0 info, 4 warn, 8 error; INFO+2).
func logLevel(text string) (slog.Level, bool) {
	text = strings.ToLower(clean(text))
	if level, ok := levels[text]; ok {
		return level, true
	}
	if n, err := strconv.Atoi(text); err == nil {
		switch {
		case n >= -8 && n < 9:
			return slog.Level(n), true
		case n >= 9 && n <= 60:
			return slog.Level(4*((n+9)/10) - 8), true
		}
		return 0, false
	}
	var level slog.Level
	return level, level.UnmarshalText([]byte(text)) == nil
}

// check finds out before the run whether the result can be written after it.
func (f outputFlags) check(c *check) error {
	if _, ok := logLevel(f.LogFlag); !ok {
		return c.bad("log-level", f.LogFlag, "debug, info, warn or error, or a number of Python's, as 10 or 20")
	}
	if f.Output == "-" {
		return nil
	}
	return writable(c.name("output"), f.Output)
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
	level, _ := logLevel(f.LogFlag)
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
		return func(s bench.Sample) {
			attrs := []any{"seq", s.Seq, "outcome", s.Outcome.String()}
			if s.Outcome == bench.NotSent {
				attrs = append(attrs, "reason", s.Reason.String())
			}
			if s.RTT > 0 {
				attrs = append(attrs, "rtt", s.RTT)
			}
			log.Debug("ping", attrs...)
		}, func() {}
	case !f.Quiet && isTerminal(a.stderr):
		return progress(a.stderr, plan.Count)
	}
	return nil, func() {}
}
