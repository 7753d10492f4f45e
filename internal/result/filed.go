package result

import (
	"fmt"
	"time"

	"rtcbench/bench"
)

// rounded is the tolerance between the end of a run in a store and the end in its document, which is rounded.
const rounded = time.Millisecond

// AsFiled is Run, and compares the document with the columns of the store: series, end, counts and verdict. If they
// differ, the store is damaged, and there is an error.
func (p Packed) AsFiled() (bench.Run, error) {
	var f File
	if err := unmarshal(p.Document, &f); err != nil {
		return bench.Run{}, err
	}
	run, err := p.run(f)
	if err == nil {
		err = p.contradiction(f, run)
	}
	if err != nil {
		return bench.Run{}, err
	}
	return run, nil
}

// OfSeries is an error if r is not of series s. The path does not matter.
func OfSeries(s bench.Series, r bench.Run) error {
	is := bench.SeriesOf(r)
	if s.Transport == "" { // not known for runs of the original tool
		is.Transport = ""
	}
	for _, x := range [][3]string{
		{"platform", s.Platform, is.Platform},
		{"location", s.Location, is.Location},
		{"engine", s.Engine, is.Engine},
		{"transport class", string(s.Transport), string(is.Transport)},
		{"place of the echo", s.Echo, is.Echo},
	} {
		if x[1] != x[2] {
			return fmt.Errorf("it is filed under the %s %.40q, and says that it is of %.40q", x[0], x[1], x[2])
		}
	}
	return nil
}

// contradiction is an error if the columns of p differ from the document f of r.
func (p Packed) contradiction(f File, r bench.Run) error {
	is := Packed{File: f}
	is.index(r)
	if is.ID != p.ID {
		return fmt.Errorf("it holds the run %s", is.ID)
	}
	if err := OfSeries(p.Series, r); err != nil {
		return err
	}
	if path := p.Series.Path; path != "" && !path.Valid() {
		return fmt.Errorf("it is filed under the path %.40q, which there is not", path)
	}
	if r.End.Sub(p.End).Abs() > rounded {
		return fmt.Errorf("it is filed under %v, and says that it ended at %v", p.End.UTC(), r.End.UTC())
	}
	for _, x := range bench.SummedCounts {
		if filed, says := *x.Of(&p.Counts), *x.Of(&is.Counts); filed != says {
			return fmt.Errorf("it is filed with %s %d, and says that they are %d", x.Key, filed, says)
		}
	}
	if f.Details.Validity != nil && is.Invalid != p.Invalid { // older runs were judged when they came to the store
		return fmt.Errorf("it is filed as a run whose being invalid is %v, and says that its verdict is %s", p.Invalid,
			f.Details.Validity.Verdict)
	}
	return nil
}
