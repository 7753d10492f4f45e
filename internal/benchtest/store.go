package benchtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
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
	Alter  func(t *testing.T, runID, from, to string)
	Keeps  bool               // it cannot remove a run, and says so
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
		{"queries", ReadsRuns, (*storeTest).queries},
		{"names that need escaping", ReadsRuns, (*storeTest).names},
		{"a run without samples", ReadsRuns, (*storeTest).lean},
		{"a run that cannot be read", ReadsRuns, (*storeTest).badRow},
		{"a run that cannot be", ReadsRuns, (*storeTest).impossible},
		{"a run that is removed", ReadsRuns, (*storeTest).removes},
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

func (s *storeTest) badRow() {
	if s.backend.Corrupt != nil {
		s.readsPast(func(id string) { s.backend.Corrupt(s.T, id) })
	}
}

// impossible: a run that no prober can have made, as an earlier version let into stores, keeps nobody from the others.
func (s *storeTest) impossible() {
	if s.backend.Alter != nil {
		s.readsPast(func(id string) { s.backend.Alter(s.T, id, `"end_time":`, `"end_time":-`) })
	}
}

// readsPast saves runs, harms one of them and reads: runs, the last few, one, and sums.
func (s *storeTest) readsPast(harm func(id string)) {
	s.Helper()
	at := recently()
	all := []bench.Run{StoredRun(5, at), StoredRun(5, at.Add(time.Second)), StoredRun(5, at.Add(2*time.Second))}
	s.save(all...)
	bad := all[1].ID
	harm(bad)
	for _, c := range []struct {
		q    bench.Query
		want []string
		bad  int
	}{
		{bench.Query{}, []string{all[0].ID, all[2].ID}, 1},
		{bench.Query{Samples: s.backend.Level >= ReadsSamples}, []string{all[0].ID, all[2].ID}, 1},
		{bench.Query{Limit: 2}, []string{all[2].ID}, 1},
		{bench.Query{Limit: 10, Platform: all[0].Platform}, []string{all[0].ID, all[2].ID}, 1},
		{bench.Query{ID: bad}, nil, 1},
		{bench.Query{ID: all[2].ID}, []string{all[2].ID}, 0},
	} {
		var ids []string
		n := 0
		for r, err := range s.store.Runs(s.ctx, c.q) {
			if err == nil {
				ids = append(ids, r.ID)
				continue
			}
			if n++; r.ID != bad || !bench.ReadsOn(r, err) {
				s.Errorf("%+v: the error %q names run %q, want %s", c.q, err, r.ID, bad)
			}
		}
		if n != c.bad || !slices.Equal(ids, c.want) {
			s.Errorf("%+v: %d errors and runs %v, want %d and %v", c.q, n, ids, c.bad, c.want)
		}
	}
	q := bench.Query{Since: at.Add(-time.Minute), Until: at.Add(time.Minute)}
	sums, unread, err := bench.AggregateRuns(s.ctx, struct{ bench.Store }{s.store}, q) // run by run
	if err != nil || unread != 1 || len(sums) != 1 || sums[0].Runs != 2 {
		s.Errorf("sums %+v without %d, %v; want one of 2 runs without 1", sums, unread, err)
	}
}

// removes: a run is gone from lists and sums, also one that cannot be read, and may be saved again.
func (s *storeTest) removes() {
	remover, ok := s.store.(bench.Remover)
	if !ok && s.backend.Keeps {
		return
	}
	if !ok {
		s.Fatal("it cannot remove a run, and does not say so")
	}
	at := recently()
	all := []bench.Run{StoredRun(5, at), StoredRun(15, at.Add(time.Second)), StoredRun(25, at.Add(2*time.Second))}
	s.save(all...)
	if s.backend.Keeps {
		if there, err := remover.Remove(s.ctx, all[0].ID); err == nil || there || len(s.runs(bench.Query{})) != 3 {
			s.Errorf("it cannot remove a run: %v, %v", there, err)
		}
		return
	}
	if s.backend.Corrupt != nil {
		s.backend.Corrupt(s.T, all[0].ID)
	}
	for i, id := range []string{all[0].ID, all[1].ID, all[1].ID, "00000000-0000-4000-8000-000000000000",
		"x' OR '1'='1"} {
		if there, err := remover.Remove(s.ctx, id); err != nil || there != (i < 2) {
			s.Errorf("removal %d of %s: %v, %v", i, id, there, err)
		}
	}
	check := func(want ...bench.Run) {
		s.Helper()
		if got := s.runs(bench.Query{}); len(got) != len(want) {
			s.Errorf("%d runs are left, want %d", len(got), len(want))
		}
		sent := 0
		for _, r := range want {
			sent += r.Counts.Sent
		}
		sums, _, err := bench.AggregateRuns(s.ctx, s.store, bench.Query{})
		if err != nil || len(sums) != 1 || sums[0].Runs != len(want) || sums[0].Counts.Sent != sent {
			s.Errorf("sums %+v, %v; want %d runs with %d pings", sums, err, len(want), sent)
		}
	}
	check(all[2])
	s.save(all[1])
	check(all[2], all[1])
}

func (s *storeTest) concurrent() {
	const n = 16
	at := recently()
	other := s.backend.Open(s.T) // as another process would
	defer other.Close()
	var g sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		g.Go(func() {
			to := s.store
			if i%2 == 0 {
				to = other
			}
			errs[i] = to.Save(s.ctx, bench.NewRecord(StoredRun(10, at.Add(time.Duration(i)*time.Second))))
		})
	}
	g.Wait()
	if err := errors.Join(errs...); err != nil {
		s.Fatal(err)
	}
	s.save()
	if got := len(s.runs(bench.Query{})); got != n {
		s.Errorf("%d runs, want %d", got, n)
	}
}

func (s *storeTest) stops() {
	at := recently()
	for i := range 5 {
		s.save(StoredRun(5, at.Add(time.Duration(i)*time.Second)))
	}
	for _, err := range s.store.Runs(s.ctx, bench.Query{Samples: s.backend.Level >= ReadsSamples}) {
		if err != nil {
			s.Fatal(err)
		}
		break
	}
	s.save(StoredRun(5, at.Add(time.Minute)))
	for range s.store.Runs(s.ctx, bench.Query{}) {
		// while it is read
		if err := s.store.Save(s.ctx, bench.NewRecord(StoredRun(5, at.Add(2*time.Minute)))); err != nil {
			s.Fatal(err)
		}
		break
	}
}

func (s *storeTest) cancelled() {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	began := time.Now()
	if err := s.store.Save(ctx, bench.NewRecord(StoredRun(5, recently()))); err == nil {
		s.Error("saved with a context that was over")
	} else if errors.Is(err, bench.ErrRejected) {
		s.Errorf("%v counts as final", err)
	}
	if s.backend.Level >= ReadsRuns {
		failed := false
		for _, err := range s.store.Runs(ctx, bench.Query{}) {
			failed = failed || err != nil
		}
		if !failed {
			s.Error("read with a context that was over")
		}
	}
	if d := time.Since(began); d > 5*time.Second {
		s.Errorf("it took %v", d)
	}
}

func (s *storeTest) closedTwice() {
	s.save(StoredRun(5, recently()))
	for range 2 {
		if err := s.store.Close(); err != nil {
			s.Errorf("close: %v", err)
		}
	}
	if err := s.store.Save(s.ctx, bench.NewRecord(StoredRun(5, recently()))); err == nil {
		s.Error("saved in a closed store")
	}
}
