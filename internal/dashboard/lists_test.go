package dashboard

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// runsPage is an answer of /api/v1/runs.
type runsPage struct {
	Runs []struct {
		ID  string  `json:"run_id"`
		End float64 `json:"end_time"`
	} `json:"runs"`
	Next   *string  `json:"next"`
	Errors []string `json:"errors"`
}

// unreadable is a store of which some runs cannot be read.
type unreadable struct {
	bench.Store
	ids []string
}

func (u unreadable) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		for r, err := range u.Store.Runs(ctx, q) {
			if slices.Contains(u.ids, r.ID) {
				r, err = bench.Run{ID: r.ID}, errors.New("it is damaged")
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// TestRunsInPages: whatever the size of a page, all runs are given, each once, the newest first; also where several end
// at one moment, where some cannot be read, and where runs come meanwhile.
func TestRunsInPages(t *testing.T) {
	s := opened(t)
	var list []bench.Record
	for i := range 25 {
		r := benchtest.StoredRun(5, noon.Add(-time.Duration(i/4*(i%3))*time.Minute-time.Second))
		r.Location = []string{"fra", "iad"}[i%2]
		list = append(list, bench.NewRecord(r))
	}
	if _, err := s.SaveAll(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	var want []string
	for r, err := range s.Runs(t.Context(), bench.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r.ID)
	}
	slices.Reverse(want)
	bad := []string{want[3], want[4], want[5], want[6], want[24]}
	for name, x := range map[string]struct {
		store bench.Store
		left  []string
	}{"sqlite": {s, nil}, "some cannot be read": {unreadable{s, bad}, bad}} {
		for _, limit := range []int{1, 2, 3, 7, 24, 25, 26} {
			c := client{t, server(x.store)}
			var got []string
			path := fmt.Sprintf("/api/v1/runs?limit=%d", limit)
			for path != "" {
				w := c.get(path)
				p := into[runsPage](t, w)
				for _, r := range p.Runs {
					got = append(got, r.ID)
				}
				if len(p.Runs) > limit || len(p.Runs) == 0 && p.Next != nil {
					t.Fatalf("%s: %d runs of %d", path, len(p.Runs), limit)
				}
				if path = linkOf(t, w); (path == "") != (p.Next == nil) {
					t.Fatalf("next is %v, the link %q", p.Next, path)
				}
			}
			left := slices.DeleteFunc(slices.Clone(want), func(id string) bool { return slices.Contains(x.left, id) })
			if !slices.Equal(got, left) {
				t.Errorf("%s, pages of %d: %d runs, want %d\n%v\n%v", name, limit, len(got), len(left), got, left)
			}
		}
	}
	c := client{t, server(s)}
	w := c.get("/api/v1/runs?limit=10&location=fra")
	first := into[runsPage](t, w)
	newer := benchtest.StoredRun(5, noon.Add(-time.Millisecond))
	newer.Location = "fra"
	if err := s.Save(t.Context(), bench.NewRecord(newer)); err != nil {
		t.Fatal(err)
	}
	rest := into[runsPage](t, c.get(linkOf(t, w)))
	if len(first.Runs)+len(rest.Runs) != 13 || rest.Next != nil {
		t.Errorf("%d and %d runs of fra, want 13", len(first.Runs), len(rest.Runs))
	}
	older := into[runsPage](t, c.get(linkOf(t, c.get("/api/v1/history?last=20"))))
	if len(older.Runs) != 200 && len(older.Runs) != 6 || older.Runs[0].ID != want[19] {
		t.Errorf("after the last 20 of a history come %d runs", len(older.Runs))
	}
}

var link = regexp.MustCompile(`^<(/api/v1/[a-z]+\?[^>]*)>; rel="next"$`)

// linkOf is where a list goes on; "" = nowhere.
func linkOf(t *testing.T, w interface{ Header() http.Header }) string {
	t.Helper()
	text := w.Header().Get("Link")
	m := link.FindStringSubmatch(text)
	if text != "" && m == nil {
		t.Fatalf("Link: %s", text)
	}
	if m == nil {
		return ""
	}
	return m[1]
}

// TestListsInPages: each list that may be long is the same in pages as at once, and as a table.
func TestListsInPages(t *testing.T) {
	s := opened(t)
	aMesh(t, s)
	srv := server(s)
	srv.Fleet = func() Fleet {
		f := Fleet{Version: "1", Places: []FleetSeat{}}
		for i := range 7 {
			f.Places = append(f.Places, FleetSeat{Name: fmt.Sprint("p-", 9-i), State: "well", Location: "a, \"b\""})
		}
		return f
	}
	c := client{t, srv}
	type answer struct {
		Series, Cells, Places []map[string]any
		Next                  *string
	}
	for path, column := range map[string][2]string{
		"/api/v1/series?since=24h&brief=true": {"platform", "livekit"},
		"/api/v1/mesh?since=24h":              {"from", "sin"}, "/api/v1/fleet?": {"location_id", `a, "b"`},
		"/api/v1/compare?a=until=2026-11-26T10:30:00Z&b=since=2026-11-26T10:30:00Z": {"location_id", "sin"},
	} {
		list := func(a answer) []map[string]any { return slices.Concat(a.Series, a.Cells, a.Places) }
		whole := list(into[answer](t, c.get(path)))
		var pages []map[string]any
		for next := path + "&limit=2"; next != ""; {
			w := c.get(next)
			a := into[answer](t, w)
			if pages, next = append(pages, list(a)...), linkOf(t, w); (next == "") != (a.Next == nil) {
				t.Fatal(next, a.Next)
			}
		}
		if strings.Contains(path, "fleet") {
			slices.Reverse(whole) // it puts those first that somebody has to look at; pages go by name
		}
		if len(whole) < 6 || fmt.Sprint(pages) != fmt.Sprint(whole) {
			t.Errorf("%s: in pages\n%v\nat once\n%v", path, pages, whole)
		}
		rows, err := csv.NewReader(c.get(path + "&format=csv").Body).ReadAll()
		if err != nil || len(rows) < len(whole)+1 {
			t.Fatalf("%s: %d lines, %v", path, len(rows), err)
		}
		at := slices.Index(rows[0], column[0])
		if at < 0 || rows[len(rows)-1][at] != column[1] {
			t.Errorf("%s: %v", path, rows)
		}
	}
	for _, path := range []string{"/api/v1/series?limit=0", "/api/v1/mesh?cursor=%21", "/api/v1/runs?limit=20000",
		"/api/v1/runs?cursor=eHg", "/api/v1/runs?cursor=MS4w", "/api/v1/fleet?format=xml", "/api/v1/compare?cursor=%C3",
		"/api/v1/series?plattform=daily", "/api/v1/fleet?since=1h", "/api/v1/runs?since=x"} {
		if w := c.get(path); w.Code != http.StatusBadRequest || !strings.HasPrefix(w.Body.String(), `{"error":"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestTables: a table has the figures of the answer in JSON.
func TestTables(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	c := client{t, server(s)}
	list := into[SeriesList](t, c.get("/api/v1/series?since=24h&parts=24"))
	rows, err := csv.NewReader(c.get("/api/v1/series?since=24h&parts=24&format=csv").Body).ReadAll()
	if err != nil || len(rows) != 1+2*24 {
		t.Fatal(len(rows), err)
	}
	cell := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	for i, row := range rows[1:] {
		p := list.List[i/24].Parts[i%24]
		want := ""
		if p.P[2] != nil {
			want = strconv.FormatFloat(*p.P[2], 'f', -1, 64)
		}
		if cell(row, "p50_rtt") != want || cell(row, "answered") != strconv.Itoa(p.Answered) ||
			cell(row, "runs_invalid") != strconv.Itoa(p.Verdicts[bench.Invalid]) ||
			cell(row, "location_id") != list.List[i/24].Location {
			t.Errorf("%d: %v, want %+v", i, row, p)
		}
	}
	if cell(rows[6], "p50_rtt") != "" || cell(rows[6], "packet_loss_ci95_lo") != "" { // its run is invalid
		t.Errorf("%v", rows[6])
	}
	runs, err := csv.NewReader(c.get("/api/v1/runs?since=24h&limit=5&format=csv").Body).ReadAll()
	page := into[runsPage](t, c.get("/api/v1/runs?since=24h&limit=5"))
	if err != nil || len(runs) != 6 || runs[1][0] != page.Runs[0].ID || runs[5][0] != page.Runs[4].ID {
		t.Errorf("%v, %v", runs, err)
	}
}
