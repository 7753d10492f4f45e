package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/keep"
)

// TestHowTheRunsOfACommandEnd: one run and both are told by the same rules. A platform that answered nothing has
// failed, beside one that answered; a limit is told with the platform that does not keep it.
func TestHowTheRunsOfACommandEnd(t *testing.T) {
	run := func(platform string, answers bool) bench.Run {
		r := benchtest.StoredRun(20, time.Now())
		r.Platform = platform
		if !answers {
			for i := range r.Samples {
				r.Samples[i].Outcome, r.Samples[i].RTT, r.Samples[i].Stamped = bench.Lost, 0, false
			}
			r.Counts = bench.Counts{Sent: 20, Lost: 20}
		}
		return r
	}
	limits := flags.LimitGroup{MaxP95: "0.001"}
	for name, c := range map[string]struct {
		runs []bench.Run
		errs []error
		code int
		says string
	}{
		"one": {[]bench.Run{run("livekit", true)}, []error{nil}, exitLimitBroken,
			"--max-p95 0.001 ms is not kept"},
		"one without answers": {[]bench.Run{run("livekit", false)}, []error{nil}, exitFailed,
			"not one of 20 pings was answered"},
		"both": {[]bench.Run{run("daily", true), run("livekit", true)}, []error{nil, nil},
			exitLimitBroken, "daily: --max-p95"},
		"both, one is silent": {[]bench.Run{run("daily", false), run("livekit", true)}, []error{nil, nil}, exitFailed,
			"daily: not one of 20 pings"},
		"both, one never came": {[]bench.Run{{Platform: "daily"}, run("livekit", true)},
			[]error{errors.New("no room"), nil}, exitFailed, "daily: no room"},
	} {
		a := &app{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard}
		err := a.finish(keepFlags{LimitGroup: limits}, c.runs, c.errs, keep.Stores{})
		if codeOf(err) != c.code || err == nil || !strings.HasPrefix(err.Error(), c.says) {
			t.Errorf("%s: exit code %d, %v; want %d, %q", name, codeOf(err), err, c.code, c.says)
		}
	}
}
