package dashboard

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"go.uber.org/goleak"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/postgrestest"
	"rtcbench/internal/recent"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/store/postgres"
	"rtcbench/internal/store/sqlite"
)

func TestMain(m *testing.M) {
	result.Platforms = []string{"livekit", "daily"}
	if store := os.Getenv(servesVariable); store != "" {
		os.Exit(servesViewers(store))
	}
	goleak.VerifyTestMain(m)
}

// opened is a new store.
func opened(t testing.TB) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// noon is when the tests are.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// aDay keeps a run an hour of the last day at two places, and one invalid run; the second place is 20 ms slower.
func aDay(t testing.TB, s bench.WholeSaver) {
	t.Helper()
	var list []bench.Record
	for i := range 24 {
		for j, place := range []string{"fra", "us-east-1"} {
			r := benchtest.StoredRun(60, noon.Add(time.Duration(i-24)*time.Hour+20*time.Minute))
			r.Location = place
			r.Facts.Hidden = i == 5 && j == 0 // which makes it invalid
			for k := range r.Samples {
				if r.Samples[k].Outcome == bench.Answered {
					r.Samples[k].RTT = time.Duration(30+20*j+(i+k)%7) * time.Millisecond
				}
			}
			list = append(list, bench.NewRecord(r))
		}
	}
	if _, err := s.SaveAll(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

// quiet is where a Server logs in tests.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func server(s bench.Store) *Server {
	return New(Options{Open: func() (bench.Store, error) { return s, nil }, Log: quiet,
		Now: func() time.Time { return noon }})
}

// client asks a Server, and holds each answer against openapi.json.
type client struct {
	t testing.TB
	s *Server
}

func (c client) get(path string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	return c.do(http.MethodGet, path, header...)
}

func (c client) do(method, path string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:7788"+path, nil)
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusForbidden && w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotModified &&
		w.Header().Get("Content-Encoding") == "" {
		c.check(r, w)
	}
	return w
}

// promises is openapi.json. To read it takes longer than most answers.
var promises = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

// check fails the test for an answer that openapi.json does not promise.
func (c client) check(r *http.Request, w *httptest.ResponseRecorder) {
	c.t.Helper()
	router, err := promises()
	if err != nil {
		c.t.Fatal(err)
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		return // the page, and what is not there
	}
	err = openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 w.Code, Header: w.Result().Header, Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
	if err != nil {
		c.t.Errorf("%s: %d %.300s: %v", r.URL, w.Code, w.Body, err)
	}
}

func into[T any](t testing.TB, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %.300s: %v", w.Code, w.Body, err)
	}
	return v
}

// TestSeriesAreThoseOfHistory: the page shows the figures that rtcbench history prints for the same filter.
func TestSeriesAreThoseOfHistory(t *testing.T) {
	pg, err := postgrestest.New("fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close()
	database, err := postgres.New(t.Context(), postgres.Options{URL: pg.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	for name, s := range map[string]bench.Store{"sqlite": opened(t), "postgres": database} {
		t.Run(name, func(t *testing.T) { seriesAreThoseOfHistory(t, s) })
	}
}

func seriesAreThoseOfHistory(t *testing.T, s bench.Store) {
	aDay(t, s.(bench.WholeSaver))
	c := client{t, server(s)}
	got := into[SeriesList](t, c.get("/api/v1/series?since=24h&parts=24"))
	h, err := archive.History(t.Context(), s, bench.Query{Since: noon.Add(-24 * time.Hour)}, noon)
	if err != nil || len(got.List) != len(h.Courses) || len(got.List) != 2 {
		t.Fatalf("%d series, %v", len(got.List), err)
	}
	for i, course := range h.Courses {
		x := got.List[i]
		p50, _ := course.Histogram.Quantile(0.5)
		p99, _ := course.Histogram.Quantile(0.99)
		if x.Location != course.Location || x.Total.Runs != course.Runs || x.Total.LeftOut != course.LeftOut ||
			*x.Total.P[2] != millis(p50) || *x.Total.P[6] != millis(p99) ||
			x.Total.Answered != course.Counts.Answered {
			t.Errorf("%+v\nwant %+v", x.Total, course)
		}
		for j, part := range x.Parts {
			if part.Runs+part.LeftOut != 1 {
				t.Errorf("part %d has %d runs", j, part.Runs)
			}
		}
	}
	if x := got.List[0]; x.Total.LeftOut != 1 || x.Parts[5].Answered != 0 || x.Total.Verdicts[bench.Invalid] != 1 {
		t.Errorf("the invalid run is not left out: %+v", x.Total)
	}
	if w := got.List[1].Where; w == nil || w.City != "N. Virginia" {
		t.Errorf("us-east-1 is at %+v", w)
	}
	n := 0
	for _, b := range got.List[0].Bins {
		n += b.N
	}
	if n != got.List[0].Total.Answered {
		t.Errorf("the histogram has %d pings of %d", n, got.List[0].Total.Answered)
	}
	brief := into[SeriesList](t, c.get("/api/v1/series?since=24h&parts=24&brief=true"))
	for i, x := range brief.List {
		whole := got.List[i]
		if !reflect.DeepEqual(x.Total, whole.Total) || x.Last != whole.Last && *x.Last.P95 != *whole.Last.P95 ||
			len(x.P50) != 24 || *x.P50[3] != *whole.Parts[3].P[2] || len(x.Parts)+len(x.Curve)+len(x.Bins) > 0 {
			t.Errorf("in brief: %+v", x)
		}
	}
	// the day before is in memory, and what is longer ago is not: it comes from the store
	later := server(s)
	later.Now = func() time.Time { return noon.Add(12 * time.Hour) }
	later.recent = recent.New(later.Now, nil)
	long := into[SeriesList](t, client{t, later}.get("/api/v1/series?since=48h"))
	for i, x := range long.List {
		x.Total.Heat, got.List[i].Total.Heat = nil, nil
		if !reflect.DeepEqual(x.Total, got.List[i].Total) {
			t.Errorf("from the store and from memory: %+v\nwant %+v", x.Total, got.List[i].Total)
		}
	}
	invalid := into[SeriesList](t, c.get("/api/v1/series?since=24h&include_invalid=true&location=fra"))
	if len(invalid.List) != 1 || invalid.List[0].Total.Runs != 24 {
		t.Errorf("%+v", invalid.List)
	}
}

// TestCompareIsThatOfTheCommand: all of it, and place by place.
func TestCompareIsThatOfTheCommand(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	c := client{t, server(s)}
	type comparison struct {
		All struct {
			Verdict string        `json:"verdict"`
			Median  *report.Shift `json:"median_diff_ms"`
		} `json:"all"`
		Places []struct {
			Location string `json:"location_id"`
		} `json:"places"`
	}
	got := into[comparison](t, c.get("/api/v1/compare?a=location=fra&b=location=us-east-1"))
	if got.All.Verdict != "A faster" || got.All.Median == nil || got.All.Median.Value != 20 {
		t.Errorf("%+v", got.All)
	}
	got = into[comparison](t, c.get("/api/v1/compare?a=until=2026-11-26&b=since=2026-11-26"))
	if len(got.Places) != 2 {
		t.Errorf("%+v", got.Places)
	}
}

// TestOneRun: by a part of its ID, with all of its samples.
func TestOneRun(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	c := client{t, server(s)}
	list := into[struct {
		Runs []struct {
			ID string `json:"run_id"`
		} `json:"runs"`
	}](t, c.get("/api/v1/history?last=1"))
	id := list.Runs[0].ID
	run := into[struct {
		Result result.File `json:"result"`
		Curve  []Rank      `json:"curve"`
	}](t, c.get("/api/v1/runs/"+id[len(id)-8:]))
	if run.Result.Metadata.RunID != id || len(run.Curve) == 0 {
		t.Errorf("%+v", run.Result.Metadata)
	}
	for path, status := range map[string]int{
		"/api/v1/runs/beefbeef": 404, "/api/v1/runs/x": 404, "/api/v1/series?since=soon": 400,
		"/api/v1/series?parts=0": 400, "/api/v1/series?platform=zoom": 400, "/api/v1/history?format=xml": 400,
		"/api/v1/history?since=1h&since=2h": 400, "/api/v1/compare?a=location=mars&b=location=fra": 404,
		"/api/v1/compare?a=&b=location=fra": 400, "/api/nothing": 404,
	} {
		if w := c.get(path); w.Code != status {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, status)
		}
	}
}

// TestWhatIsThereAlreadyIsNotSentAgain: an answer that has not changed is a 304.
func TestWhatIsThereAlreadyIsNotSentAgain(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	c := client{t, server(s)}
	path := "/api/v1/series?since=2026-11-25&until=2026-11-26"
	tag := c.get(path).Header().Get("ETag")
	if w := c.get(path, "If-None-Match", tag); tag == "" || w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("%q: %d with %d bytes", tag, w.Code, w.Body.Len())
	}
	if w := c.get(path, "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" {
		t.Error("it is not packed")
	}
}

// TestNewRunsAreTold: who watches hears of a run when the store has it.
func TestNewRunsAreTold(t *testing.T) {
	s := opened(t)
	srv := httptest.NewServer(server(s).Handler())
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/api/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Scan() // it watches
	run := bench.NewRecord(benchtest.StoredRun(5, time.Now()))
	saved := make(chan error, 1)
	go func() { saved <- s.Save(ctx, run) }()
	for lines.Scan() {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			var k kept
			if err := json.Unmarshal([]byte(data), &k); err != nil || k.RunID != run.ID {
				t.Errorf("%s: %v", data, err)
			}
			break
		}
	}
	if err := <-saved; err != nil || ctx.Err() != nil {
		t.Fatal(err, ctx.Err())
	}
}

// TestAStoreThatIsNotThereYet: the page is there, and shows the first run when there is one.
func TestAStoreThatIsNotThereYet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := New(Options{Log: quiet, Open: func() (bench.Store, error) {
		if _, err := os.Stat(path); err != nil {
			return nil, &archive.NoStore{File: path}
		}
		return sqlite.Open(t.Context(), path)
	}})
	defer s.source.close()
	c := client{t, s}
	if got := into[SeriesList](t, c.get("/api/v1/series")); len(got.List) != 0 {
		t.Errorf("%+v", got)
	}
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err != nil {
		t.Fatal(err)
	}
	if got := into[SeriesList](t, c.get("/api/v1/series")); len(got.List) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhereIs(t *testing.T) {
	for name, city := range map[string]string{"fra": "Frankfurt", "FRA-1": "Frankfurt", "us-west-2": "Oregon",
		"us-west-2a": "", "office": "", "iad.rack-7": "Ashburn", "": ""} {
		p := whereIs(name)
		if got := fmt.Sprint(p != nil && p.City == city || p == nil && city == ""); got != "true" {
			t.Errorf("%s is at %+v, want %s", name, p, city)
		}
	}
}
