package archive

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Part is the sum of the runs of one part of a time span.
type Part struct {
	bench.Aggregate
	Verdicts map[bench.Verdict]int // of all runs, also of those that are left out

	histograms [][]byte // to be added up, packed
}

// Timeline is a series in equal parts of a time span.
type Timeline struct {
	Part          // the whole span
	Parts []*Part // in order; nil = no run ended in the part
	Last  bench.Digest
}

// Timelines are all series of a time span.
type Timelines struct {
	Since, Until time.Time
	List         []Timeline // sorted by series
	Bad          []error    // *Unreadable: runs that cannot be read
}

// Digester gives the digests of the runs that q asks for. Digests of one series come in the order of their ends.
type Digester func(ctx context.Context, q bench.Query) iter.Seq2[bench.Digest, error]

// ReadTimelines sums up the runs of s that q asks for, in parts equal parts of the time span. from gives the digests of
// the runs. Without q.Since the span begins with the first run; without q.Until it ends now.
func ReadTimelines(ctx context.Context, s bench.Store, from Digester, q bench.Query, parts int, now time.Time) (
	t Timelines, err error) {
	q.Limit, q.Samples = 0, false
	if t.Since = q.Since; q.Since.IsZero() {
		if t.Since, err = firstEnd(ctx, s, q); err != nil {
			return t, err
		}
	}
	if t.Until = q.Until; q.Until.IsZero() {
		t.Until = now
	}
	if t.Since.IsZero() { // there are no runs
		t.Since = t.Until
	}
	for {
		last, err := t.read(ctx, from, q, parts)
		if err != nil {
			return t, err
		}
		if !q.Until.IsZero() || last.Before(t.Until) {
			break
		}
		t.Until = last.Add(time.Millisecond) // a clock was fast; each listed run has to be in the sums
	}
	slices.SortFunc(t.List, func(a, b Timeline) int { return a.Compare(b.Series) })
	return t, addUp(t.List)
}

// read reads the runs that q asks for into the parts of the time span. last is the end of the last run.
func (t *Timelines) read(ctx context.Context, from Digester, q bench.Query, parts int) (last time.Time, err error) {
	t.List, t.Bad = nil, nil
	length := max(1, t.Until.Sub(t.Since)/time.Duration(parts))
	all := map[bench.Series]*Timeline{}
	for d, err := range from(ctx, q) {
		if err != nil && !bench.ReadsOn(bench.Run{ID: d.ID}, err) {
			return last, err
		}
		if err != nil {
			t.Bad = append(t.Bad, &Unreadable{d.ID, err})
		}
		if d.Series == (bench.Series{}) { // the series of this run cannot be read
			continue
		}
		line := all[d.Series]
		if line == nil {
			line = &Timeline{Part: Part{Aggregate: bench.Aggregate{Series: d.Series}}, Parts: make([]*Part, parts)}
			all[d.Series] = line
		}
		// The store may have another end of a damaged run than the run itself.
		at := max(0, min(int(d.End.Sub(t.Since)/length), parts-1))
		if line.Parts[at] == nil {
			line.Parts[at] = &Part{}
		}
		line.Parts[at].add(d, q)
		if line.Last = d; last.Before(d.End) {
			last = d.End
		}
	}
	for _, line := range all {
		t.List = append(t.List, *line)
	}
	return last, nil
}

func (p *Part) add(d bench.Digest, q bench.Query) {
	if p.Verdicts == nil {
		p.Verdicts = map[bench.Verdict]int{}
	}
	if d.Verdict != "" {
		p.Verdicts[d.Verdict]++
	}
	if !q.Invalid && d.Verdict == bench.Invalid {
		p.LeftOut++
		return
	}
	p.Merge(bench.Aggregate{Runs: 1, Counts: d.Counts})
	p.histograms = append(p.histograms, d.Histogram)
}

// sums are reused: each holds room for all buckets that it ever had.
var sums = sync.Pool{New: func() any { return new(stats.Sum) }}

// addUp adds up the histograms of each part and of each timeline, on all processors.
func addUp(list []Timeline) error {
	n := runtime.GOMAXPROCS(0)
	errs := make([]error, n)
	var work sync.WaitGroup
	for w := range n {
		work.Go(func() {
			sum, total := sums.Get().(*stats.Sum), sums.Get().(*stats.Sum)
			for i := w; i < len(list) && errs[w] == nil; i += n {
				errs[w] = list[i].addUp(sum, total)
			}
			sums.Put(sum)
			sums.Put(total)
		})
	}
	work.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Timeline) addUp(sum, total *stats.Sum) error {
	t.Verdicts = map[bench.Verdict]int{}
	total.Reset()
	for _, p := range t.Parts {
		if p == nil {
			continue
		}
		sum.Reset()
		for _, data := range p.histograms {
			if err := sum.AddBinary(data); err != nil {
				return err
			}
		}
		p.Histogram = sum.Histogram()
		p.histograms = nil
		for v, n := range p.Verdicts {
			t.Verdicts[v] += n
		}
		total.Add(p.Histogram)
		one := p.Aggregate
		one.Histogram = stats.Histogram{}
		t.Merge(one)
	}
	t.Histogram = total.Histogram()
	return nil
}
