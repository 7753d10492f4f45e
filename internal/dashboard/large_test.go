package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/report"
)

// long reports whether tests have the counts of make test-long.
func long() bool { return os.Getenv("RTCBENCH_LONG") != "" }

// TestPlacesOverDays: over a store of many places and days, what the views ask for are the figures of history and of
// compare for the same filter. It prints how long each answer took; with RTCBENCH_LONG=1 it has 50 places over 30 days.
func TestPlacesOverDays(t *testing.T) {
	f := filling{series: 4, runs: 3 * 48, every: 30 * time.Minute, pings: 60}
	if long() {
		f = filling{series: 50, runs: 30 * 288, every: 5 * time.Minute, pings: 120}
	}
	s := opened(t)
	f.into(t, s)
	srv := server(s)
	if err := srv.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		path string
		q    bench.Query
	}{
		{"/api/v1/series?since=24h&brief=true", bench.Query{Since: noon.Add(-24 * time.Hour)}},
		{"/api/v1/series?since=30d&parts=96&location=place-00001",
			bench.Query{Since: noon.Add(-30 * 24 * time.Hour), Location: "place-00001"}},
		{"/api/v1/series?since=30d&parts=96&location=place-00001&include_invalid=true",
			bench.Query{Since: noon.Add(-30 * 24 * time.Hour), Location: "place-00001", Invalid: true}},
		{"/api/v1/series?since=50h&until=2h&brief=true",
			bench.Query{Since: noon.Add(-50 * time.Hour), Until: noon.Add(-2 * time.Hour)}},
	} {
		isHistory(t, srv, s, x.path, x.q)
	}
	got := timed(t, srv, "/api/v1/compare?a=location=place-00001,since=24h&b=location=place-00002,since=24h")
	day := func(place string) bench.Query { return bench.Query{Location: place, Since: noon.Add(-24 * time.Hour)} }
	var groups [2]report.Group
	for i, place := range []string{"place-00001", "place-00002"} {
		side := archive.Side{Name: "location=" + place + ",since=24h", Filter: archive.Filter{Query: day(place)}}
		var err error
		groups[i], err = side.Group(t.Context(), archive.Reader{Say: func(error) {},
			Store: func() (bench.Store, error) { return s, nil }}, false)
		if err != nil {
			t.Fatal(err)
		}
	}
	want, err := json.Marshal(report.CompareGroups(groups[0], groups[1], report.Against{}))
	var c struct{ All json.RawMessage }
	if unread := json.Unmarshal(got, &c); err != nil || unread != nil || !bytes.Equal(c.All, want) {
		t.Errorf("%.600s\nwant %.600s, %v, %v", c.All, want, err, unread)
	}
}

// TestManySeries: the map of many series has the figures of history; with RTCBENCH_LONG=1 of 10,000.
func TestManySeries(t *testing.T) {
	f := filling{series: 300, runs: 2, every: time.Hour, pings: 60}
	if long() {
		f.series = 10_000
	}
	s := opened(t)
	f.into(t, s)
	srv := server(s)
	if err := srv.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	isHistory(t, srv, s, "/api/v1/series?since=24h&brief=true", bench.Query{Since: noon.Add(-24 * time.Hour)})
	var o Overview
	if err := json.Unmarshal(timed(t, srv, "/api/v1/overview?since=24h"), &o); err != nil || len(o.P95) != f.series {
		t.Errorf("%d rows, %v", len(o.P95), err)
	}
}

// timed is what path answers, and prints how long that took.
func timed(t *testing.T, srv *Server, path string) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	begun := time.Now()
	srv.Handler().ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1"+path, nil))
	t.Logf("%8.1f ms, %7d bytes: %s", millis(time.Since(begun)), w.Body.Len(), path)
	if w.Code != 200 {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// isHistory holds the series of path against the history of q.
func isHistory(t *testing.T, srv *Server, s bench.Store, path string, q bench.Query) {
	t.Helper()
	var list SeriesList
	if err := json.Unmarshal(timed(t, srv, path), &list); err != nil {
		t.Fatal(err)
	}
	q.Limit = 1
	h, err := archive.History(t.Context(), s, q, noon)
	if err != nil || len(h.Courses) != len(list.List) || len(list.List) == 0 {
		t.Fatalf("%s: %d series, history has %d, %v", path, len(list.List), len(h.Courses), err)
	}
	for i, want := range h.Courses {
		x := list.List[i]
		bad := x.Location != want.Location || x.Total.Runs != want.Runs || x.Total.LeftOut != want.LeftOut ||
			x.Total.Answered != want.Counts.Answered || x.Total.Failed != want.Counts.Failed() ||
			x.Total.NotSent != want.Counts.NotSent
		for j, level := range Levels {
			d, ok := want.Histogram.Quantile(level)
			bad = bad || ok != (x.Total.P[j] != nil) || ok && math.Abs(*x.Total.P[j]-millis(d)) > 0
		}
		if bad {
			t.Errorf("%s: %s", path, fmt.Sprintf("%+v\nwant %+v", x.Total, want.Aggregate))
			return
		}
	}
}
