package dashboard

import (
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// TestOverviewIsThatOfTheSeries: the columns have, row by row, what /api/v1/series has of the same runs, and places on
// the map where those have one.
func TestOverviewIsThatOfTheSeries(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	meshed(t, s)
	lonely := benchtest.StoredRun(10, noon.Add(-time.Hour))
	lonely.Location, lonely.Facts.Hidden = "nowhere-7", true // it is invalid, and the only one of its place
	if err := s.Save(t.Context(), bench.NewRecord(lonely)); err != nil {
		t.Fatal(err)
	}
	c := client{t, server(s)}
	for _, filter := range []string{"since=24h", "since=24h&include_invalid=true", "location=fra", "location=mars"} {
		o := into[Overview](t, c.get("/api/v1/overview?"+filter))
		list := into[SeriesList](t, c.get("/api/v1/series?brief=true&"+filter)).List
		if len(o.Location) != len(list) || len(list) == 0 != (filter == "location=mars") {
			t.Fatalf("%s: %d rows for %d series", filter, len(o.Location), len(list))
		}
		for i, x := range list {
			spot, way := o.Locations[o.Location[i]], o.Ways[o.Way[i]]
			got := fmt.Sprint(spot.Name, o.Echoes[o.Echo[i]], way, o.Runs[i], o.LeftOut[i], o.Answered[i], o.Failed[i],
				said(o.P50[i]), said(o.P95[i]), said(o.P99[i]), o.LastEnd[i], o.Validity[i])
			want := fmt.Sprint(x.Location, x.EchoPlace, Way{x.Platform, x.Engine, x.Transport, x.Path}, x.Total.Runs,
				x.Total.LeftOut, x.Total.Answered, x.Total.Failed, said(x.Total.P[2]), said(x.Total.P[5]),
				said(x.Total.P[6]), x.Last.EndTime, x.Last.Verdict)
			if got != want {
				t.Errorf("%s: row %d is\n%s, want\n%s", filter, i, got, want)
			}
			if (spot.Point == nil) != (x.Where == nil) || x.Where != nil && o.Points[*spot.Point] != *x.Where {
				t.Errorf("%s is at %v, want %v", spot.Name, spot.Point, x.Where)
			}
			isCourse(t, o, i, x.P50)
		}
	}
}

func said(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprint(*v)
}

// isCourse holds the course of a row against the medians that it stands for: it is within half a step of each.
func isCourse(t *testing.T, o Overview, row int, medians []*float64) {
	t.Helper()
	if len(o.Course[row]) != len(medians) {
		t.Fatalf("a course of %d parts for %d", len(o.Course[row]), len(medians))
	}
	for i, m := range medians {
		c := o.Course[row][i]
		if m == nil || c == ' ' {
			if m != nil || c != ' ' {
				t.Errorf("row %d, part %d: %q for %s", row, i, c, said(m))
			}
			continue
		}
		step := (*o.Most[row] - *o.Least[row]) / float64(len(heights)-1)
		at := *o.Least[row] + step*float64(strings.IndexByte(heights, c))
		if math.Abs(at-*m) > step/2+1e-9 {
			t.Errorf("row %d, part %d: %q is %g ms, want %g", row, i, c, at, *m)
		}
	}
}

// TestPingsAsATable: a run comes as a line for each ping, in the run's own order, with what is known of it.
func TestPingsAsATable(t *testing.T) {
	s := opened(t)
	c := client{t, server(s)}
	for name, r := range runsOfKinds() {
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
		file := into[struct{ Result result.File }](t, c.get("/api/v1/runs/"+r.ID)).Result.Details.Samples
		rows, err := csv.NewReader(c.get("/api/v1/runs/" + r.ID + "?format=csv").Body).ReadAll()
		if err != nil || len(rows) != 1+len(file.Seq) || len(rows) < 2 {
			t.Fatalf("%s: %d lines for %d pings, %v", name, len(rows), len(file.Seq), err)
		}
		for i, row := range rows[1:] {
			cell := func(name string) string {
				for j, n := range rows[0] {
					if n == name {
						return row[j]
					}
				}
				t.Fatalf("there is no column %s: %v", name, rows[0])
				return ""
			}
			number := func(v *float64) string {
				if v == nil {
					return ""
				}
				return strconv.FormatFloat(*v, 'f', -1, 64)
			}
			reason := ""
			if file.Reason != nil {
				reason = file.Reason[i]
			}
			got := fmt.Sprint(cell("seq"), cell("outcome"), cell("reason"), cell("due_ms"), cell("rtt_ms"),
				cell("hold_ms"))
			want := fmt.Sprint(strconv.Itoa(int(file.Seq[i])), file.Outcome[i], reason, number(&file.Due[i]),
				number(file.RTT[i]), number(file.Hold[i]))
			if got != want {
				t.Errorf("%s, line %d: %s, want %s", name, i, got, want)
			}
			up, down := cell("up_ms"), cell("down_ms")
			if (up == "") != (down == "") {
				t.Errorf("%s, line %d: up %q, down %q", name, i, up, down)
			}
		}
	}
	if w := c.get("/api/v1/runs/beefbeef?format=xml"); w.Code != 400 {
		t.Errorf("format=xml: %d", w.Code)
	}
}
