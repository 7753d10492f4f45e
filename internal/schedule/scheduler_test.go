package schedule

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// TestAJobThatPanics: it has failed, with the place in the line, and the next one still comes.
func TestAJobThatPanics(t *testing.T) {
	var log bytes.Buffer
	var nowhere *Config
	came := false
	r := NewScheduler(Config{Jobs: []Job{
		{Name: "first", Do: func(context.Context) Done { return Done{Said: []string{nowhere.Jobs[0].Name}} }},
		{Name: "second", Do: func(context.Context) Done {
			came = true
			return Done{Outcome: NotKept, Err: errors.New("full")}
		}},
	}}, slog.New(slog.NewTextHandler(&log, nil)))
	d := r.All(t.Context())
	if d.Outcome != Failed || !strings.Contains(d.Err.Error(), `job "first": a fault of rtcbench itself`) {
		t.Errorf("%v: %v", d.Outcome, d.Err)
	}
	if why := r.failed["first"]; !strings.Contains(why, "nil pointer") ||
		!strings.Contains(why, "scheduler_test.go:") || len(r.failed) != 1 {
		t.Errorf("failing: %q", r.failed)
	}
	if !came || !strings.Contains(log.String(), "job=first error=\"a fault of rtcbench itself") ||
		!strings.Contains(log.String(), "job not-kept") {
		t.Errorf("the second came: %v; the log:\n%s", came, log.String())
	}
}
