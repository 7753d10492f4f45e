// Package cli is the command line: one file for each command, flags and their sources, exit codes. It ties the other
// packages together and measures nothing itself.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"rtcbench/bench"
	"rtcbench/internal/commandline"
	"rtcbench/internal/environment"
	"rtcbench/internal/function"
	"rtcbench/internal/lab/stage"
	"rtcbench/internal/platform"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

// Exit codes. Where several hold, the first of these counts: interrupted, failed, notKept, limitBroken.
const (
	exitOK          = 0
	exitFailed      = 1 // could not measure, or the platform went away
	exitUsage       = 2 // wrong command line or configuration
	exitLimitBroken = 3 // measured, but a limit of the user's was broken
	exitNotKept     = 4 // measured, but the output file or a store would not take it
)

type commands struct {
	Livekit    livekitCmd                `cmd:"" help:"Measure a LiveKit server; without --server-url, one inside this process."`
	Daily      dailyCmd                  `cmd:"" help:"Measure Daily, by its own SDK in Chromium."`
	Both       bothCmd                   `cmd:"" help:"Measure Daily and LiveKit at one time, in one browser, and compare."`
	Turn       turnCmd                   `cmd:"" set:"sample=turn" set:"samples=turns that may have no answer" set:"latency=turn latency" set:"failed=a turn without an answer" help:"Call a voice agent, and measure how long it takes to answer."`
	Lab        labCmd                    `cmd:"" help:"Measure in a network of known delays, on this machine."`
	Run        runCmd                    `cmd:"" help:"Measure on a schedule, from a file of jobs."`
	Hub        hubCmd                    `cmd:"" help:"The centre of a fleet: lets runners in, and hears how they are."`
	Runner     runnerCmd                 `cmd:"" help:"A place of a fleet: joins a hub once, and works for it."`
	Fleet      fleetCmd                  `cmd:"" help:"Look after a fleet: tokens, places, who is silent."`
	Echo       echoCmd                   `cmd:"" help:"Answer pings in a room until Ctrl-C."`
	Compare    compareCmd                `cmd:"" help:"Hold runs against each other: what differs, and is it more than chance?"`
	Health     healthCmd                 `cmd:"" help:"Ask a service on this machine whether it is well, for container probes."`
	Calibrate  calibrateCmd              `cmd:"" help:"Measure what the instrument itself adds on this machine."`
	History    historyCmd                `cmd:"" help:"List runs that were kept, and sum them up."`
	UI         uiCmd                     `cmd:"" name:"ui" help:"Show runs that were kept as pictures, in the browser."`
	Report     reportCmd                 `cmd:"" help:"Write runs as one page of pictures that can be mailed."`
	Export     exportCmd                 `cmd:"" help:"Write runs from a store to a file."`
	Import     importCmd                 `cmd:"" help:"Put runs from files into the stores."`
	Store      storeCmd                  `cmd:"" help:"Look after the stores and the outbox."`
	Completion kongcompletion.Completion `cmd:"" help:"Print how to complete commands and flags in bash, zsh or fish."`

	Version kong.VersionFlag `help:"Print the version and exit."`

	others map[string]*otherCmd // of platforms without a command here
}

// exitError is an error with an exit code. The exit code of any other error is exitFailed.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil { // the code says it all
		return ""
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// unkept marks the error of a run that ended early and that also was not kept: its output file or a store did not take
// it. The exit code has no room for both.
type unkept struct{ error }

// alsoUnkept gives err, marked as unkept if kept, the error of keeping the run, is not nil.
func alsoUnkept(err, kept error) error {
	if kept == nil {
		return err
	}
	return unkept{err}
}

// usagef says that a command line or a configuration is wrong.
func usagef(format string, args ...any) error { return settings.Usagef(format, args...) }

// Parse finds out whether args are a command line that Main would take, and runs nothing.
func Parse(args []string) error {
	_, err := parse(args)
	return err
}

// parse is Parse that also returns what the flags set; nil = args ask for help or the version.
func parse(args []string) (*settings.Sources, error) { return parseInto(&commands{}, args) }

// parseInto is parse for callers that also need the values: those of flags, and defaults. It stores the values in c.
func parseInto(c *commands, args []string) (set *settings.Sources, err error) {
	exited := errors.New("exit")
	defer func() {
		if r := recover(); r != nil && r != any(exited) {
			panic(r)
		}
	}()
	alone := settings.New(func(string) (string, bool) { return "", false }, "")
	_, err = lineOf(alone).Parse(newParser(c, alone, io.Discard, io.Discard, func(int) { panic(exited) }), args)
	return alone, err
}

// ours is the environment of this process. It is passed to the packages below, which read no environment by themselves.
var ours environment.Environment = os.LookupEnv

// app is what a command needs from outside: its context, its outputs and its settings.
type app struct {
	ctx      context.Context
	stdout   io.Writer // the result
	stderr   io.Writer // the talk
	settings *settings.Sources
	took     func(bench.Record) // each run that was measured; nil = nobody asks
}

// Main runs the command line args and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) (code int) {
	exited := errors.New("exit") // how kong's own exits, after help and version, come back
	defer func() {
		if r := recover(); r != nil && r != any(exited) {
			panic(r)
		}
	}()
	if function.Asked(ours, args) {
		serveLambda(stderr)
		return exitOK
	}
	set := settings.New(ours, ".env")
	set.Ignores, set.Talk = stage.Elsewhere(ours.Get), talk(stderr)
	given := args
	failed := func(err error) int {
		if err != nil {
			err = censored{err, set, given}
		}
		return fail(stderr, err)
	}
	if err := settings.CheckArgs(args); err != nil {
		return failed(err)
	}
	// net/http reports bytes behind an answer by package log, and quotes them: a token that a server repeats would be
	// shown, too.
	log.SetOutput(io.Discard)
	settings.CleanForSDKs(ours, os.Setenv)
	result.Platforms, report.Titles = platform.Names(), platform.Titles()
	var cmds commands
	parser := newParser(&cmds, set, stdout, stderr, func(c int) { code = c; panic(exited) })
	kongcompletion.Register(parser)
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := lineOf(set).Parse(parser, args)
	if err != nil {
		return failed(err)
	}
	reloads := parsed.Command() == "run" && !cmds.Run.Once && !cmds.Run.Check || parsed.Command() == "hub"
	ctx, stop := signals.Until(context.Background(), !reloads)
	defer stop()
	err = parsed.Run(&app{ctx: ctx, stdout: stdout, stderr: stderr, settings: set})
	code = failed(err)
	if stop, ok := signals.ExitCode(ctx); ok && err != nil { // whatever went wrong after it
		return stop
	}
	return code
}

// newParser reads command lines into cmds. exit is called after help and version.
func newParser(cmds *commands, set *settings.Sources, stdout, stderr io.Writer, exit func(int)) *kong.Kong {
	parser, err := kong.New(cmds, append(cmds.options(),
		kong.Name("rtcbench"),
		kong.Description(description),
		kong.Vars{"version": version().String(), "platform": ownCommands[0],
			"platforms": strings.Join(ownCommands[:2], ","), "sample": "ping", "samples": "pings that may fail",
			"latency": "round trip", "failed": "a lost ping"},
		kong.Writers(stdout, stderr),
		kong.Exit(exit),
		kong.Resolvers(lineOf(set)),
		kong.KindMapper(reflect.String, kong.MapperFunc(commandline.Text)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(commandline.Help),
		kong.ExplicitGroups(groups),
	)...)
	if err != nil {
		panic(err) // the structs above are wrong
	}
	return parser
}

// censored is an error as it may be shown: without those parts of the command line and of variables that may be secret.
type censored struct {
	err  error
	from *settings.Sources
	args []string
}

func (c censored) Error() string { return c.from.Censored(c.err.Error(), c.args) }

func (c censored) Unwrap() error { return c.err }

// fail prints err, if there is one, and returns its exit code.
func fail(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		lines := strings.Split(text, "\n")
		for i := range lines {
			lines[i] = report.Printable(strings.ReplaceAll(lines[i], "\t", " ")) // servers and files choose some of it
		}
		fmt.Fprintf(stderr, "rtcbench: %s\n", strings.Join(lines, "\n"))
	}
	return codeOf(err)
}

// codeOf is the exit code of a command that ended with err.
func codeOf(err error) int {
	var e exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	case errors.As(err, new(settings.UsageError)):
		return exitUsage
	}
	return exitFailed
}

// lineOf reads command lines, with set for what they leave out.
func lineOf(set *settings.Sources) commandline.Line {
	return commandline.Line{Sources: set, Platforms: platformCommands(), Proposed: len(ownCommands),
		Native: func(name string) bool { return platform.All[name].Has(bench.Native) }}
}

// talk writes lines for a person to w.
func talk(w io.Writer) func(line string) {
	return func(line string) { fmt.Fprintf(w, "rtcbench: %s\n", report.Printable(line)) }
}

const description = `Measure the latency of real-time platforms as voice and video agents meet it: join a real room, ` +
	`ping an echo, report how long it took and how far to trust the numbers.`

var groups = []kong.Group{
	{Key: "where", Title: "Where (a flag wins over the environment, the environment over .env)"},
	{Key: "what", Title: "What to measure"},
	{Key: "service", Title: "As a service"},
	{Key: "engine", Title: "Engine"},
	{Key: "which", Title: "Which runs"},
	{Key: "out", Title: "Output"},
	{Key: "voice", Title: "Voice (what the voice line of an audio run assumes)"},
	{Key: "store", Title: "Stores (where runs are kept)"},
	{Key: "limits", Title: "Limits (exit code 3 when one is broken)"},
}
