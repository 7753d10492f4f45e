package influx

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

func TestInfluxKeepsTheContract(t *testing.T) {
	benchtest.TestStore(t, func(t *testing.T) benchtest.StoreUnderTest {
		o := database(t)
		return benchtest.StoreUnderTest{
			Level: benchtest.ReadsSamples,
			Open:  func(t *testing.T) bench.Store { return open(t, o) },
			Corrupt: func(t *testing.T, id string) {
				r := ask(t, o, `SELECT * FROM rtcbench_run WHERE run_id = '`+id+`'`)[0]
				at, _ := r.integer("time")
				line := fmt.Sprintf("rtcbench_run,engine=%s,location_id=%s,platform=%s,run_id=%s,transport_class=%s document_000=\"{\" %d\n", r["engine"], r["location_id"], r["platform"], id, r["transport_class"], at)
				s := open(t, o)
				defer s.Close()
				if err := s.write(t.Context(), []byte(line)); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// What the original wrote is there under its names, each once, however often it is written.
func TestTheOriginalsPoints(t *testing.T) {
	o := database(t)
	s := open(t, o)
	defer s.Close()
	r := benchtest.StoredRun(120, time.Now().Add(-time.Hour).Truncate(time.Millisecond))
	r.Location = "fra,1 =x"
	r.Samples[4].Sent = r.Samples[3].Sent // two of one moment are two
	for range 2 {
		if err := s.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	points := ask(t, o, "SELECT round_trip_time, client_to_server, server_to_client, message_number, platform, location_id, run_id FROM latency_measurements")
	want := bench.Summarise(r)
	if len(points) != len(want.RTTs) {
		t.Fatalf("%d points, want %d", len(points), len(want.RTTs))
	}
	first := points[0]
	rtt, _ := first["round_trip_time"].(json.Number).Float64()
	up, _ := first["client_to_server"].(json.Number).Float64()
	down, _ := first["server_to_client"].(json.Number).Float64()
	hold := float64(r.Samples[0].Hold) / 1e6
	if d := rtt - float64(want.RTTs[0])/1e6; d > 1e-6 || d < -1e-6 || up+down+hold-rtt > 1e-6 || first.text("location_id") != "fra,1 =x" || first.text("run_id") != r.ID || first.text("platform") != r.Platform {
		t.Errorf("%+v of %v", first, r.Samples[0])
	}
	sums := ask(t, o, "SELECT * FROM run_summary")
	if len(sums) != 1 {
		t.Fatalf("%d summaries, want 1", len(sums))
	}
	if n, _ := sums[0].integer("total_messages"); int(n) != r.Counts.Settled() || !sums[0].time().Equal(r.End) || sums[0]["packet_loss_rate"] == nil {
		t.Errorf("%+v, want %d messages at %v", sums[0], r.Counts.Settled(), r.End)
	}
	if own := ask(t, o, "SELECT p95_rtt, schema_version, engine, transport_class FROM rtcbench_run"); len(own) != 1 || own[0].text("engine") != r.Facts.Engine || own[0].text("transport_class") != string(r.Facts.Transport) {
		t.Errorf("%+v", own)
	}
}

// More runs than a page, many of them of one moment, and a long one.
func TestPages(t *testing.T) {
	o := database(t)
	s := open(t, o)
	defer s.Close()
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	want := map[string]bool{}
	var lines []byte
	add := func(r bench.Run) {
		batches, err := pointsOf(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			lines = append(lines, b...)
		}
		want[r.ID] = true
	}
	for i := range 2*pageSize + 50 {
		add(benchtest.StoredRun(1, at.Add(time.Duration(i/pageSize*(i%3))*time.Second)))
	}
	if err := s.write(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	long := benchtest.StoredRun(9000, at.Add(time.Minute))
	if err := s.Save(t.Context(), long); err != nil {
		t.Fatal(err)
	}
	want[long.ID] = true
	list, err := runs(s, t.Context(), bench.Query{Samples: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range list {
		if !want[r.ID] || i > 0 && r.End.Before(list[i-1].End) {
			t.Fatalf("run %d, %s, is one too many or not in order", i, r.ID)
		}
		delete(want, r.ID)
	}
	if len(want) != 0 {
		t.Errorf("%d runs did not come", len(want))
	}
	if n := len(list[len(list)-1].Samples); n != len(long.Samples) {
		t.Errorf("%d samples of the long one, want %d", n, len(long.Samples))
	}
	if list, err = runs(s, t.Context(), bench.Query{Limit: pageSize + 10}); err != nil || len(list) != pageSize+10 {
		t.Errorf("%d runs, %v", len(list), err)
	}
}

func TestVictoriaMetricsIsWrittenTo(t *testing.T) {
	o := Options{URL: victoria.start(t, launchVictoria, "/health"), Database: "any"}
	benchtest.TestStore(t, func(t *testing.T) benchtest.StoreUnderTest {
		return benchtest.StoreUnderTest{Level: benchtest.Writes, Open: func(t *testing.T) bench.Store { return open(t, o) }}
	})
	s := open(t, o)
	defer s.Close()
	r := benchtest.StoredRun(40, time.Now().Add(-time.Hour).Truncate(time.Millisecond))
	r.Location = `with "quotes", a comma`
	for range 2 {
		if err := s.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	export := func(match string) string {
		get(t, o.URL+"/internal/force_flush")
		return get(t, o.URL+"/api/v1/export?reduce_mem_usage=0&match[]="+url.QueryEscape(match))
	}
	var series struct {
		Metric map[string]string
		Values []float64
	}
	text := export(`latency_measurements_round_trip_time{run_id="` + r.ID + `"}`)
	if err := json.Unmarshal([]byte(text), &series); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	// It keeps milliseconds, and a point written twice twice: it drops doubles when it merges.
	if n := len(bench.Summarise(r).RTTs); len(series.Values) != n && len(series.Values) != 2*n || series.Metric["location_id"] != r.Location {
		t.Errorf("%d values of %+v, want %d", len(series.Values), series.Metric, n)
	}
	if text := export(`rtcbench_run_p95_rtt{run_id="` + r.ID + `"}`); !strings.Contains(text, `"engine":"`+r.Facts.Engine+`"`) {
		t.Error(text)
	}
	_, err := runs(s, t.Context(), bench.Query{})
	if err == nil || !strings.Contains(err.Error(), "answers no InfluxQL") || strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("reading it: %v", err)
	}
}

// A run that was measured while the server was away is there once it is back.
func TestAServerThatComesBack(t *testing.T) {
	address := freePort()
	s := open(t, Options{URL: "http://" + address, Database: "back"})
	defer s.Close()
	r := benchtest.StoredRun(10, time.Now().Truncate(time.Millisecond))
	err := s.Save(t.Context(), r)
	if err == nil || isRejected(err) || !strings.Contains(err.Error(), "connection refused") {
		t.Fatalf("without a server: %v", err)
	}
	_, stop, err := run(launchInflux, address, "/ping")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := s.Save(t.Context(), r); err == nil || isRejected(err) || !strings.Contains(err.Error(), "store init") {
		t.Fatalf("without the database: %v", err)
	}
	if _, err := runs(s, t.Context(), bench.Query{}); err == nil || !strings.Contains(err.Error(), "store init") {
		t.Errorf("reading without the database: %v", err)
	}
	if _, err := s.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if list, err := runs(s, t.Context(), bench.Query{ID: r.ID}); err != nil || len(list) != 1 {
		t.Errorf("%d runs, %v", len(list), err)
	}
	// A field of another type, and what is older than the server keeps: it will never take that.
	if err := s.write(t.Context(), fmt.Appendf(nil, "run_summary total_messages=\"many\" %d\n", r.End.UnixNano())); !isRejected(err) || !strings.Contains(err.Error(), "conflict") {
		t.Errorf("another type: %v", err)
	}
	for _, err := range s.query(t.Context(), "POST", `CREATE RETENTION POLICY "short" ON "back" DURATION 1h REPLICATION 1 DEFAULT`) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Save(t.Context(), benchtest.StoredRun(10, time.Now().Add(-48*time.Hour))); !isRejected(err) || !strings.Contains(err.Error(), "retention") {
		t.Errorf("beyond retention: %v", err)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{}, {URL: "localhost:8086", Database: "x"}, {URL: "ftp://x", Database: "x"}, {URL: "http://h"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if left, _ := filepath.Glob("*.conf"); len(left) > 0 {
		t.Error(left)
	}
}
