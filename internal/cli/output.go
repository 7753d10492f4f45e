package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
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
	fail := func(why string) error { return usagef("%s %q: %s", flag, name, why) }
	path := target(name)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fail("is a folder; name a file in it")
	case err == nil && !info.Mode().IsRegular():
		return nil // a pipe or a device: it is written to, not replaced
	}
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fail(fmt.Sprintf("there is no folder %q; make it first", dir))
	}
	switch probe, err := os.CreateTemp(dir, ".rtcbench-*"); {
	case err != nil:
		return fail(fmt.Sprintf("cannot write in folder %q: %v", dir, errors.Unwrap(err)))
	default:
		probe.Close()
		return os.Remove(probe.Name())
	}
}

// finish writes everything that is wanted of a run and says how it ended. runErr is why the
// run ended early, if it did.
func (f outputFlags) finish(a *app, run bench.Run, runErr error, limits limitFlags, keep keeper) error {
	if runErr == nil && run.Counts.Answered == 0 {
		runErr = fmt.Errorf("not one of %d pings was answered within %v", run.Counts.Settled(), run.Plan.Timeout)
	}
	run.Tool, run.Asked = bench.Tool(version()), limits.asked()
	f.conceal(&run)
	a.take(run)
	written, put := f.write(a, run), keep.put(a.ctx, &run) // before anything else is tried with it
	kept := join(written, put, keep.lostNote(f.Output != "", written, put))
	if !f.Quiet {
		table := a.stdout
		if f.Output == "-" {
			table = a.stderr
		}
		if err := report.WriteText(table, run); err != nil {
			kept = join(kept, fmt.Errorf("print the table: %w", err))
		}
	}
	kept = join(kept, keep.deliver(a.ctx, a.stderr, run.ID))
	broken := join(limits.broken(run)...)
	code, stoppedBySignal := stopCode(a.ctx)
	switch {
	case stoppedBySignal:
		return exitError{code, join(kept, broken)}
	case runErr != nil:
		return exitError{exitFailed, alsoUnkept(join(runErr, kept, broken), kept)}
	case kept != nil:
		return exitError{exitNotKept, join(kept, broken)}
	case broken != nil:
		return exitError{exitLimitBroken, broken}
	}
	return nil
}

// conceal takes out of a run what tells where its two ends are, unless it is wanted.
func (f outputFlags) conceal(run *bench.Run) {
	if !f.ShowAddresses {
		result.HideAddresses(run.Facts.ICE)
	}
}

// join is all the errors on lines of their own; nil = there are none.
func join(errs ...error) error {
	var lines []string
	for _, err := range errs {
		if err != nil {
			lines = append(lines, err.Error())
		}
	}
	if lines == nil {
		return nil
	}
	return errors.New(strings.Join(lines, "\nrtcbench: "))
}

// write writes the result file. When that fails the result is put into the folder for
// temporary files instead, so that it is not lost; an error that is lost says that it could not be.
func (f outputFlags) write(a *app, run bench.Run) error {
	return f.writeWith(a, func(b *bytes.Buffer) error { return result.Write(b, run) })
}

func (f outputFlags) writeWith(a *app, fill func(*bytes.Buffer) error) error {
	if f.Output == "" {
		return nil
	}
	var b bytes.Buffer
	if err := fill(&b); err != nil {
		return err
	}
	var err error
	if f.Output == "-" {
		_, err = a.stdout.Write(b.Bytes())
	} else {
		err = replaceFile(f.Output, b.Bytes())
	}
	if err == nil {
		return nil
	}
	path, failed := rescue(b.Bytes())
	if failed == nil {
		return fmt.Errorf("write the result to %q: %w; it is in %s", f.Output, err, path)
	}
	return lost{fmt.Errorf("write the result to %q: %w; the folder for temporary files did not take it either: %w", f.Output, err, failed)}
}

// rescue puts data into a file of its own in the folder for temporary files. When it fails it leaves nothing there.
func rescue(data []byte) (path string, err error) {
	f, err := os.CreateTemp("", "rtcbench-*.json")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync() // a disk that is full may say so only here
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// replaceFile puts data at path in one step: nobody ever sees half a file. What is no
// regular file is written to.
func replaceFile(path string, data []byte) error {
	r, err := newReplacement(path)
	if err != nil {
		return err
	}
	_, err = r.Write(data)
	return errors.Join(err, r.end(err == nil))
}

// replacement is what is to stand at a path once it is whole.
type replacement struct {
	*os.File
	path string // "" = it is written to at once, being no regular file
	mode fs.FileMode
}

// newReplacement begins one; end ends it.
func newReplacement(path string) (*replacement, error) {
	r := &replacement{path: target(path), mode: 0o644}
	info, err := os.Stat(r.path)
	if err == nil && !info.Mode().IsRegular() {
		r.path = ""
		r.File, err = os.OpenFile(path, os.O_WRONLY, 0)
		return r, err
	}
	if err == nil {
		r.mode = info.Mode().Perm()
	}
	r.File, err = os.CreateTemp(filepath.Dir(r.path), ".rtcbench-*")
	return r, err
}

// end puts it into its place, or leaves what is there as it is.
func (r *replacement) end(keep bool) error {
	if r.path == "" {
		return r.Close()
	}
	var err error
	if keep {
		err = errors.Join(r.Chmod(r.mode), r.Sync())
	}
	if err = errors.Join(err, r.Close()); err == nil && keep {
		err = os.Rename(r.Name(), r.path)
	}
	if err != nil || !keep {
		os.Remove(r.Name())
	}
	return err
}

// target is where path leads in the end, also when nothing is there yet.
func target(path string) string {
	for range 40 { // more links than any system follows
		next, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return path
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
