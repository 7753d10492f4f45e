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

// Digest is the digest of p. p has to have its columns and its document. The document is skimmed; the whole run is read
// only if that does not suffice. If the run cannot be read, there is an error, and the digest has only the values of
// the columns, as far as they are consistent.
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

// Told is the digest of p with a verdict and a P95 that the store has kept.
func Told(p bench.Packed, verdict bench.Verdict, p95 bench.Quantity) (bench.Digest, error) {
	if n, err := stats.TotalOfBinary(p.Histogram); err != nil || n != uint64(p.Counts.Answered) {
		return bench.Digest{ID: p.ID}, fmt.Errorf("its histogram is not that of %s",
			bench.Many(p.Counts.Answered, "ping"))
	}
	return bench.Digest{ID: p.ID, Series: p.Series, End: p.End, Verdict: verdict, P95: p95, Counts: p.Counts,
		Histogram: p.Histogram}, nil
}

// Brief is the verdict and the P95 in the document of p, for a store to keep in columns. ok is false if the verdict
// depends on the version of the program that reads the run.
func Brief(p bench.Packed) (verdict bench.Verdict, p95 bench.Quantity, ok bool) {
	s, ok := skim(p.Document, p.ID)
	if !ok {
		return "", p95, false
	}
	return s.verdict, q(s.p95), true
}

// Digested is a digest, or the reason why the run cannot be read.
type Digested struct {
	bench.Digest
	Err error
}

// Digests are the digests of list. They are made on all processors.
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

// skimmed are the values that skim finds.
type skimmed struct {
	verdict bench.Verdict
	p95     *float64
}

// skim searches a document for the values that rtcbench writes at known places, for a run with this ID. It does not
// parse JSON. No text in the document can look like these keys, because quotes in texts are escaped. Errors elsewhere
// in the document show when the run is read. Documents of the original tool's runs are not skimmed: older versions
// judged them differently.
func skim(document []byte, id string) (s skimmed, ok bool) {
	if !bytes.HasPrefix(document, []byte(`{"platform":"`)) || !bytes.HasSuffix(document, []byte(`}}`)) {
		return s, false
	}
	values := [...]string{ // before each value, and after it
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
