package dashboard

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestOriginalsFromMemory: once a run has been read, the original's interface does not read it again, and its answers
// are those of the store all the same.
func TestOriginalsFromMemory(t *testing.T) {
	s := &asked{Store: opened(t)}
	for i := range 20 {
		r := benchtest.StoredRun(5, noon.Add(-time.Duration(1+i)*time.Hour-time.Duration(i)*time.Second))
		r.Location = []string{"fra", "us-east-1"}[i%2]
		r.Facts.Hidden = i == 7 // which makes it invalid
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	held, cold := server(s), server(s)
	if err := held.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	paths := []string{"aggregated?hours=24", "aggregated?hours=3&location=fra", "latest", "timeseries?metric=p95_rtt",
		"timeseries?platform=livekit&hours=30", "locations", "latest?hours=0.001"}
	same := func(most int64) {
		t.Helper()
		for _, path := range paths {
			before := s.reads.Load()
			got := client{t, held}.get("/api/results/" + path).Body.String()
			if reads := s.reads.Load() - before; reads > most && !strings.Contains(path, "hours=30") {
				t.Errorf("%s: %d reads, want %d at the most", path, reads, most)
			}
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/api/results/"+path, nil)
			r.SetPathValue("what", r.URL.Path[len("/api/results/"):])
			cold.original(w, r, reader{store: s.Store})
			if want := w.Body.String(); got != want {
				t.Errorf("%s:\n%.1000s\nwant\n%.1000s", path, got, want)
			}
		}
	}
	same(2) // the mark of a look, and the runs
	r := benchtest.StoredRun(5, noon.Add(-time.Minute))
	r.Location = "sgp"
	if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
		t.Fatal(err)
	}
	if err := held.bring(t.Context(), s, false, nil); err != nil {
		t.Fatal(err)
	}
	held.looks.SetBurst(0) // from here on nobody has the store looked at by asking
	if !strings.Contains((client{t, held}).get("/api/results/locations").Body.String(), "sgp") {
		t.Error("the new run is missing")
	}
	same(0)
}

// TestOriginalsInterface answers in the shapes of the original's dashboard.
func TestOriginalsInterface(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	c := client{t, server(s)}
	type sums struct {
		Data  []originalSum  `json:"data"`
		Query map[string]any `json:"query"`
	}
	got := into[sums](t, c.get("/api/results/aggregated?platform=livekit&location=fra&hours=24"))
	found := false
	for _, x := range got.Data {
		if x.Metric == "p50_rtt" {
			found = x.Platform == "livekit" && x.Location == "fra" && x.Count == 23 && x.Min >= 30 && x.Max <= 36
		}
	}
	if !found || got.Query["hours"] != 24.0 {
		t.Errorf("%+v", got)
	}
	if latest := into[sums](t, c.get("/api/results/latest")); len(latest.Data) == 0 || latest.Data[0].Count != 1 {
		t.Errorf("%+v", latest)
	}
	points := into[struct {
		Data []originalPoint `json:"data"`
	}](t, c.get("/api/results/timeseries?metric=p95_rtt&location=us-east-1"))
	if len(points.Data) != 24 || points.Data[0].At != "2026-11-25T12:20:05.950Z" && points.Data[0].Value < 50 {
		t.Errorf("%d points, %+v", len(points.Data), points.Data[0])
	}
	names := into[struct {
		Data []string `json:"data"`
	}](t, c.get("/api/results/locations"))
	if strings.Join(names.Data, " ") != "fra us-east-1" {
		t.Errorf("%v", names.Data)
	}
	for _, path := range []string{"/api/results/aggregated?hours=-1", "/api/results/timeseries?metric=speed",
		"/api/results/latest?hours=NaN"} {
		w := c.get(path)
		var no refusal
		err := json.Unmarshal(w.Body.Bytes(), &no)
		if err != nil || w.Code != 400 || no.Error == "" || no.Details == "" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
