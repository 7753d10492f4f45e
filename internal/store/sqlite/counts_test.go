package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/store/rollup"
)

// Each count that sums have has a column, in the tables of runs and of sums.
func TestCountsHaveColumns(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
	for _, table := range []string{"run", "rollup"} {
		var names string
		if err := s.db.QueryRow("SELECT group_concat(name) FROM pragma_table_info(?)", table).Scan(&names); err != nil {
			t.Fatal(err)
		}
		for _, x := range bench.SummedCounts {
			if !slices.Contains(strings.Split(names, ","), x.Key) {
				t.Errorf("table %s has no column %s, but %s", table, x.Key, names)
			}
		}
	}
}

// A count that sums get later is filled from what is kept: of the runs, and of the sums of each kind.
func TestACountThatSumsGetLater(t *testing.T) {
	last := slices.IndexFunc(bench.CountList, func(x bench.Count) bool { return x.Key == "control_sent" })
	since := columns(bench.CountList[:last+1]).since(bench.CountList[:last])
	if len(since) != 1 {
		t.Fatalf("%+v", since)
	}
	s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
	at, want := time.Now(), map[string]int{}
	for i := range 9 {
		r := benchtest.StoredRun(20, at.Add(-time.Duration(i)*7*time.Hour))
		r.Counts.ControlSent = i
		if i%3 == 0 {
			r.Facts.Hidden = true // which makes it invalid
		}
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
		for _, p := range rollup.Periods {
			want[fmt.Sprint(int(p.Seconds()), rollup.Floor(r.End, p), i%3 == 0)] += i
		}
	}
	if _, err := s.db.Exec(since[0].sql); err != nil {
		t.Fatal(err)
	}
	if n := number(t, s.db, "SELECT sum(control_sent) FROM run"); n != 36 {
		t.Errorf("%d in the runs, want 36", n)
	}
	rows, err := s.db.Query("SELECT seconds, start, invalid, control_sent FROM rollup")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var seconds, start, n int
		var invalid bool
		if err := rows.Scan(&seconds, &start, &invalid, &n); err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprint(seconds, start, invalid)
		if n != want[key] {
			t.Errorf("%s: %d, want %d", key, n, want[key])
		}
		delete(want, key)
	}
	if len(want) > 0 || rows.Err() != nil {
		t.Errorf("no sums of %v, %v", want, rows.Err())
	}
}

func number(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
