package rollup

import (
	"math"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// TestSpansAreTheTimeThatWasAskedFor: the parts meet without a gap and without a moment twice, each begins and ends
// with its period, and no more of single runs is read than the hours at both ends.
func TestSpansAreTheTimeThatWasAskedFor(t *testing.T) {
	day := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC) // a day of 23 hours in Berlin, and of 24 here
	for _, c := range []struct {
		since, until time.Time
		periods      []time.Duration
	}{
		{day, day.AddDate(0, 0, 2), []time.Duration{24 * time.Hour}},
		{day.Add(-90 * time.Minute), day.AddDate(0, 0, 1).Add(90*time.Minute + 1),
			[]time.Duration{0, time.Hour, 24 * time.Hour, time.Hour, 0}},
		{day.Add(time.Minute), day.Add(50 * time.Minute), []time.Duration{0}},
		{day.Add(time.Hour), day.Add(9 * time.Hour), []time.Duration{time.Hour}},
		{time.Unix(-3*3600-5, 0), time.Unix(-10, 0), []time.Duration{0, time.Hour, 0}}, // before 1970
		{time.Time{}, day.Add(time.Second), []time.Duration{24 * time.Hour, 0}},
		{time.Time{}, time.Time{}, []time.Duration{24 * time.Hour}},
		{day, day, nil},
	} {
		from, to := int64(math.MinInt64), int64(math.MaxInt64)
		if !c.since.IsZero() {
			from = c.since.UnixMicro()
		}
		if !c.until.IsZero() {
			to = c.until.UnixMicro()
		}
		spans := Spans(bench.Query{Since: c.since, Until: c.until})
		var periods []time.Duration
		at := from
		for _, s := range spans {
			periods = append(periods, s.Period)
			step := max(1, s.Period.Microseconds())
			for _, end := range []int64{s.From, s.To} {
				if end != math.MinInt64 && end != math.MaxInt64 && end%step != 0 {
					t.Errorf("%v: %v does not begin or end with its period", c, s)
				}
			}
			if s.From != at || s.To <= s.From {
				t.Errorf("%v: %v does not begin where the last ended", c, s)
			}
			at = s.To
		}
		if spans != nil && at != to || !slices.Equal(periods, c.periods) {
			t.Errorf("%v to %v: %v, to %d, want %v to %d", c.since, c.until, periods, at, c.periods, to)
		}
	}
}

// TestFloorIsTheStartOfThePeriod: before 1970, too.
func TestFloorIsTheStartOfThePeriod(t *testing.T) {
	for at, want := range map[int64]int64{7199: 3600, 7200: 7200, 0: 0, -1: -3600, -3600: -3600, -3601: -7200} {
		if got := Floor(time.Unix(at, 0), time.Hour); got != want {
			t.Errorf("the hour of %d begins at %d, want %d", at, got, want)
		}
	}
}

// TestSumsAreThoseOfTheRuns: each part is counted once and in its own series, an invalid one as left out unless it is
// asked for, and what is not asked for not at all.
func TestSumsAreThoseOfTheRuns(t *testing.T) {
	series := map[int64]bench.Series{1: {Platform: "livekit", Location: "fra"}, 2: {Platform: "daily", Location: "fra"}}
	one := func(rtt time.Duration) (bench.Aggregate, []byte) {
		h, err := stats.HistogramOf([]time.Duration{rtt}).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return bench.Aggregate{Runs: 1, Counts: bench.Counts{Answered: 1}}, h
	}
	for _, q := range []bench.Query{{}, {Invalid: true}} {
		sums := NewSums(q, series)
		times := map[int64]time.Duration{1: 10 * time.Millisecond, 2: 20 * time.Millisecond, 3: time.Second}
		for id, rtt := range times {
			for _, invalid := range []bool{false, false, true} {
				part, h := one(rtt)
				if err := sums.Add(id, bench.PathUDP, invalid, part, h); err != nil {
					t.Fatal(err)
				}
			}
		}
		list, runs, leftOut := sums.List(), 2, 1
		if q.Invalid {
			runs, leftOut = 3, 0
		}
		if len(list) != 2 || list[0].Platform != "daily" || list[1].Platform != "livekit" {
			t.Fatalf("%v", list)
		}
		for i, want := range []time.Duration{20 * time.Millisecond, 10 * time.Millisecond} {
			got, _ := list[i].Histogram.Quantile(0.5)
			if list[i].Runs != runs || list[i].LeftOut != leftOut || list[i].Counts.Answered != runs ||
				int(list[i].Histogram.Total()) != runs || (got-want).Abs() > want/50 {
				t.Errorf("%+v: %+v, P50 %v; want %d runs of %v, %d left out", q, list[i], got, runs, want, leftOut)
			}
		}
	}
	sums := NewSums(bench.Query{Path: bench.PathTCP}, series)
	part, h := one(time.Millisecond)
	if err := sums.Add(1, bench.PathUDP, false, part, h); err != nil || sums.List() != nil {
		t.Errorf("of another path %v, %v", sums.List(), err)
	}
	if err := sums.Add(1, bench.PathTCP, false, part, []byte{0x80}); err == nil {
		t.Error("a damaged histogram was added")
	}
}
