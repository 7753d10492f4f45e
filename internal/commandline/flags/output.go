package flags

import (
	"context"
	"io"
	"log/slog"

	"rtcbench/bench"
	"rtcbench/internal/keep"
	"rtcbench/internal/progress"
	"rtcbench/internal/settings"
)

// OutputGroup are the flags that say what a measurement writes, and what it shows meanwhile.
type OutputGroup struct {
	Output  string `short:"o" from:"RTCBENCH_OUTPUT" group:"out" placeholder:"FILE" help:"Write the result as JSON; - = to standard output, the table then goes to standard error." completion-predictor:"file"`
	Quiet   bool   `short:"q" from:"RTCBENCH_QUIET" group:"out" help:"No table and no progress."`
	Verbose bool   `short:"v" from:"RTCBENCH_VERBOSE" group:"out" help:"Log every ${sample} to standard error."`
	LogFlag string `name:"log-level" from:"LOG_LEVEL" group:"out" default:"warn" placeholder:"warn" help:"debug, info, warn or error."`

	ShowAddresses bool `from:"RTCBENCH_SHOW_ADDRESSES" group:"out" help:"Write the addresses of the ICE pairs into the result."`
}

// Check finds out, before the run, whether the result and the other files can be written after the run.
func (f OutputGroup) Check(c *settings.Check, to keep.Stores, reads []string, others ...File) {
	if _, ok := settings.LogLevel(f.LogFlag); !ok && c.Err == nil {
		c.Err = c.Bad("log-level", f.LogFlag, "debug, info, warn or error, or a number of Python's, as 10 or 20")
	}
	if c.Err == nil {
		c.Err = Writable(c, to, reads, append([]File{{"output", f.Output, Result}}, others...)...)
	}
}

// Logger writes to w, which is standard error. --verbose is its debug level.
func (f OutputGroup) Logger(w io.Writer) *slog.Logger {
	level, _ := settings.LogLevel(f.LogFlag)
	if f.Verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// Watch shows a run while it goes on: as log lines with --verbose, as a bar where w is a terminal. The caller calls end
// when the run is over.
func (f OutputGroup) Watch(w io.Writer, log *slog.Logger, plan bench.Plan) (on func(bench.Sample), end func()) {
	switch {
	case log.Enabled(context.Background(), slog.LevelDebug):
		return progress.Log(log), func() {}
	case !f.Quiet && progress.IsTerminal(w):
		return progress.Pings(w, plan.Count)
	}
	return nil, func() {}
}
