package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestAJobThatPanics: it has failed, with the place in the line, and the next one still comes.
func TestAJobThatPanics(t *testing.T) {
	var log bytes.Buffer
	// Without an app nothing in a job goes well.
	r := &runner{log: slog.New(slog.NewTextHandler(&log, nil)), gauges: newGauges()}
	for _, name := range []string{"first", "second"} {
		r.config.jobs = append(r.config.jobs, job{name: name, command: "livekit"})
	}
	err := r.all(t.Context())
	if codeOf(err) != exitFailed || err == nil || !strings.Contains(err.Error(), `job "first": a fault of rtcbench itself`) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"first", "second"} {
		if !strings.Contains(r.failed[name], "nil pointer") || !strings.Contains(r.failed[name], ".go:") {
			t.Errorf("%s: %q", name, r.failed[name])
		}
		if !strings.Contains(log.String(), "job="+name+" error=\"a fault of rtcbench itself") {
			t.Errorf("the log says nothing of %s: %s", name, log.String())
		}
	}
}
