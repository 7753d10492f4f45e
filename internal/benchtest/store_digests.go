package benchtest

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"rtcbench/bench"
)

// digests: a digest says of a run what the run says, and a mark changes with the runs of its hour and with no others.
func (s *storeTest) digests() {
	d, ok := s.store.(bench.Digester)
	if !ok {
		return
	}
	hour := recently().Truncate(time.Hour)
	marks := func() map[int64]bench.Mark {
		s.Helper()
		m, err := d.Marks(s.ctx, hour.Add(-24*time.Hour))
		if err != nil {
			s.Fatal(err)
		}
		return m
	}
	if m := marks(); len(m) != 0 {
		s.Errorf("an empty store has marks: %v", m)
	}
	var all []bench.Run
	for _, kind := range slices.Sorted(maps.Keys(Runs())) {
		r, of := Runs()[kind], StoredRun(1, hour.Add(-time.Duration(len(all))*25*time.Minute))
		r.ID, r.Start, r.End, r.Facts.ICE = of.ID, of.End.Add(r.Start.Sub(r.End)), of.End, nil
		r.Place()
		all = append(all, r)
		s.save(r)
	}
	s.sameDigests(d, bench.Query{}, nil)
	s.sameDigests(d, bench.Query{Platform: "livekit", Since: all[3].End, Until: all[0].End}, nil)
	s.sameDigests(d, bench.Query{Location: "nowhere"}, nil)
	s.sameDigests(d, bench.Query{}, func(id string) bool { return id != all[2].ID && id != all[4].ID })
	s.sameDigests(d, bench.Query{}, func(string) bool { return true })

	before := marks()
	more := StoredRun(5, hour.Add(-30*time.Minute))
	s.save(more)
	after := marks()
	with := after[more.End.Unix()/3600]
	s.marksAddUp(d, after)
	if at := more.End.Unix() / 3600; after[at] == before[at] || after[at].Runs != before[at].Runs+1 {
		s.Errorf("a new run does not change the mark of its hour: %+v, before %+v", after[at], before[at])
	} else if after[at] = before[at]; !maps.Equal(after, before) {
		s.Errorf("a new run changes other hours: %v, before %v", after, before)
	}
	ids, err := d.IDs(s.ctx, more.End, more.End.Add(time.Microsecond))
	if err != nil || !slices.Equal(ids, []string{more.ID}) {
		s.Errorf("at %v there are the runs %v: %v", more.End, ids, err)
	}
	remover, ok := s.store.(bench.Remover)
	if !ok {
		return
	}
	if _, err := remover.Remove(s.ctx, more.ID); err != nil {
		s.Fatal(err)
	}
	if m := marks(); !maps.Equal(m, before) {
		s.Errorf("without the run the marks are %v, before %v", m, before)
	}
	s.save(StoredRun(5, more.End))
	at := more.End.Unix() / 3600
	if now := marks()[at]; now.Runs != before[at].Runs+1 || now == with {
		s.Error("another run does not give another mark to its hour")
	}
}

// marksAddUp: the mark of each hour is the sum of those of its runs.
func (s *storeTest) marksAddUp(d bench.Digester, want map[int64]bench.Mark) {
	s.Helper()
	got := map[int64]bench.Mark{}
	for x, err := range d.Digests(s.ctx, bench.Query{}, nil) {
		if err != nil {
			s.Fatal(err)
		}
		m := got[x.End.Unix()/3600]
		got[x.End.Unix()/3600] = bench.Mark{Runs: m.Runs + 1, Of: m.Of + x.Mark}
	}
	if !maps.Equal(got, want) {
		s.Errorf("the runs add up to the marks %v, want %v", got, want)
	}
}

// sameDigests holds the digests that q asks for against the runs.
func (s *storeTest) sameDigests(d bench.Digester, q bench.Query, skip func(string) bool) {
	s.Helper()
	var want []bench.Digest
	for x, err := range bench.DigestsOfRuns(s.ctx, s.store, q) {
		if err != nil {
			s.Fatal(err)
		}
		if skip == nil || !skip(x.ID) {
			want = append(want, x)
		}
	}
	n := 0
	for x, err := range d.Digests(s.ctx, q, skip) {
		if err != nil {
			s.Fatal(err)
		}
		if n++; n > len(want) {
			continue
		}
		w := want[n-1]
		for _, c := range bench.SummedCounts {
			if got, want := *c.Of(&x.Counts), *c.Of(&w.Counts); got != want {
				s.Errorf("%s: %s is %d, want %d", x.ID, c.Key, got, want)
			}
		}
		if x.ID != w.ID || x.Series != w.Series || x.End.Sub(w.End).Abs() > time.Microsecond ||
			x.Verdict != w.Verdict || x.P95 != w.P95 || !bytes.Equal(x.Histogram, w.Histogram) {
			s.Errorf("%+v: %+v\nwant %+v", q, x, w)
		}
	}
	if n != len(want) {
		s.Errorf("%+v: %d digests, want %d", q, n, len(want))
	}
}
