package benchtest

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"
)

// Query is one that a dashboard of Grafana asks its data source.
type Query struct{ Panel, Text string }

// means are what no percentile may go through.
var means = regexp.MustCompile(`(?i)\b(avg|avg_over_time|mean|moving_average|median)\s*(by\b|\()`)

// Dashboard gives the queries of a dashboard, those of its variables too. It fails the test for one that averages, and
// for a panel that does.
func Dashboard(t *testing.T, path string) (panels, variables []Query) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Templating struct {
			List []struct{ Name, Type, Query string }
		}
		Panels []struct {
			Title, Type string
			Targets     []struct{ Expr, Query string }
			Options     struct {
				Legend        struct{ Calcs []string }
				ReduceOptions struct{ Calcs []string }
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Templating.List {
		if v.Type == "query" {
			variables = append(variables, Query{v.Name, v.Query})
		}
	}
	for _, p := range file.Panels {
		for _, calc := range append(p.Options.Legend.Calcs, p.Options.ReduceOptions.Calcs...) {
			if calc == "mean" || calc == "sum" {
				t.Errorf("%s: %q shows the %s of what may be percentiles", path, p.Title, calc)
			}
		}
		for _, target := range p.Targets {
			q := Query{p.Title, target.Expr + target.Query}
			if means.MatchString(q.Text) {
				t.Errorf("%s: %q averages: %s", path, p.Title, q.Text)
			}
			panels = append(panels, q)
		}
	}
	if len(panels) == 0 || len(variables) == 0 {
		t.Fatalf("%s has %d queries and %d variables", path, len(panels), len(variables))
	}
	return panels, variables
}
