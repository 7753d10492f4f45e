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

// Part is what the runs of one part of a time add up to.
type Part struct {
	bench.Aggregate
	Verdicts map[bench.Verdict]int // of all its runs, of those that are left out too

	histograms [][]byte // that are to be added up
}

// Timeline is a series in equal parts of a time.
type Timeline struct {
	Part         // all of it
	Parts []Part // in order
	Last  bench.Digest
}

// Timelines are all series of a time.
type Timelines struct {
	Since, Until time.Time
	List         []Timeline // by the name of the series
	Bad          []error    // runs that cannot be read
}

// Digester gives the digests of the runs that q asks for, those of a series in the order of their ends.
type Digester func(ctx context.Context, q bench.Query) iter.Seq2[bench.Digest, error]

// ReadTimelines sums up the runs of s that q asks for, in so many equal parts of the time, by what from gives of them.
// Where q says no Since or Until, the time is that of the runs, until now.
func ReadTimelines(ctx context.Context, s bench.Store, from Digester, q bench.Query, parts int, now time.Time) (
	t Timelines, err error) {
	q.Limit, q.Samples = 0, false
	if q.Until.IsZero() {
		q.Until = lastEnd(ctx, s, q, now)
	}
	if q.Since.IsZero() {
		if q.Since, err = firstEnd(ctx, s, q); err != nil {
			return t, err
		}
	}
	t.Since, t.Until = q.Since, q.Until
	length := max(1, q.Until.Sub(q.Since)/time.Duration(parts))
	all := map[bench.Series]*Timeline{}
	for d, err := range from(ctx, q) {
		if err != nil && !bench.ReadsOn(bench.Run{ID: d.ID}, err) {
			return t, err
		}
		if err != nil {
			t.Bad = append(t.Bad, &Unreadable{d.ID, err})
		}
		if d.Series == (bench.Series{}) { // nothing is known of it
			continue
		}
		line := all[d.Series]
		if line == nil {
			line = &Timeline{Part: newPart(d.Series), Parts: make([]Part, parts)}
			for i := range line.Parts {
				line.Parts[i] = newPart(d.Series)
			}
			all[d.Series] = line
		}
		// of a damaged run the store may hold another end than the run itself
		at := max(0, min(int(d.End.Sub(q.Since)/length), parts-1))
		line.Parts[at].add(d, q)
		line.Last = d
	}
	for _, line := range all {
		t.List = append(t.List, *line)
	}
	slices.SortFunc(t.List, func(a, b Timeline) int { return a.Compare(b.Series) })
	return t, addUp(t.List)
}

func newPart(s bench.Series) Part { return Part{Aggregate: bench.Aggregate{Series: s}} }

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

// addUp adds up the histograms of each part, and the parts of each timeline, as many at one time as there are
// processors.
func addUp(list []Timeline) error {
	n := runtime.GOMAXPROCS(0)
	errs := make([]error, n)
	var work sync.WaitGroup
	for w := range n {
		work.Go(func() {
			var sum, total stats.Sum
			for i := w; i < len(list) && errs[w] == nil; i += n {
				errs[w] = list[i].addUp(&sum, &total)
			}
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
	for i := range t.Parts {
		p := &t.Parts[i]
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
