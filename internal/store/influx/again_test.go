package influx

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// A run goes many ways before it is offered again: through the outbox's file, out of SQLite by export and import. Each
// rounds times a little, and none may leave a second point behind.
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
	loop := run
	loop.Plan.Cooldown = 0 // no grid: due times have a column of their own
	loop.Samples = append([]bench.Sample(nil), run.Samples...)
	for i := range loop.Samples {
		loop.Samples[i].Due += time.Duration(i*51) * time.Nanosecond
	}
	for name, run := range map[string]bench.Run{"grid": run, "closed loop": loop} {
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
			got := places(t, again)
			if got != want {
				t.Errorf("%s: by way of %s other points are written", name, way)
			}
		}
		o := database(t)
		s := open(t, o)
		defer s.Close()
		for _, r := range []bench.Run{run, fromFile, fromStore} {
			if err := s.Save(within(t), bench.NewRecord(r)); err != nil {
				t.Fatal(err)
			}
		}
		for measurement, want := range map[string]int{pingMeasurement: len(bench.Summarise(run).RTTs),
			summaryMeasurement: 1, runMeasurement: 1, samplesMeasurement: 1} {
			if got := len(ask(t, o, "SELECT * FROM "+measurement)); got != want {
				t.Errorf("%s: %d points of %s, want %d", name, got, measurement, want)
			}
		}
	}
}

// places are where run's points stand: measurement and tags, and the time.
func places(t *testing.T, run bench.Run) string {
	t.Helper()
	batches, err := pointsOf(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(bytes.Join(batches, nil))) {
		key, rest, _ := strings.Cut(line, " ")
		b.WriteString(key + rest[strings.LastIndexByte(rest, ' '):])
	}
	return b.String()
}

// However many of its requests get through, a run is seen whole or not at all, and the next try completes it.
func TestARunIsSeenWholeOrNot(t *testing.T) {
	o := database(t)
	reader := open(t, o)
	defer reader.Close()
	r := benchtest.StoredRun(7000, time.Now().Add(-time.Hour))
	for through := 0; ; through++ {
		writes := 0
		broken := o
		broken.transport = transport(func(q *http.Request) (*http.Response, error) {
			if q.URL.Path == "/write" {
				if writes++; writes > through {
					return nil, errors.New("the cable is cut")
				}
			}
			return http.DefaultTransport.RoundTrip(q)
		})
		s := open(t, broken)
		err := s.Save(within(t), bench.NewRecord(r))
		s.Close()
		list, readErr := runs(reader, within(t), bench.Query{Samples: true})
		if readErr != nil {
			t.Fatal(readErr)
		}
		if err == nil {
			if through < 2 || len(list) != 1 || len(list[0].Samples) != len(r.Samples) {
				t.Errorf("after %d requests %d runs", through, len(list))
			}
			return
		}
		if isRejected(err) || len(list) > 0 {
			t.Fatalf("%d of its requests got through, and %d runs are seen: %v", through, len(list), err)
		}
	}
}
