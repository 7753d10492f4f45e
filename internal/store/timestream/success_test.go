package timestream

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

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
		{&reply{202, `{"RecordsIngested":{"Total":%d}}`}, false, "the answer is HTTP 202, and Timestream says 200"},
		{&reply{207, `{"RecordsIngested":{"Total":%d}}`}, false, "the answer is HTTP 207, and Timestream says 200"},
		{&reply{200, `{}`}, false, "does not say how many"},
		{&reply{202, `{}`}, false, "the answer is HTTP 202"},
		{&reply{200, `{"__type":"com.amazonaws.timestream.v20181101#InternalServerException","message":"oops"}`}, true,
			"oops"},
		{&reply{200, `{"__type":"#ThrottlingException","message":"oops","RecordsIngested":{"Total":%d}}`}, true,
			"oops"},
		{&reply{200, "<!doctype html><title>Sign in</title>"}, false, "us-east-1"},
		{&reply{200, ""}, false, "us-east-1"},
		{fault(500, "InternalServerException", "oops"), true, "oops"},
		{fault(503, "ServiceUnavailableException", "busy"), false, "busy"},
	} {
		s, store := ready(t, Options{})
		s.first = func(op string, body []byte) *reply {
			if op == "WriteRecords" {
				return &reply{c.answer.status, strings.Replace(c.answer.body, "%d", strconv.Itoa(recordsIn(body)), 1)}
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

func recordsIn(body []byte) int {
	var in struct{ Records []json.RawMessage }
	if json.Unmarshal(body, &in) != nil {
		return -1
	}
	return len(in.Records)
}

// TestVersionsThatAreThere: a record that is there in this version or a newer one is kept; one that is refused beside
// an older version is not.
func TestVersionsThatAreThere(t *testing.T) {
	run := benchtest.StoredRun(5, recently())
	ours := run.End.UnixMilli()
	for _, c := range []struct {
		existing int64
		kept     bool
	}{{ours, true}, {ours + 1, true}, {math.MaxInt64, true}, {ours - 1, false}, {1, false}, {0, false}} {
		s, store := ready(t, Options{})
		s.first = func(op string, body []byte) *reply {
			if op != "WriteRecords" {
				return nil
			}
			text, _ := json.Marshal(map[string]any{"__type": "#RejectedRecordsException",
				"RejectedRecords": []rejection{{0, "no", &c.existing}}})
			return &reply{419, string(text)}
		}
		if err := store.Save(within(t), bench.NewRecord(run)); c.kept != (err == nil) ||
			err != nil && !errors.Is(err, bench.ErrRejected) {
			t.Errorf("version %d is there, and ours is %d: %v", c.existing, ours, err)
		}
	}
}

// TestNoIsSaidInTime: what a service says again and again is told within the time of a delivery for one run.
func TestNoIsSaidInTime(t *testing.T) {
	longest := time.Duration(0)
	r := Options{}.retryer()
	for try := 1; try < r.MaxAttempts(); try++ {
		most := time.Duration(0)
		for range 200 { // the waits are drawn
			d, err := r.RetryDelay(try, errors.New("500"))
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, d)
		}
		longest += most
	}
	if longest > 12*time.Second { // of the 15 that a delivery has for a run
		t.Errorf("the waits add up to %v", longest)
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
