package timestream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// A run goes many ways before it is offered again: out of a file, out of another store. Each rounds times a little, and
// none may leave a second record behind.
func TestSavedAgainByAnotherWay(t *testing.T) {
	run := benchtest.StoredRun(200, time.Now().Add(-time.Hour).Truncate(time.Second).Add(1200*time.Nanosecond))
	// its end is in another microsecond than that of a file, which begins at a whole one
	run.Start = run.Start.Add(-700 * time.Nanosecond)
	for i := range run.Samples {
		s := &run.Samples[i]
		s.Sent += time.Duration(i*37) * time.Nanosecond
		s.RTT += time.Duration(i*13) * time.Nanosecond
	}
	run.Samples[4].Sent = run.Samples[3].Sent // two of one moment are two
	var file bytes.Buffer
	if err := result.Write(&file, bench.NewRecord(run)); err != nil {
		t.Fatal(err)
	}
	var f result.File
	if err := json.Unmarshal(file.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	fromFile, err := f.Run()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := result.Pack(bench.NewRecord(fromFile))
	if err != nil {
		t.Fatal(err)
	}
	fromStore, err := packed.Run()
	if err != nil {
		t.Fatal(err)
	}
	want := places(t, run)
	for way, again := range map[string]bench.Run{"a file": fromFile, "a store": fromStore} {
		if got := places(t, again); got != want {
			t.Errorf("by way of %s other records are written", way)
		}
	}
	s, store := ready(t, Options{})
	save(t, store, run)
	n := len(s.records)
	save(t, store, fromFile)
	save(t, store, fromStore)
	if len(s.records) != n || len(s.kept(measurePing)) != 200 {
		t.Errorf("%d records, %d of pings; the run has %d, 200", len(s.records), len(s.kept(measurePing)), n)
	}
}

// places are what tells run's records from others: measure, dimensions, time and version.
func places(t *testing.T, run bench.Run) string {
	t.Helper()
	batches, err := recordsOf(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, batch := range batches {
		for _, r := range batch.records {
			fmt.Fprint(&b, *r.MeasureName, aws.ToString(r.Time), aws.ToString(batch.common.Time),
				aws.ToInt64(batch.common.Version))
			for _, d := range slices.Concat(batch.common.Dimensions, r.Dimensions) {
				fmt.Fprint(&b, " ", *d.Name, "=", *d.Value)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
