package bench

import (
	"context"
	"iter"
	"time"
)

// Digest is what sums and overviews need of a run, without the run.
type Digest struct {
	ID        string
	Series    Series
	End       time.Time
	Verdict   Verdict // "" = not known, of a run that cannot be read; its counts may be there
	P95       Quantity
	Counts    Counts // SummedCounts alone
	Histogram []byte // of the answered pings: stats.Histogram.AppendBinary
	Mark      int64  // of a Digester: what the run adds to the mark of its hour
}

// DigestOf is the digest of r.
func DigestOf(r Record) Digest {
	data, _ := r.Histogram().MarshalBinary() // it has no error
	return Digest{ID: r.ID, Series: SeriesOf(r.Run), End: r.End, Verdict: r.Summary.Validity.Verdict,
		P95: r.Summary.P95, Counts: r.Counts, Histogram: data}
}

// Digester is a Store that gives digests without reading whole runs, and can say cheaply what has changed.
type Digester interface {
	// Digests gives the digests of the runs that q asks for, in the order of their ends. Runs whose ID skip names are
	// left out (nil = it names none). A run that cannot be read is an error, as in Store.Runs. q.Limit and q.Samples
	// are ignored.
	Digests(ctx context.Context, q Query, skip func(id string) bool) iter.Seq2[Digest, error]
	// Marks gives a mark for each hour from since on that has runs, by the number of the hour since the Unix epoch. The
	// mark of an hour changes as soon as other runs are kept in that hour.
	Marks(ctx context.Context, since time.Time) (map[int64]Mark, error)
	// IDs are the IDs of the runs whose End is since or later, and before until.
	IDs(ctx context.Context, since, until time.Time) ([]string, error)
}

// Mark tells which runs are kept in an hour: other runs have another Mark.
type Mark struct {
	Runs int
	Of   int64 // by which of them it is: the marks of their digests, added up
}

// DigestsOf gives the digests of the runs that q asks for: those of a Digester, or else those of the runs themselves.
func DigestsOf(ctx context.Context, s Store, q Query) iter.Seq2[Digest, error] {
	if d, ok := s.(Digester); ok {
		return d.Digests(ctx, q, nil)
	}
	return DigestsOfRuns(ctx, s, q)
}

// DigestsOfRuns makes the digests from the runs themselves.
func DigestsOfRuns(ctx context.Context, s Store, q Query) iter.Seq2[Digest, error] {
	q.Limit, q.Samples = 0, false
	return func(yield func(Digest, error) bool) {
		for r, err := range s.Runs(ctx, q) {
			d := Digest{ID: r.ID}
			if err == nil {
				d = DigestOf(NewRecord(r))
			}
			if !yield(d, err) {
				return
			}
		}
	}
}
