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

// invoke measures what an event asks for, and answers with the result file.
func (a *app) invoke(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
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
	// also when its time was over: /tmp does not last
	case measured && (code == exitNotKept || errors.As(err, new(unkept))):
		return nil, fmt.Errorf("measured, and not kept: %w", err)
	case code == exitOK, code == exitLimitBroken,
		// It had less time than it was told to take: what it has is the answer.
		code == exitFailed && measured && measuring.Err() != nil:
		return function.Answer(out.Bytes())
	}
	return nil, err
}
