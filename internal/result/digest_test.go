package result

import (
	"bytes"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestDigest: what a skimmed document says of a run is what the run says when it is read.
func TestDigest(t *testing.T) {
	for name, run := range benchtest.Runs() {
		p, err := Pack(bench.NewRecord(run))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, ok := skim(p.Document, p.ID); !ok {
			t.Errorf("%s: the document was not skimmed", name)
		}
		isDigest(t, name, p.Packed)
		older := p.Packed // of a version that gave no verdict, and of the original tool
		older.Document = bytes.Replace(p.Document, []byte(`"validity":{`), []byte(`"was_validity":{`), 1)
		isDigest(t, name+" without a verdict", older)
		older.Document = bytes.Replace(p.Document, []byte(`"version":"1.2.3"`), []byte(`"version":"`+bench.Original+
			`"`), 1)
		isDigest(t, name+" of the original tool", older)
	}
}

func isDigest(t *testing.T, name string, p bench.Packed) {
	t.Helper()
	got, err := Digest(p)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	run, err := Packed{Packed: bench.Packed{Document: p.Document, Histogram: p.Histogram}}.Run()
	if err != nil {
		t.Fatal(name, err)
	}
	want := bench.DigestOf(bench.NewRecord(run))
	if got.ID != want.ID || got.Verdict != want.Verdict || got.P95 != want.P95 || got.Series != want.Series ||
		got.Counts.Answered != want.Counts.Answered || !bytes.Equal(got.Histogram, want.Histogram) {
		t.Errorf("%s: %+v\nwant %+v", name, got, want)
	}
}

// TestDigestOfWhatCannotBeRead says so, whatever is wrong with the document.
func TestDigestOfWhatCannotBeRead(t *testing.T) {
	p, err := Pack(bench.NewRecord(benchtest.Run(20)))
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{"", "{", "null", "[]", `{"details":{"validity":{"verdict":7}}}`,
		string(p.Document[:len(p.Document)-1]),
		string(bytes.Replace(p.Document, []byte(p.ID[:8]), []byte("ffffffff"), 1))} {
		harmed := p.Packed
		harmed.Document = []byte(document)
		if d, err := Digest(harmed); err == nil || d.Verdict != "" || d.Counts != p.Counts {
			t.Errorf("%.60q: %+v, %v", document, d, err)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	p, err := Pack(bench.NewRecord(benchtest.Run(600)))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(p.Document)))
	for b.Loop() {
		if _, err := Digest(p.Packed); err != nil {
			b.Fatal(err)
		}
	}
}
