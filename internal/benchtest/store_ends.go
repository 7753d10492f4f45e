package benchtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
)

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

// unknown: a run of a kind that there is not, as a flipped bit makes one, keeps nobody from the others.
func (s *storeTest) unknown() {
	if s.backend.Alter != nil {
		s.readsPast(func(id string) { s.backend.Alter(s.T, id, `"transport_class":"d`, `"transport_class":"e`) })
	}
}

// misfiled: sums go by columns, whose values stand in the run, too. Where the two differ, one of them is damaged.
func (s *storeTest) misfiled() {
	if s.backend.Misfile == nil {
		return
	}
	for _, column := range []string{"sent", "late", "invalid"} {
		s.removeAll()
		s.readsPast(func(id string) { s.backend.Misfile(s.T, id, column) })
	}
}

// removeAll empties the store.
func (s *storeTest) removeAll() {
	s.Helper()
	for r := range s.store.Runs(s.ctx, bench.Query{}) {
		if _, err := s.store.(bench.Remover).Remove(s.ctx, r.ID); err != nil {
			s.Fatal(err)
		}
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

// packed: a run that was packed is there once, and is what it would be if the store had packed it.
func (s *storeTest) packed() {
	saver, ok := s.store.(bench.PackedSaver)
	if !ok {
		return
	}
	at := recently()
	all := []bench.Run{StoredRun(25, at), StoredRun(5, at.Add(time.Second)), StoredRun(15, at.Add(2*time.Second))}
	var list []bench.Packed
	for _, r := range all {
		p, err := s.backend.Pack(bench.NewRecord(r))
		if err != nil {
			s.Fatal(err)
		}
		list = append(list, p)
	}
	s.save(all[0])
	for i, want := range []int{2, 0} {
		if fresh, err := saver.SavePacked(s.ctx, append(list, list[1])); err != nil || fresh != want {
			s.Fatalf("offered %d times, %d are new, %v", i+1, fresh, err)
		}
	}
	s.save(all...)
	samples := s.backend.Level >= ReadsSamples
	got := s.runs(bench.Query{Samples: samples})
	if len(got) != len(all) {
		s.Fatalf("%d runs, want %d", len(got), len(all))
	}
	sent := 0
	for i, r := range got {
		s.same(r, all[i], samples)
		sent += r.Counts.Sent
	}
	sums, _, err := bench.AggregateRuns(s.ctx, s.store, bench.Query{})
	if err != nil || len(sums) != 1 || sums[0].Runs != 3 || sums[0].Counts.Sent != sent {
		s.Errorf("sums %+v, %v; want 3 runs with %d pings", sums, err, sent)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := saver.SavePacked(ctx, list); err == nil || errors.Is(err, bench.ErrRejected) {
		s.Errorf("saved with a context that was over: %v", err)
	}
}

// another: a store that can tell keeps the run that is there, and refuses another with its ID.
func (s *storeTest) another() {
	saver, ok := s.store.(bench.WholeSaver)
	if !ok {
		return
	}
	at := recently()
	first := StoredRun(5, at)
	place, later, longer, slower := first, first, StoredRun(7, at), first
	place.Location = "elsewhere"
	later.Start, later.End = later.Start.Add(time.Second), later.End.Add(time.Second)
	slower.Samples = slices.Clone(slower.Samples)
	slower.Samples[1].RTT += time.Microsecond
	longer.ID = first.ID
	s.save(first, first)
	fresh := StoredRun(3, at)
	for name, other := range map[string]bench.Run{
		"another location": place, "another end": later, "other counts": longer, "another round trip": slower,
	} {
		err := s.store.Save(s.ctx, bench.NewRecord(other))
		if !errors.Is(err, bench.ErrRejected) || !strings.Contains(err.Error(), "another run of this ID is there (") {
			s.Errorf("%s: %v", name, err)
		}
		twice := fresh
		twice.Location = "elsewhere"
		for _, second := range []bench.Run{other, twice} {
			n, err := saver.SaveAll(s.ctx, []bench.Record{bench.NewRecord(fresh), bench.NewRecord(second)})
			if n != 0 || !errors.Is(err, bench.ErrRejected) {
				s.Errorf("%s beside a fresh run: %d, %v", name, n, err)
			}
		}
	}
	got := s.runs(bench.Query{Samples: true})
	if len(got) != 1 {
		s.Fatalf("%d runs, want 1", len(got))
	}
	s.same(got[0], first, true)
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
