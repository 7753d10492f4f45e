package influx

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

func TestOptions(t *testing.T) {
	for _, o := range []Options{{}, {URL: "localhost:8086", Database: "x"}, {URL: "ftp://x", Database: "x"},
		{URL: "http://h"}, {URL: "http://me:secret@h", Database: "x"}} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Names that line protocol cannot carry, and others that look like what stands for them, are as many tags, and none
// hides another.
func TestNamesStayApart(t *testing.T) {
	locations := []string{`a\b`, "a/b", "a b", "a\nb", "a%0Ab", "a%250Ab", "a%", `a%\`, `a%5\`, "a%5C", `a\`, "\x7f",
		" ", "é\u2028%É0"}
	tags := map[string]bool{}
	for _, l := range locations {
		tags[tag(l)] = true
	}
	if len(tags) != len(locations) {
		t.Errorf("%d names are %d tags: %v", len(locations), len(tags), tags)
	}
	o := database(t)
	s := open(t, o)
	defer s.Close()
	at, ids := time.Now().Add(-time.Hour).Truncate(time.Second), map[string]string{}
	for i, l := range locations {
		r := benchtest.StoredRun(3, at.Add(time.Duration(i)*time.Second))
		r.Location = l
		if err := s.Save(within(t), bench.NewRecord(r)); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		ids[l] = r.ID
	}
	for _, l := range locations {
		for _, limit := range []int{0, 1} {
			list, err := runs(s, within(t), bench.Query{Location: l, Limit: limit, Samples: true})
			if err != nil || len(list) != 1 || list[0].ID != ids[l] || list[0].Location != l ||
				len(list[0].Samples) == 0 {
				t.Errorf("%q: %d runs %+v, %v", l, len(list), list, err)
			}
		}
	}
	for name, change := range map[string]func(*bench.Run){
		"10 kB":    func(r *bench.Run) { r.Location = strings.Repeat("x", 10_000) },
		"platform": func(r *bench.Run) { r.Platform = "zoom" },
		"far":      func(r *bench.Run) { r.Start, r.End = r.Start.AddDate(400, 0, 0), r.End.AddDate(400, 0, 0) },
		"document": func(r *bench.Run) { r.Ended, r.Err = bench.LinkLost, errors.New(strings.Repeat("x", 1<<20)) },
	} {
		r := benchtest.StoredRun(3, at)
		change(&r)
		if err := s.Save(within(t), bench.NewRecord(r)); !isRejected(err) || len(err.Error()) > 400 ||
			!strings.Contains(err.Error(), r.ID) {
			t.Errorf("%s: %.400v", name, err)
		}
	}
	if n := len(ask(t, o, "SELECT * FROM run_summary")); n != len(locations) {
		t.Errorf("%d summaries, want %d: a run that is refused leaves nothing behind", n, len(locations))
	}
}

func TestBatchesAreBounded(t *testing.T) {
	e := &encoder{}
	for i := range 500 {
		e.start(samplesMeasurement, "run_id", "x")
		if err := e.text("data", strings.Repeat("x", samplePiece)); err != nil {
			t.Fatal(err)
		}
		e.end(time.Unix(int64(i), 0))
	}
	e.flush()
	lines := 0
	for i, b := range e.batches {
		if lines += bytes.Count(b, []byte("\n")); len(b) > batchBytes+2*samplePiece {
			t.Errorf("batch %d has %d bytes", i, len(b))
		}
	}
	if lines != 500 || e.Err() != nil {
		t.Errorf("%d lines, %v", lines, e.Err())
	}
}

// A long run goes in many requests of a bounded size, and comes back whole.
func TestALongRun(t *testing.T) {
	r := benchtest.StoredRun(12_000, time.Now().Add(-time.Hour))
	if os.Getenv("RTCBENCH_LONG") != "" {
		r = benchtest.StoredRun(300_000, time.Now().Add(-time.Hour))
	}
	batches, err := pointsOf(bench.NewRecord(r))
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range batches {
		if len(b) > batchBytes+500_000 || bytes.Count(b, []byte("\n")) > batchLines {
			t.Errorf("batch %d has %d bytes, %d lines", i, len(b), bytes.Count(b, []byte("\n")))
		}
	}
	pieces := bytes.Count(bytes.Join(append([][]byte{nil}, batches...), []byte("\n")),
		[]byte("\n"+samplesMeasurement+","))
	o := database(t)
	s := open(t, o)
	defer s.Close()
	if err := s.Save(within(t), bench.NewRecord(r)); err != nil {
		t.Fatal(err)
	}
	list, err := runs(s, within(t), bench.Query{ID: r.ID, Samples: true})
	if err != nil || len(list) != 1 || len(list[0].Samples) != len(r.Samples) {
		t.Fatalf("%d runs, %v", len(list), err)
	}
	// What is missing of it is noticed.
	for _, err := range s.query(within(t), "POST",
		fmt.Sprintf(`DELETE FROM rtcbench_samples WHERE time = %d`,
			ask(t, o, "SELECT * FROM rtcbench_samples LIMIT 1 OFFSET 3")[0].time().UnixNano())) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := runs(s, within(t), bench.Query{Samples: true}); err == nil ||
		!strings.Contains(err.Error(), fmt.Sprintf("%s: %d of %d pieces", r.ID, pieces-1, pieces)) {
		t.Error(err)
	}
	if list, err := runs(s, within(t), bench.Query{}); err != nil || len(list) != 1 {
		t.Errorf("without samples: %d runs, %v", len(list), err)
	}
}
