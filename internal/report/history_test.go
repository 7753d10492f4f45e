package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

func aHistory() History {
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	h := History{Store: "sqlite:/data/runs.db", Since: start, Until: start.Add(24 * time.Hour),
		Bad: []error{errors.New("run 7 cannot be read")}}
	sum := bench.Course{P50: make([]bench.Quantity, Parts)}
	for i := range 6 {
		r := benchtest.StoredRun(100, start.Add(time.Duration(i)*4*time.Hour))
		r.ID = fmt.Sprintf("019ab000-0000-7000-8000-00000000000%d", i)
		r.Location = []string{"us-west-2", "a location with a very long name 日本"}[i/5]
		if i == 3 {
			r.Samples, r.Counts, r.Ended = nil, bench.Counts{Lost: 4, Sent: 4}, bench.LinkLost
		}
		r.Facts.Hidden = i == 4
		if i == 2 {
			r.Machine.Steal.Ratio = 0.031
		}
		record := bench.NewRecord(r)
		h.Runs = append(h.Runs, record)
		sum.Series = bench.SeriesOf(r)
		sum.Add(record, bench.Query{})
		d, ok := r.Histogram().Quantile(0.5)
		sum.P50[4*i] = bench.Quantity{D: d + time.Duration(i)*time.Millisecond, OK: ok}
	}
	h.Courses = []bench.Course{sum}
	return h
}

func TestHistory(t *testing.T) {
	h := aHistory()
	var table, csv, js bytes.Buffer
	if err := errors.Join(WriteHistoryText(&table, h), WriteHistoryCSV(&csv, h), WriteHistoryJSON(&js, h)); err != nil {
		t.Fatal(err)
	}
	golden(t, "history.txt", table.Bytes())
	golden(t, "history.csv", csv.Bytes())
	golden(t, "history.json", js.Bytes())
	for _, line := range strings.Split(table.String(), "\n") {
		if w := lipgloss.Width(line); w > 110 {
			t.Errorf("%d columns: %s", w, line)
		}
	}
}

// TestHistoryOfTurns: turns have no jitter, and what the others have is no loss of packets. Beside pings they are told
// of.
func TestHistoryOfTurns(t *testing.T) {
	h := aHistory()
	turns := bench.NewRecord(benchtest.MarkedTurns(true)) // four answered, one not, and one early
	sum := bench.Course{P50: make([]bench.Quantity, Parts)}
	sum.Series = bench.SeriesOf(turns.Run)
	sum.Add(turns, bench.Query{})
	shown := func(h History) string {
		var table bytes.Buffer
		if err := WriteHistoryText(&table, h); err != nil {
			t.Fatal(err)
		}
		return table.String()
	}
	alone := shown(History{Store: "sqlite:x", Runs: []bench.Record{turns}, Courses: []bench.Course{sum}})
	lines := strings.Split(alone, "\n")
	if strings.Contains(alone, "loss") || strings.Contains(alone, "jitter") || len(lines) < 7 ||
		!strings.Contains(lines[2], " turns ") || !strings.HasSuffix(lines[5], "no answer %") ||
		!strings.HasSuffix(lines[6], "20.00") || lipgloss.Width(lines[2]) > 110 {
		t.Error(alone)
	}
	h.Runs, h.Courses = append(h.Runs, turns), append(h.Courses, sum)
	if both := shown(h); !strings.Contains(both, "Of turns, loss % is how many had no answer.") ||
		!strings.Contains(both, "     –  20.00 "+ShortID(turns.ID)) {
		t.Error(both)
	}
}
