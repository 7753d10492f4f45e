package dashboard

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/benchtest"
	"rtcbench/web"
)

// aMesh keeps runs of three places that answer each other, each way with a latency of its own, and of one that answers
// itself.
func aMesh(t testing.TB, s bench.WholeSaver) {
	t.Helper()
	places := []string{"fra", "iad", "sin"}
	var list []bench.Record
	for i, from := range places {
		for j, to := range places {
			for n := range 3 {
				r := benchtest.StoredRun(40, noon.Add(-time.Duration(1+n)*time.Hour))
				r.Location, r.Echo.Place = from, to+"-1"
				if i == j {
					r.Echo.Place, r.Echo.Mode = "", "local"
				}
				for k := range r.Samples {
					if r.Samples[k].Outcome == bench.Answered {
						r.Samples[k].RTT = time.Duration(10+100*i+20*j+(k+n)%5) * time.Millisecond
					}
				}
				list = append(list, bench.NewRecord(r))
			}
		}
	}
	if _, err := s.SaveAll(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

// widerThanCells are the texts of a mesh that have no room in their cells.
const widerThanCells = `[...document.querySelectorAll('svg.mesh a')].flatMap((a) => {
	const wide = (e) => e.getBoundingClientRect().width, room = wide(a.querySelector('rect'));
	return [...a.querySelectorAll('text')].filter((e) => wide(e) > room).map((e) => e.textContent);
}).join(', ')`

// TestALargeMesh: also with many places, and where a way takes seconds, each figure stands whole in its cell, and each
// name whole at its row and its column, 10 after 9.
func TestALargeMesh(t *testing.T) {
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	for _, places := range []int{10, 18} {
		t.Run(fmt.Sprint(places), func(t *testing.T) {
			s := opened(t)
			var list []bench.Record
			for i := range places {
				for j := range places {
					r := benchtest.StoredRun(20, noon.Add(-time.Hour))
					r.Location, r.Echo.Place = fmt.Sprintf("eu-central-%d", i+1), fmt.Sprintf("eu-central-%d-a", j+1)
					r.Facts.Hidden = i == 0 && j == 1
					for k := range r.Samples {
						r.Samples[k].RTT = time.Duration(800+30*(i+j)) * time.Millisecond
					}
					list = append(list, bench.NewRecord(r))
				}
			}
			if _, err := s.SaveAll(t.Context(), list); err != nil {
				t.Fatal(err)
			}
			srv := New(Options{Open: func() (bench.Store, error) { return s, nil }, Pages: pages, Log: quiet,
				Now: func() time.Time { return noon }})
			web := httptest.NewServer(srv.Handler())
			t.Cleanup(web.Close)
			p := opensTab(t)
			for _, screen := range []func(){func() {}, p.phone} {
				screen()
				p.open(web.URL + "/?" + p.eval("String(innerWidth)") + "#view=mesh")
				p.shows("svg.mesh .cell")
				if wide := p.eval(widerThanCells); wide != "" {
					t.Errorf("wider than their cells are %s", wide)
				}
				names := strings.Fields(p.eval(`[...document.querySelectorAll('svg.mesh text.label')].map((e) =>
					e.firstChild.data).join(' ')`))
				for _, ending := range []string{"", "-a"} {
					was := -1
					for i := range places {
						at := slices.Index(names, fmt.Sprintf("eu-central-%d%s", i+1, ending))
						if at <= was {
							t.Errorf("eu-central-%d%s is not after the one before: %v", i+1, ending, names)
						}
						was = at
					}
				}
			}
		})
	}
}

// TestMeshIsPartedByEcho: each way from a place to another is a line of its own, in the mesh, in the series and in
// history, with the same figures.
func TestMeshIsPartedByEcho(t *testing.T) {
	s := opened(t)
	aMesh(t, s)
	srv := server(s)
	srv.Fleet = func() Fleet { return Fleet{Places: []FleetSeat{{Name: "iad-1", Location: "iad"}}} }
	c := client{t, srv}
	mesh := into[Mesh](t, c.get("/api/v1/mesh?since=24h"))
	h, err := archive.History(t.Context(), s, bench.Query{Since: noon.Add(-24 * time.Hour)}, noon)
	if err != nil || len(h.Courses) != 9 || len(mesh.Cells) != 6 {
		t.Fatalf("%d lines of history, %d cells, %v", len(h.Courses), len(mesh.Cells), err)
	}
	courses := map[string]bench.Course{}
	for _, c := range h.Courses {
		courses[c.Way()] = c
	}
	for _, x := range mesh.Cells {
		want := courses[x.From+" → "+x.To]
		p50, _ := want.Histogram.Quantile(0.5)
		p95, _ := want.Histogram.Quantile(0.95)
		if x.Runs != 3 || want.Runs != 3 || x.N != want.Counts.Answered || *x.P50 != millis(p50) ||
			*x.P95 != millis(p95) || x.P50CI == nil || x.P50CI[0] > *x.P50 || x.P50CI[1] < *x.P50 || x.Last.ID == "" {
			t.Errorf("%+v, want %+v", x, want.Aggregate)
		}
		if (x.ToLocation != nil && *x.ToLocation == "iad") != (x.To == "iad-1") {
			t.Errorf("%s is at %v", x.To, x.ToLocation)
		}
	}
	series := into[SeriesList](t, c.get("/api/v1/series?since=24h&location=fra&echo_place=sin-1"))
	if len(series.List) != 1 || series.List[0].EchoPlace != "sin-1" || series.List[0].Total.Runs != 3 {
		t.Errorf("%+v", series.List)
	}
	own := into[SeriesList](t, c.get("/api/v1/series?since=24h&echo_place=none"))
	if len(own.List) != 3 || fmt.Sprint(own.List[0].EchoPlace) != bench.NoPlace {
		t.Errorf("%+v", own.List)
	}
	got := into[struct {
		Places []struct {
			Location string `json:"location_id"`
			Echo     string `json:"echo_place"`
		} `json:"places"`
	}](t, c.get("/api/v1/compare?a=until=2026-11-26T10:30:00Z&b=since=2026-11-26T10:30:00Z"))
	if len(got.Places) != 9 || got.Places[1].Echo != "none" || got.Places[0].Echo != "iad-1" {
		t.Errorf("%+v", got.Places)
	}
	if w := c.get("/api/v1/mesh?since=soon"); w.Code != 400 {
		t.Error(w.Code, w.Body)
	}
}
