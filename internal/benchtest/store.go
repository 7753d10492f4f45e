package benchtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"rtcbench/bench"
)

// Level is how much of a run a store gives back.
type Level int

const (
	Writes       Level = iota + 1 // nothing
	ReadsRuns                     // runs with what was kept of their summaries
	ReadsSamples                  // all
)

// StoreUnderTest is a backend, and how to harm it.
type StoreUnderTest struct {
	Level Level
	Open  func(t *testing.T) bench.Store // the same store each time within one test, empty at first
	// makes what is kept of a run unreadable; nil = not possible here
	Corrupt func(t *testing.T, runID string)
	// replaces a text in what is kept of a run's document; nil = as Corrupt
	Alter func(t *testing.T, runID, from, to string)
	// puts another number into a column by which a run is summed up; nil = the store has no such columns
	Misfile func(t *testing.T, runID, column string)
	Keeps   bool // the store cannot remove a run, and says so
	// packs a run as result.Pack does; a bench.PackedSaver is asked to keep what it gives
	Pack   func(r bench.Record) (bench.Packed, error)
	Settle func(t *testing.T) // waits until what was saved can be read; nil = at once
}

// deadline bounds every test of a store.
const deadline = 60 * time.Second

// TestStore proves that a backend keeps its contract. What a store of a lower level cannot show is not asked.
func TestStore(t *testing.T, backend func(t *testing.T) StoreUnderTest) {
	for _, test := range []struct {
		name  string
		level Level
		run   func(*storeTest)
	}{
		{"all kinds of runs come back", ReadsRuns, (*storeTest).comesBack},
		{"saved twice is kept once", ReadsRuns, (*storeTest).savedTwice},
		{"another run of an ID", ReadsRuns, (*storeTest).another},
		{"queries", ReadsRuns, (*storeTest).queries},
		{"names that need escaping", ReadsRuns, (*storeTest).names},
		{"a run without samples", ReadsRuns, (*storeTest).lean},
		{"a run that cannot be read", ReadsRuns, (*storeTest).badRow},
		{"a run that cannot be", ReadsRuns, (*storeTest).impossible},
		{"a run of an unknown class", ReadsRuns, (*storeTest).unknown},
		{"a run that is summed up as another", ReadsRuns, (*storeTest).misfiled},
		{"a run that is removed", ReadsRuns, (*storeTest).removes},
		{"digests", ReadsRuns, (*storeTest).digests},
		{"packed as it is", ReadsRuns, (*storeTest).packed},
		{"many at once", ReadsRuns, (*storeTest).concurrent},
		{"a reader that stops", ReadsRuns, (*storeTest).stops},
		{"cancelled", Writes, (*storeTest).cancelled},
		{"closed twice", Writes, (*storeTest).closedTwice},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := backend(t)
			if test.level > b.Level {
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), deadline)
			defer cancel()
			s := b.Open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			test.run(&storeTest{t, ctx, b, s})
		})
	}
}

type storeTest struct {
	*testing.T
	ctx     context.Context
	backend StoreUnderTest
	store   bench.Store
}

// StoredRun is a run of n pings that ended at end, with an ID of its own.
func StoredRun(n int, end time.Time) bench.Run {
	r := Run(n)
	d := r.End.Sub(r.Start)
	r.ID = uuid.Must(uuid.NewV7()).String()
	r.Start, r.End = end.Add(-d), end
	r.Facts.ICE = nil
	return r
}

// recently is in the middle of what every store's retention takes, to the microsecond that a file keeps.
func recently() time.Time { return time.Now().Add(-10 * time.Minute).Truncate(time.Millisecond).UTC() }

func (s *storeTest) save(runs ...bench.Run) {
	s.Helper()
	for _, r := range runs {
		if err := s.store.Save(s.ctx, bench.NewRecord(r)); err != nil {
			s.Fatalf("save %s: %v", r.ID, err)
		}
	}
	if s.backend.Settle != nil {
		s.backend.Settle(s.T)
	}
}

func (s *storeTest) runs(q bench.Query) []bench.Run {
	s.Helper()
	var list []bench.Run
	for r, err := range s.store.Runs(s.ctx, q) {
		if err != nil {
			s.Fatalf("runs %+v: %v", q, err)
		}
		list = append(list, r)
	}
	return list
}

// same compares what a reader would see of two runs; times of samples may be rounded to 0.1 µs.
func (s *storeTest) same(got, want bench.Run, samples bool) {
	s.Helper()
	a, b := bench.Summarise(got), bench.Summarise(want)
	if got.ID != want.ID || got.Platform != want.Platform || got.Location != want.Location ||
		got.RoomURL != want.RoomURL || got.Ended != want.Ended || got.Standin != want.Standin || got.Tool != want.Tool {
		s.Errorf("got %+v, want %+v", got, want)
	}
	if got.Counts != want.Counts || got.Ways != want.Ways || got.Plan.Count != want.Plan.Count ||
		got.Plan.Cooldown != want.Plan.Cooldown || got.Plan.Timeout != want.Plan.Timeout {
		s.Errorf("%s: counts %+v, plan %+v; want %+v, %+v", got.ID, got.Counts, got.Plan, want.Counts, want.Plan)
	}
	if d := got.End.Sub(want.End); d.Abs() > time.Microsecond || got.Start.Sub(want.Start).Abs() > time.Microsecond {
		s.Errorf("%s: from %v to %v, want %v to %v", got.ID, got.Start, got.End, want.Start, want.End)
	}
	near := func(what string, x, y bench.Quantity) {
		if x.OK != y.OK || (x.D-y.D).Abs() > 200*time.Nanosecond {
			s.Errorf("%s: %s %v, want %v", got.ID, what, x, y)
		}
	}
	near("P50", a.P50, b.P50)
	near("P95", a.P95, b.P95)
	near("P99", a.P99, b.P99)
	near("jitter", a.Jitter, b.Jitter)
	near("mean", a.Mean, b.Mean)
	if a.Validity.Verdict != b.Validity.Verdict || len(a.Validity.Grounds) != len(b.Validity.Grounds) {
		s.Errorf("%s: %+v, want %+v", got.ID, a.Validity, b.Validity)
	}
	if a.Loss != b.Loss || a.LossKnown != b.LossKnown || len(a.Doubts) != len(b.Doubts) ||
		got.Facts.Transport != want.Facts.Transport || got.Facts.Engine != want.Facts.Engine {
		s.Errorf("%s: loss %v, doubts %v, %s %s; want %v, %v, %s %s", got.ID, a.Loss, a.Doubts, got.Facts.Engine,
			got.Facts.Transport, b.Loss, b.Doubts, want.Facts.Engine, want.Facts.Transport)
	}
	if g, w := got.Histogram(), want.Histogram(); g.Total() != w.Total() || !samples && !g.Equal(w) {
		s.Errorf("%s: the histogram has %d values, want %d", got.ID, g.Total(), w.Total())
	}
	if (got.Err == nil) != (want.Err == nil) || got.Err != nil && got.Err.Error() != want.Err.Error() {
		s.Errorf("%s: error %v, want %v", got.ID, got.Err, want.Err)
	}
	if !samples {
		if got.Samples != nil {
			s.Errorf("%s: samples that nobody asked for", got.ID)
		}
		return
	}
	if len(got.Samples) != len(want.Samples) {
		s.Fatalf("%s: %d samples, want %d", got.ID, len(got.Samples), len(want.Samples))
	}
	for i, x := range got.Samples {
		y := want.Samples[i]
		off := max((x.Due - y.Due).Abs(), (x.Sent - y.Sent).Abs(), (x.RTT - y.RTT).Abs(), (x.Hold - y.Hold).Abs(),
			(x.Up - y.Up).Abs(), (x.SendCall - y.SendCall).Abs())
		if x.Seq != y.Seq || x.Outcome != y.Outcome || x.Reason != y.Reason || x.Stamped != y.Stamped ||
			off > 200*time.Nanosecond {
			s.Fatalf("%s: sample %+v, want %+v", got.ID, x, y)
		}
	}
}

func (s *storeTest) comesBack() {
	var want []bench.Run
	at := recently()
	for _, kind := range []string{"complete", "daily", "ended-early", "no-pong"} {
		r := Runs()[kind]
		d := r.End.Sub(r.Start)
		at = at.Add(time.Minute)
		r.ID, r.Start, r.End, r.Facts.ICE = uuid.Must(uuid.NewV7()).String(), at.Add(-d), at, nil
		want = append(want, r)
	}
	s.save(want...)
	if err := s.store.Close(); err != nil {
		s.Fatalf("close: %v", err)
	}
	s.store = s.backend.Open(s.T) // what outlives a process
	for _, samples := range []bool{false, true} {
		if samples && s.backend.Level < ReadsSamples {
			return
		}
		got := s.runs(bench.Query{Samples: samples})
		if len(got) != len(want) {
			s.Fatalf("%d runs, want %d", len(got), len(want))
		}
		for i := range got {
			s.same(got[i], want[i], samples && len(want[i].Samples) > 0)
		}
	}
}

func (s *storeTest) savedTwice() {
	r := StoredRun(20, recently())
	s.save(r, r)
	if n := len(s.runs(bench.Query{})); n != 1 {
		s.Errorf("%d runs, want 1", n)
	}
	s.save(r)
	if n := len(s.runs(bench.Query{ID: r.ID})); n != 1 {
		s.Errorf("%d runs after a third time, want 1", n)
	}
}

func (s *storeTest) queries() {
	start := recently()
	var all []bench.Run
	for i := range 8 {
		r := StoredRun(10, start.Add(time.Duration(i)*10*time.Second))
		r.Platform = []string{"daily", "livekit"}[i%2]
		r.Location = []string{"a", "b", ""}[i%3]
		r.Facts.Engine = []string{"native", "browser"}[i/4]
		r.Echo.Place = []string{"", "sin-1", "iad-1"}[i%3]
		if i%4 == 0 {
			r.Facts.Transport = bench.SignallingWebSocket
		}
		if i%3 == 1 {
			end := bench.Candidate{Type: "host", Protocol: []string{"tcp", "udp"}[i%2]}
			r.Facts.ICE = []bench.ICEPair{{Leg: bench.Only, At: r.Start, Local: end, Remote: end}}
		}
		all = append(all, r)
	}
	for _, i := range []int{3, 0, 7, 1, 6, 2, 5, 4} { // not in order
		s.save(all[i])
	}
	for _, q := range []bench.Query{
		{}, {Platform: "daily"}, {Location: "b"}, {Location: bench.Unknown}, {Engine: "browser"},
		{Transport: bench.SignallingWebSocket}, {Path: bench.PathTCP}, {Path: bench.PathUDP, Limit: 2}, {ID: all[2].ID},
		{Echo: "iad-1"}, {Echo: bench.NoPlace, Limit: 2}, {Echo: "iad-1", Platform: "daily"}, {Echo: "nowhere"},
		{Since: all[3].End}, {Until: all[3].End}, {Since: all[2].End, Until: all[6].End, Platform: "livekit"},
		{Platform: "zoom"}, {ID: "x' OR '1'='1"},
		{Limit: 3}, {Limit: 2, Platform: "daily"}, {Limit: 100},
	} {
		var want []string
		for _, r := range all {
			if q.Matches(r) {
				want = append(want, r.ID)
			}
		}
		if q.Limit > 0 && len(want) > q.Limit {
			want = want[len(want)-q.Limit:]
		}
		var got []string
		for _, r := range s.runs(q) {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			s.Errorf("%+v: %d runs %v, want %d %v", q, len(got), got, len(want), want)
		}
	}
}

func (s *storeTest) names() {
	at := recently()
	for i, name := range []string{"a, b=c", `quote " and ' and \`, "line\nbreak", "ünï 日本", "semi;--", " spaces ",
		`end\`, "$1 %s {}"} {
		r := StoredRun(5, at.Add(time.Duration(i)*time.Second))
		r.Location = name
		r.Err, r.Ended = fmt.Errorf("an error with %s in it", name), bench.LinkLost
		s.save(r)
		got := s.runs(bench.Query{Location: name})
		if len(got) != 1 {
			s.Errorf("location %q: %d runs, want 1", name, len(got))
			continue
		}
		s.same(got[0], r, false)
	}
}

func (s *storeTest) lean() {
	r := StoredRun(50, recently())
	kept := bench.Summarise(r)
	kept.RTTs, kept.LateRTTs = nil, nil
	r.Kept, r.Samples = &bench.Kept{Summary: kept, Histogram: r.Histogram()}, nil
	s.save(r)
	for _, samples := range []bool{false, true} {
		got := s.runs(bench.Query{Samples: samples})
		if len(got) != 1 {
			s.Fatalf("%d runs, want 1", len(got))
		}
		s.same(got[0], r, false)
	}
}
