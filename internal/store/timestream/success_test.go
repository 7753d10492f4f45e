package timestream

import (
	"errors"
	"strings"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestOnlyWhatWasIngestedIsKept: a run is kept when the answers say that all of its records were taken.
func TestOnlyWhatWasIngestedIsKept(t *testing.T) {
	for _, c := range []struct {
		answer *reply
		failed bool // at this run; another may pass
		says   string
	}{
		{&reply{200, `{"RecordsIngested":{"Total":2,"MemoryStore":2,"MagneticStore":0}}`}, true, "2 of "},
		{&reply{200, `{"RecordsIngested":{}}`}, true, "0 of "},
		{&reply{200, `{}`}, false, "does not say how many"},
		{&reply{202, `{}`}, false, "does not say how many"},
		{&reply{200, `{"__type":"com.amazonaws.timestream.v20181101#InternalServerException","message":"oops"}`}, false,
			"does not say how many"},
		{&reply{200, "<!doctype html><title>Sign in</title>"}, false, "us-east-1"},
		{&reply{200, ""}, false, "us-east-1"},
		{fault(500, "InternalServerException", "oops"), true, "oops"},
		{fault(503, "ServiceUnavailableException", "busy"), false, "busy"},
	} {
		s, store := ready(t, Options{})
		s.first = func(op string, _ []byte) *reply {
			if op == "WriteRecords" {
				return c.answer
			}
			return nil
		}
		err := store.Save(within(t), bench.NewRecord(benchtest.StoredRun(5, recently())))
		if err == nil || errors.Is(err, bench.ErrRejected) || errors.Is(err, bench.ErrFailed) != c.failed ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.answer.body, err)
		}
	}
}

// TestNoAnswerIsNoRuns: what is not an answer of Timestream's is an error, and neither a store without runs nor a table
// that is there.
func TestNoAnswerIsNoRuns(t *testing.T) {
	for _, body := range []string{`{}`, `{"QueryId":"Q1"}`, `{"QueryId":"Q1","Rows":[]}`, "<html>", ""} {
		s, store := ready(t, Options{})
		s.first = func(string, []byte) *reply { return &reply{200, body} }
		if ids, errs := list(t, store, bench.Query{}); len(errs) != 1 || len(ids) > 0 {
			t.Errorf("%s: runs %v, errors %v", body, ids, errs)
		}
		if made, err := store.Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90}); err == nil ||
			made != nil {
			t.Errorf("%s: init made %v, %v", body, made, err)
		}
	}
}

// TestHeadersThatAreRepeated: a server in Timestream's place repeats what it was sent, in an error and in a record's
// reason.
func TestHeadersThatAreRepeated(t *testing.T) {
	const token = "FwoGZXIvYXdzEXAMPLE+token/=="
	t.Setenv("AWS_SESSION_TOKEN", token)
	for _, status := range []int{400, 403, 419, 500} {
		s, store := ready(t, Options{})
		s.repeat = status
		_, errs := list(t, store, bench.Query{})
		errs = append(errs, store.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, recently()))))
		_, err := store.Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90})
		for _, err := range append(errs, err) {
			if err == nil {
				t.Errorf("%d: it passes", status)
				continue
			}
			for _, never := range []string{token, "EXAMPLE", "Signature=0", "Signature=a", secret} {
				if strings.Contains(err.Error(), never) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%d: %q is in %v", status, never, err)
				}
			}
		}
	}
}
