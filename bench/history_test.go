package bench_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// shelf is a store in memory.
type shelf []bench.Run

func (s shelf) Save(context.Context, bench.Record) error { return nil }
func (s shelf) Close() error                             { return nil }
func (s shelf) String() string                           { return "shelf" }
func (s shelf) Runs(_ context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		for _, r := range s {
			if q.Matches(r) && !yield(r, nil) {
				return
			}
		}
	}
}

// TestCourses: each part of the time has the median of its own runs, and the sum is that of all.
func TestCourses(t *testing.T) {
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	var s shelf
	for i := range 6 { // in the first, third and fifth quarter of an hour of six
		r := benchtest.StoredRun(20, start.Add(time.Duration(i/2)*30*time.Minute+time.Minute))
		for j := range r.Samples {
			r.Samples[j].RTT = time.Duration(i/2+1) * 10 * time.Millisecond
		}
		s = append(s, r)
	}
	list, bad, err := bench.Courses(t.Context(), s, bench.Query{Since: start, Until: start.Add(90 * time.Minute)}, 6)
	if err != nil || bad != 0 || len(list) != 1 || list[0].Runs != 6 {
		t.Fatalf("%+v, %d, %v", list, bad, err)
	}
	for i, q := range list[0].P50 {
		want := time.Duration(i/2+1) * 10 * time.Millisecond
		if i%2 == 1 {
			if q.OK {
				t.Errorf("part %d has no run and a median of %v", i, q.D)
			}
		} else if !q.OK || (q.D-want).Abs() > want/1000 {
			t.Errorf("part %d: %v, want %v", i, q.D, want)
		}
	}
}
