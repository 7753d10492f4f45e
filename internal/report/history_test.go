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
