package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"rtcbench/bench"
	"rtcbench/internal/function"
	"rtcbench/internal/jobs"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
)

// serveLambda answers invocations until the platform ends this process.
func serveLambda(stderr io.Writer) {
	if err := function.Prepare(ours, os.Setenv); err != nil {
		fmt.Fprintf(stderr, "rtcbench: %v\n", err) // and each invocation says what is missing
	}
	a := &app{stdout: io.Discard, stderr: stderr, settings: settings.New(ours, "")}
	function.Serve(a.invoke)
}

// place carries out an invocation of the function as a place of a fleet: rtcbench runner --once.
func (a *app) place(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
	if err := jobs.Nothing(event); err != nil {
		return nil, err
	}
	working, cancel := function.BeforeDeadline(ctx)
	defer cancel()
	var out bytes.Buffer
	here := &app{ctx: working, stdout: &out, stderr: a.stderr, settings: settings.New(ours, "")}
	parser := newParser(&commands{}, here.settings, io.Discard, io.Discard, func(int) {})
	parsed, err := lineOf(here.settings).Parse(parser, []string{"runner", "--once"})
	if err == nil {
		err = parsed.Run(here)
	}
	return out.Bytes(), err
}

// invoke measures what an event asks for, and answers with the result file.
func (a *app) invoke(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
	if settings.Clean(settings.Unquoted(ours.Get("RTCBENCH_HUB"))) != "" {
		return a.place(ctx, event)
	}
	j, err := jobs.Event(event,
		cmp.Or(settings.Clean(settings.Unquoted(ours.Get("RTCBENCH_PLATFORM"))), livekit.Platform.Name))
	if err != nil {
		return nil, err
	}
	measuring, cancel := function.BeforeDeadline(ctx)
	defer cancel()
	j = j.Set("output", "-").Set("quiet", "true")
	var out, said bytes.Buffer
	measured := false
	err = a.runJob(measuring, j, &out, &said, func(r bench.Record) { measured = measured || r.Counts.Answered > 0 })
	a.stderr.Write(said.Bytes())
	if err != nil {
		fmt.Fprintf(a.stderr, "rtcbench: %v\n", err)
	}
	switch code := codeOf(err); {
	// This holds also when the time was over: what is in /tmp does not last.
	case measured && (code == exitNotKept || errors.As(err, new(unkept))):
		return nil, fmt.Errorf("measured, and not kept: %w", err)
	case code == exitOK, code == exitLimitBroken,
		// The measurement had less time than it was told to take: what it has is the answer.
		code == exitFailed && measured && measuring.Err() != nil:
		return function.Answer(out.Bytes())
	}
	return nil, err
}
