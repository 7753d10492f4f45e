package influx

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/stats"
)

// table is what InfluxDB answers to one query of a dashboard.
type table []struct {
	Tags    map[string]string
	Columns []string
	Values  [][]any
}

// asked puts a query to a real InfluxDB as Grafana does, with the header that an InfluxDB 2 wants.
func asked(t *testing.T, o Options, sql string) table {
	t.Helper()
	address := o.URL + "/query?" + url.Values{"db": {o.Database}, "q": {sql}, "epoch": {"ms"}}.Encode()
	r, err := http.NewRequestWithContext(within(t), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Token ")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var said struct {
		Error   string
		Results []struct {
			Error  string
			Series table
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		t.Fatal(err)
	}
	if len(said.Results) != 1 || said.Error+said.Results[0].Error != "" {
		t.Fatalf("%s: %+v", sql, said)
	}
	return said.Results[0].Series
}

// TestTheDashboardOfGrafana puts every query of the dashboard to a real InfluxDB that has runs of all verdicts: each
// gives data, and the figures are those of the runs.
func TestTheDashboardOfGrafana(t *testing.T) {
	o := database(t)
	s := open(t, o)
	defer s.Close()
	end := time.Now().Add(-5 * time.Minute).Truncate(time.Hour).Add(time.Minute).UTC()
	var list []bench.Record
	for i, verdict := range bench.Verdicts {
		r := benchtest.StoredRun(30, end.Add(time.Duration(i)*time.Second/4))
		r.Judged = &bench.Validity{Verdict: verdict}
		list = append(list, bench.NewRecord(r))
		if err := s.Save(within(t), list[i]); err != nil {
			t.Fatal(err)
		}
	}
	panels, variables := benchtest.Dashboard(t, "../../../deploy/grafana/dashboards/influxdb.json")
	filled := strings.NewReplacer("$timeFilter", fmt.Sprintf("time >= %dms and time <= %dms",
		end.Add(-time.Hour).UnixMilli(), end.Add(time.Hour).UnixMilli()), "$window", "1h",
		"$location", "(us-west-2|fra)", "$platform", ".*")
	for _, v := range variables {
		if got := asked(t, o, v.Text); len(got) != 1 || len(got[0].Values) != 1 {
			t.Errorf("the variable %s has %v", v.Panel, got)
		}
	}
	for _, q := range panels {
		sql := filled.Replace(q.Text)
		got := asked(t, o, sql)
		if len(got) == 0 {
			t.Errorf("%q has no data: %s", q.Panel, sql)
			continue
		}
		dashboardShows(t, q, got, list)
	}
}

// dashboardShows holds an answer against the runs, where a figure is known.
func dashboardShows(t *testing.T, q benchtest.Query, got table, list []bench.Record) {
	t.Helper()
	value := func(i int) float64 { v, _ := got[0].Values[i][1].(float64); return v }
	is := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-6 {
			t.Errorf("%q: %s is %g, want %g", q.Panel, what, got, want)
		}
	}
	ms := func(d time.Duration) float64 { return float64(d) / 1e6 }
	switch q.Panel {
	case "P95 of each run": // without the invalid one
		if len(got[0].Values) != 3 {
			t.Fatalf("%d runs, want 3", len(got[0].Values))
		}
		is("the P95 of the first", value(0), ms(list[0].Summary.P95.D))
	case "Percentiles of all pings":
		var all []time.Duration
		for _, r := range list {
			all = append(all, r.Summary.RTTs...)
		}
		slices.Sort(all)
		for _, n := range []int{50, 95, 99} {
			if strings.Contains(q.Text, fmt.Sprintf(", %d)", n)) { // nearest rank, within a neighbour of ours
				d, _ := stats.Quantile(all, float64(n)/100)
				if v := value(0); math.Abs(v-ms(d)) > 0.5 {
					t.Errorf("P%d of all pings is %g, and %g by us", n, v, ms(d))
				}
			}
		}
	case "Loss":
		is("loss", value(0), list[0].Summary.Loss)
	case "Verdicts":
		is("the number of runs", value(0), 1)
	case "Last run of each place":
		if v := fmt.Sprint(got[0].Values[0][1]); v != string(bench.Invalid) {
			t.Errorf("the last run was judged %s", v)
		}
	}
}
