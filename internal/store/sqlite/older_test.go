package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
	"rtcbench/internal/store/rollup"
)

// TestOldRunsAreJudged: a store of version 1 knew no verdicts, and its rollups had all runs in them.
func TestOldRunsAreJudged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	runs := []bench.Run{benchtest.StoredRun(40, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)),
		benchtest.StoredRun(40, time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC)),
		benchtest.StoredRun(40, time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))}
	runs[1].Doubts = []bench.Doubt{{Code: "page-hidden", Text: "as it was told then"}}
	version1(t, path, runs)
	s := opened(t, path)
	for _, c := range []struct {
		q             bench.Query
		runs, leftOut int
	}{
		{bench.Query{}, 2, 1}, {bench.Query{Invalid: true}, 3, 0},
		// an hour
		{bench.Query{Since: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
			Until: time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)}, 1, 1},
		// the run itself
		{bench.Query{Since: time.Date(2026, 11, 23, 12, 10, 0, 0, time.UTC),
			Until: time.Date(2026, 11, 23, 12, 50, 0, 0, time.UTC)}, 0, 1},
		// a day
		{bench.Query{Since: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
			Until: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)}, 1, 0},
	} {
		sums, err := s.Aggregate(t.Context(), c.q)
		if err != nil || len(sums) != 1 {
			t.Fatalf("%+v: %+v, %v", c.q, sums, err)
		}
		if a := sums[0]; a.Runs != c.runs || a.LeftOut != c.leftOut || a.Counts.Sent != 40*c.runs ||
			int(a.Histogram.Total()) != a.Counts.Answered {
			t.Errorf("%+v: %d runs without %d, %+v, %d in the histogram; want %d without %d", c.q, a.Runs, a.LeftOut,
				a.Counts, a.Histogram.Total(), c.runs, c.leftOut)
		}
	}
}

// TestOldRunsByPath: stores of before summed up runs of one class whatever way they went.
func TestOldRunsByPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	runs := make([]bench.Run, 4)
	for i := range runs {
		runs[i] = benchtest.StoredRun(40, time.Date(2026, 11, 23, 12, 10*i+5, 0, 0, time.UTC))
		end := bench.Candidate{Type: "host", Protocol: []string{"udp", "tcp", "udp", ""}[i]}
		runs[i].Facts.ICE = []bench.ICEPair{{Leg: bench.Only, At: runs[i].Start, Local: end, Remote: end}}
	}
	version1(t, path, runs)
	s := opened(t, path)
	hour := bench.Query{Since: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Until: time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)}
	for name, q := range map[string]bench.Query{"all": {}, "an hour": hour,
		"some runs": {Since: hour.Since.Add(time.Second), Until: hour.Until}} {
		sums, err := s.Aggregate(t.Context(), q)
		var got []string
		for _, a := range sums {
			got = append(got, fmt.Sprintf("%d by %q: %d sent", a.Runs, a.Path, a.Counts.Sent))
		}
		want := []string{`1 by "": 40 sent`, `1 by "tcp": 40 sent`, `2 by "udp": 80 sent`}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	if sums, err := s.Aggregate(t.Context(), bench.Query{Path: bench.PathTCP}); err != nil || len(sums) != 1 ||
		sums[0].Runs != 1 {
		t.Errorf("over TCP: %+v, %v", sums, err)
	}
}

// TestOldRunsByEcho: stores of before summed up runs of one location whatever place's echo answered.
func TestOldRunsByEcho(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	runs := make([]bench.Run, 4)
	for i := range runs {
		runs[i] = benchtest.StoredRun(40, time.Date(2026, 11, 23, 12, 10*i+5, 0, 0, time.UTC))
		runs[i].Facts.ICE, runs[i].Echo.Place = nil, []string{"sin-1", "iad-1", "", "sin-1"}[i]
	}
	version1(t, path, runs)
	s := opened(t, path)
	for name, q := range map[string]bench.Query{"all": {},
		"a day":     {Since: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)},
		"some runs": {Since: time.Date(2026, 11, 23, 12, 0, 1, 0, time.UTC)}} {
		sums, err := s.Aggregate(t.Context(), q)
		var got []string
		for _, a := range sums {
			got = append(got, fmt.Sprintf("%d by %s: %d sent", a.Runs, a.Echo, a.Counts.Sent))
		}
		want := []string{"1 by iad-1: 40 sent", "1 by none: 40 sent", "2 by sin-1: 80 sent"}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// version1 makes a store as the first version did.
func version1(t *testing.T, path string, runs []bench.Run) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	do := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	do(migrations[0].sql)
	do(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 1", applicationID))
	do("INSERT INTO series VALUES (1, 'livekit', 'us-west-2', 'native', 'datachannel-lossy')")
	rollups := map[[2]int64]bench.Aggregate{}
	for _, r := range runs {
		p, err := result.Pack(bench.NewRecord(r))
		if err != nil {
			t.Fatal(err)
		}
		var document map[string]any
		if err := json.Unmarshal(p.Document, &document); err != nil {
			t.Fatal(err)
		}
		delete(document["details"].(map[string]any), "validity")
		if p.Document, err = json.Marshal(document); err != nil {
			t.Fatal(err)
		}
		c := r.Counts
		do("INSERT INTO run (id, series, ended, sent, answered, late, lost, not_sent, histogram, document, samples) "+
			"VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			r.ID, r.End.UnixMicro(), c.Sent, c.Answered, c.Late, c.Lost, c.NotSent, p.Histogram,
			string(p.Document), p.Samples)
		for _, period := range rollup.Periods {
			key := [2]int64{int64(period / time.Second), rollup.Floor(r.End, period)}
			sum := rollups[key]
			sum.Merge(bench.Aggregate{Runs: 1, Counts: c, Histogram: r.Histogram()})
			rollups[key] = sum
		}
	}
	for key, sum := range rollups {
		h, _ := sum.Histogram.MarshalBinary()
		c := sum.Counts
		do("INSERT INTO rollup VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)", key[0], key[1], sum.Runs, c.Sent, c.Answered,
			c.Late, c.Lost, c.NotSent, h)
	}
}
