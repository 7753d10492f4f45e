package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
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
	var table, lines, js bytes.Buffer
	err := errors.Join(WriteHistoryText(&table, h), WriteHistoryCSV(&lines, h), WriteHistoryJSON(&js, h))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "history.txt", table.Bytes())
	golden(t, "history.csv", lines.Bytes())
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

// TestCSVHasEveryCount: the last columns are all counts of the list, in its order. What a run's tool does not report is
// empty, and not 0.
func TestCSVHasEveryCount(t *testing.T) {
	h := aHistory()
	for i, x := range bench.CountList {
		*x.Of(&h.Runs[0].Counts) = 100 + i
	}
	h.Runs[1].Tool.Version = bench.Original
	var b bytes.Buffer
	if err := WriteHistoryCSV(&b, h); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range bench.CountList {
		at := len(rows[0]) - len(bench.CountList) + i
		if rows[0][at] != x.Key || rows[1][at] != strconv.Itoa(100+i) || (rows[2][at] == "") == x.Always {
			t.Errorf("column %d is %s: %s, %q", at, rows[0][at], rows[1][at], rows[2][at])
		}
	}
}
