package dashboard

import (
	"encoding/json"
	"strings"
	"testing"
)

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
