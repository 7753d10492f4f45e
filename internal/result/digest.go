package result

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Digest is what sums and overviews need of p, of which its place in a store and its document are known. The document
// is skimmed; where that does not say all, the whole run is read. An error says that it cannot be; the digest has then
// what the store's columns say, if that can be.
func Digest(p bench.Packed) (bench.Digest, error) {
	if verdict, p95, ok := Brief(p); ok {
		return Told(p, verdict, p95)
	}
	d, err := Told(p, "", bench.Quantity{})
	if err != nil {
		return d, err
	}
	run, err := Packed{Packed: bench.Packed{Document: p.Document, Histogram: p.Histogram}}.Run()
	if err == nil && run.ID != p.ID {
		err = fmt.Errorf("it holds the run %s", run.ID)
	}
	if err != nil {
		if p.Invalid {
			d.Verdict = bench.Invalid
		}
		return d, err
	}
	r := bench.NewRecord(run)
	d.Verdict, d.P95 = r.Summary.Validity.Verdict, r.Summary.P95
	return d, nil
}

// Told is the digest of p, whose verdict and P95 a store has told.
func Told(p bench.Packed, verdict bench.Verdict, p95 bench.Quantity) (bench.Digest, error) {
	if n, err := stats.TotalOfBinary(p.Histogram); err != nil || n != uint64(p.Counts.Answered) {
		return bench.Digest{ID: p.ID}, fmt.Errorf("its histogram is not that of %d pings", p.Counts.Answered)
	}
	return bench.Digest{ID: p.ID, Series: p.Series, End: p.End, Verdict: verdict, P95: p95, Counts: p.Counts,
		Histogram: p.Histogram}, nil
}

// Brief is what the document of p says of verdict and P95, for a store to keep beside it. It is not ok of runs whose
// verdict depends on the version that reads them.
func Brief(p bench.Packed) (verdict bench.Verdict, p95 bench.Quantity, ok bool) {
	s, ok := skim(p.Document, p.ID)
	if !ok {
		return "", p95, false
	}
	return s.verdict, q(s.p95), true
}

// Digested is a digest, or why its run cannot be read.
type Digested struct {
	bench.Digest
	Err error
}

// Digests are those of list, as many at one time as there are processors.
func Digests(list []bench.Packed) []Digested {
	all := make([]Digested, len(list))
	var work sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		work.Go(func() {
			for i := w; i < len(list); i += n {
				all[i].Digest, all[i].Err = Digest(list[i])
			}
		})
	}
	work.Wait()
	return all
}

// skimmed is what a look over a document finds.
type skimmed struct {
	verdict bench.Verdict
	p95     *float64
}

// skim finds what rtcbench writes where it writes it, of a run with that ID. It reads no JSON: no text within a
// document can look like these keys, for its quotes are escaped there. Whether all else is as it should be shows when
// the run is read. Runs of the original tool were judged otherwise by older versions, and are not skimmed.
func skim(document []byte, id string) (s skimmed, ok bool) {
	if !bytes.HasPrefix(document, []byte(`{"platform":"`)) || !bytes.HasSuffix(document, []byte(`}}`)) {
		return s, false
	}
	values := [...]string{ // what stands before each and behind it
		`"p95_rtt":`, ",", `"run_id":"`, `"`, `"tool":{"version":"`, `"`,
		`"validity":{"verdict":"`, `"`}
	for i := 0; i < len(values); i += 2 {
		_, rest, found := bytes.Cut(document, []byte(values[i]))
		value, rest, ends := bytes.Cut(rest, []byte(values[i+1]))
		if !found || !ends {
			return s, false
		}
		document, values[i] = rest, string(value)
	}
	if p95 := values[0]; p95 != "null" {
		v, err := strconv.ParseFloat(p95, 64)
		if err != nil {
			return s, false
		}
		s.p95 = &v
	}
	s.verdict = bench.Verdict(values[6])
	return s, values[2] == id && values[4] != bench.Original && slices.Contains(bench.Verdicts, s.verdict)
}
