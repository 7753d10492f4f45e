package postgres

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestVersion1: a database of before summed up runs of one location whatever place's echo answered. Whoever reads says
// so; whoever saves parts them.
func TestVersion1(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	noon := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
	var ids []string
	for i := range 4 {
		r := benchtest.StoredRun(40, noon.Add(time.Duration(i)*10*time.Minute))
		r.Facts.ICE, ids = nil, append(ids, r.ID)
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	name := nameIn(url)
	server.SQL(t, name, `ALTER TABLE rtcbench.series DROP echo;
		ALTER TABLE rtcbench.series ADD UNIQUE (platform, location, engine, transport);
		ALTER TABLE rtcbench.run DROP verdict, DROP p95;
		UPDATE rtcbench.about SET version = 1`)
	for i, place := range map[int]string{0: "sin-1", 1: "iad-1", 3: "sin-1"} {
		server.SQL(t, name, `UPDATE rtcbench.run SET document = replace(document::text, '"mode":"remote"',
			'"mode":"remote","place":"`+place+`"')::json WHERE id = '`+ids[i]+`'`)
	}
	reader := opened(t, url)
	if _, err := reader.Aggregate(t.Context(), bench.Query{}); !errors.Is(err, errOlder) {
		t.Errorf("to be read: %v", err)
	}
	later := opened(t, url)
	more := benchtest.StoredRun(40, noon.Add(5*time.Minute))
	more.Facts.ICE, more.Echo.Place = nil, "iad-1"
	if err := later.Save(t.Context(), bench.NewRecord(more)); err != nil {
		t.Fatal(err)
	}
	sums, err := later.Aggregate(t.Context(), bench.Query{})
	var got []string
	for _, a := range sums {
		got = append(got, fmt.Sprintf("%d by %s: %d sent", a.Runs, a.Echo, a.Counts.Sent))
	}
	want := []string{"2 by iad-1: 80 sent", "1 by none: 40 sent", "2 by sin-1: 80 sent"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if err := later.Check(t.Context()); err != nil {
		t.Error(err)
	}
	n := 0
	for d, err := range later.Digests(t.Context(), bench.Query{Echo: "sin-1"}, nil) {
		if n++; err != nil || d.Verdict == "" || d.Series.Echo != "sin-1" {
			t.Errorf("%+v, %v", d, err)
		}
	}
	if n != 2 {
		t.Errorf("%d digests", n)
	}
}
