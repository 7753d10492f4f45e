package influx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
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
			Level:   benchtest.ReadsSamples,
			Open:    func(t *testing.T) bench.Store { return open(t, o) },
			Corrupt: func(t *testing.T, id string) { corrupt(t, o, id) },
			Alter:   func(t *testing.T, id, from, to string) { alter(t, o, id, from, to) },
		}
	})
}

// corrupt writes over a part of a run.
func corrupt(t *testing.T, o Options, id string) {
	t.Helper()
	rewrite(t, o, id, "document_000", func(string) string { return "{" })
}

// alter replaces a text in its document.
func alter(t *testing.T, o Options, id, from, to string) {
	t.Helper()
	for i := range 10 {
		rewrite(t, o, id, fmt.Sprintf("document_%03d", i), func(s string) string {
			return strings.Replace(s, from, to, 1)
		})
	}
}

func rewrite(t *testing.T, o Options, id, field string, change func(string) string) {
	t.Helper()
	r := ask(t, o, `SELECT * FROM rtcbench_run WHERE run_id = '`+id+`'`)[0]
	at, _ := r.integer("time")
	was, ok := r[field].(string)
	if !ok || was == change(was) {
		return
	}
	text := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(change(was))
	line := fmt.Sprintf("rtcbench_run,engine=%s,location_id=%s,platform=%s,run_id=%s,transport_class=%s %s=\"%s\" %d\n",
		r["engine"], r["location_id"], r["platform"], id, r["transport_class"], field, text, at)
	s := open(t, o)
	defer s.Close()
	if err := s.write(within(t), []byte(line)); err != nil {
		t.Fatal(err)
	}
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
		if err := s.Save(within(t), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	points := ask(t, o, "SELECT round_trip_time, client_to_server, server_to_client, message_number, platform, "+
		"location_id, run_id FROM latency_measurements")
	want := bench.Summarise(r)
	if len(points) != len(want.RTTs) {
		t.Fatalf("%d points, want %d", len(points), len(want.RTTs))
	}
	first := points[0]
	rtt, _ := first["round_trip_time"].(json.Number).Float64()
	up, _ := first["client_to_server"].(json.Number).Float64()
	down, _ := first["server_to_client"].(json.Number).Float64()
	hold := float64(r.Samples[0].Hold) / 1e6
	if d := rtt - float64(want.RTTs[0])/1e6; d > 1e-6 || d < -1e-6 || up+down+hold-rtt > 1e-6 ||
		first.text("location_id") != "fra,1 =x" || first.text("run_id") != r.ID ||
		first.text("platform") != r.Platform {
		t.Errorf("%+v of %v", first, r.Samples[0])
	}
	sums := ask(t, o, "SELECT * FROM run_summary")
	if len(sums) != 1 {
		t.Fatalf("%d summaries, want 1", len(sums))
	}
	if n, _ := sums[0].integer("total_messages"); int(n) != r.Counts.Settled() || !sums[0].time().Equal(r.End) ||
		sums[0]["packet_loss_rate"] == nil {
		t.Errorf("%+v, want %d messages at %v", sums[0], r.Counts.Settled(), r.End)
	}
	if own := ask(t, o, "SELECT p95_rtt, schema_version, verdict, engine, transport_class FROM rtcbench_run"); len(
		own) != 1 || own[0].text("verdict") != string(want.Validity.Verdict) ||
		own[0].text("engine") != r.Facts.Engine || own[0].text("transport_class") != string(r.Facts.Transport) {
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
		batches, err := pointsOf(bench.NewRecord(r))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			lines = append(lines, b...)
		}
		want[r.ID] = true
	}
	for i := range 3*pageOfSamples + 5 {
		add(benchtest.StoredRun(1, at.Add(time.Duration(i/pageOfSamples*(i%3))*time.Second)))
	}
	if err := s.write(within(t), lines); err != nil {
		t.Fatal(err)
	}
	long := benchtest.StoredRun(6000, at.Add(time.Minute))
	if err := s.Save(within(t), bench.NewRecord(long)); err != nil {
		t.Fatal(err)
	}
	want[long.ID] = true
	list, err := runs(s, within(t), bench.Query{Samples: true})
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
	if list, err = runs(s, within(t), bench.Query{Limit: pageOfSamples + 10, Samples: true}); err != nil ||
		len(list) != pageOfSamples+10 {
		t.Errorf("%d runs, %v", len(list), err)
	}
}

func TestVictoriaMetricsIsWrittenTo(t *testing.T) {
	o := Options{URL: victoria.start(t, launchVictoria, "/health"), Database: "any"}
	benchtest.TestStore(t, func(t *testing.T) benchtest.StoreUnderTest {
		return benchtest.StoreUnderTest{Level: benchtest.Writes, Open: func(t *testing.T) bench.Store {
			return open(t, o)
		}}
	})
	s := open(t, o)
	defer s.Close()
	r := benchtest.StoredRun(40, time.Now().Add(-time.Hour).Truncate(time.Millisecond))
	r.Location = `with "quotes", a comma`
	for range 2 {
		if err := s.Save(within(t), bench.NewRecord(r)); err != nil {
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
	if n := len(bench.Summarise(r).RTTs); len(series.Values) != n || series.Metric["location_id"] != r.Location {
		t.Errorf("%d values of %+v, want %d", len(series.Values), series.Metric, n)
	}
	for field, want := range map[string]float64{"total_messages": 40, "successful_messages": float64(r.Counts.Answered),
		"failed_messages": float64(r.Counts.Failed()), "packet_loss_rate": bench.Summarise(r).Loss} {
		series.Values = nil
		text := export(`run_summary_` + field + `{run_id="` + r.ID + `"}`)
		if err := json.Unmarshal([]byte(text), &series); err != nil || len(series.Values) != 1 ||
			series.Values[0] != want {
			t.Errorf("%s: %v, %s; want %v once", field, err, text, want)
		}
	}
	if text := export(`rtcbench_run_p95_rtt{run_id="` + r.ID + `"}`); !strings.Contains(text, `"engine":"`+
		r.Facts.Engine+`"`) {
		t.Error(text)
	}
	_, err := runs(s, within(t), bench.Query{})
	if err == nil || !strings.Contains(err.Error(), "answers no InfluxQL") || strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("reading it: %v", err)
	}
	// it takes CREATE DATABASE, and makes none
	if made, err := s.Init(within(t), bench.Retention{}); err != nil || made != nil {
		t.Errorf("init made %v, %v", made, err)
	}
}

// A run that was measured while the server was away is there once it is back.
func TestAServerThatComesBack(t *testing.T) {
	address := freePort()
	s := open(t, Options{URL: "http://" + address, Database: "back"})
	defer s.Close()
	r := benchtest.StoredRun(10, time.Now().Truncate(time.Millisecond))
	err := s.Save(within(t), bench.NewRecord(r))
	if err == nil || isRejected(err) || !strings.Contains(err.Error(), "connection refused") {
		t.Fatalf("without a server: %v", err)
	}
	_, stop, err := run(launchInflux, t.TempDir(), address, "/ping")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := s.Save(within(t), bench.NewRecord(r)); err == nil || isRejected(err) ||
		!strings.Contains(err.Error(), "make it") {
		t.Fatalf("without the database: %v", err)
	}
	if _, err := runs(s, within(t), bench.Query{}); err == nil || !strings.Contains(err.Error(), "make it") {
		t.Errorf("reading without the database: %v", err)
	}
	if _, err := s.Init(within(t), bench.Retention{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(within(t), bench.NewRecord(r)); err != nil {
		t.Fatal(err)
	}
	if list, err := runs(s, within(t), bench.Query{ID: r.ID}); err != nil || len(list) != 1 {
		t.Errorf("%d runs, %v", len(list), err)
	}
	// A field of another type, and what is older than the server keeps: it will never take that.
	if err := s.write(within(t), fmt.Appendf(nil, "run_summary total_messages=\"many\" %d\n",
		r.End.UnixNano())); !isRejected(err) || !strings.Contains(err.Error(), "conflict") {
		t.Errorf("another type: %v", err)
	}
	for _, err := range s.query(within(t), "POST", `CREATE RETENTION POLICY "short" ON "back" DURATION 1h `+
		`REPLICATION 1 DEFAULT`) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Save(within(t), bench.NewRecord(benchtest.StoredRun(10, time.Now().Add(-48*time.Hour)))); !isRejected(
		err) || !strings.Contains(err.Error(), "retention") {
		t.Errorf("beyond retention: %v", err)
	}
}

// Version 1 with authentication: USER:PASSWORD is the token. A wrong one may be mended; what a user may not do stays
// so.
func TestUserAndPassword(t *testing.T) {
	url, stop, err := run(func(dir, address string) ([]string, error) {
		args, err := launchInflux(dir, address)
		if err != nil {
			return nil, err
		}
		config, err := os.ReadFile(args[3])
		if err != nil {
			return nil, err
		}
		return args,
			os.WriteFile(args[3], bytes.Replace(config, []byte("[http]"), []byte("[http]\nauth-enabled = true"), 1),
				0o600)
	}, t.TempDir(), freePort(), "/ping")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	as := func(token string) *Store {
		s := open(t, Options{URL: url, Token: token, Database: "locked"})
		t.Cleanup(func() { s.Close() })
		return s
	}
	tell := func(s *Store, sql string) {
		t.Helper()
		for _, err := range s.query(within(t), "POST", sql) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	tell(as(""), `CREATE USER chief WITH PASSWORD 'a: "secret"' WITH ALL PRIVILEGES`)
	chief := as(`chief:a: "secret"`)
	if made, err := chief.Init(within(t), bench.Retention{}); err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	tell(chief, `CREATE USER reader WITH PASSWORD 'hidden-word'`)
	tell(chief, `GRANT READ ON locked TO reader`)
	r := benchtest.StoredRun(10, time.Now().Add(-time.Hour))
	for token, rejected := range map[string]bool{"": false, "chief:wrong-word": false, "a-token-of-version-2": false,
		"reader:hidden-word": true} {
		s := as(token)
		err := s.Save(within(t), bench.NewRecord(r))
		if err == nil || isRejected(err) != rejected || token != "" &&
			strings.Contains(err.Error(), token[strings.Index(token, ":")+1:]) {
			t.Errorf("as %q: %v", token, err)
		}
	}
	if err := chief.Save(within(t), bench.NewRecord(r)); err != nil {
		t.Fatal(err)
	}
	if list, err := runs(as("reader:hidden-word"), within(t), bench.Query{Samples: true}); err != nil ||
		len(list) != 1 {
		t.Errorf("%d runs, %v", len(list), err)
	}
	if _, err := runs(as("reader:wrong-word"), within(t), bench.Query{}); err == nil ||
		!strings.Contains(err.Error(), "does not accept the token") || strings.Contains(err.Error(), "wrong-word") {
		t.Error(err)
	}
}
