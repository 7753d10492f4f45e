package dashboard

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// The interface of the original tool's dashboard, with its JSON shapes: programs that use that dashboard keep working.

type originalAnswer struct {
	Data  any            `json:"data"`
	Query map[string]any `json:"query"`
}

type originalSum struct {
	Platform string  `json:"platform"`
	Location string  `json:"location_id"`
	Metric   string  `json:"metric_name"`
	Avg      float64 `json:"avg_value"`
	Min      float64 `json:"min_value"`
	Max      float64 `json:"max_value"`
	Count    int     `json:"sample_count"`
	Period   string  `json:"time_period"`
}

type originalPoint struct {
	Platform string  `json:"platform"`
	Location string  `json:"location_id"`
	Metric   string  `json:"metric_name"`
	Value    float64 `json:"value"`
	At       string  `json:"timestamp"`
}

const mostHours = 24 * 366

func (s *Server) original(w http.ResponseWriter, r *http.Request, from reader) {
	answer, known := map[string]func([]bench.Record, *http.Request) any{
		"aggregated": s.originalSums, "latest": s.originalLatest, "timeseries": s.originalPoints,
		"locations": s.originalLocations,
	}[r.PathValue("what")]
	if !known {
		refuse(w, http.StatusNotFound, "there is nothing here")
		return
	}
	v := r.URL.Query()
	since, hours, err := s.originalSince(r)
	if err != nil {
		s.refuseOriginal(w, err.Error())
		return
	}
	if m := v.Get("metric"); m != "" && !slices.Contains(metrics(), m) {
		s.refuseOriginal(w, fmt.Sprintf("metric=%s is not one of %v", quoted(m), metrics()))
		return
	}
	q := bench.Query{Platform: v.Get("platform"), Location: v.Get("location"), Since: since}
	runs := []bench.Record{}
	for run, err := range from.store.Runs(r.Context(), q) {
		switch {
		case err == nil:
			if record := bench.NewRecord(run); !q.LeavesOut(record) {
				runs = append(runs, record)
			}
		case !bench.ReadsOn(run, err):
			s.failed(w, r, err)
			return
		}
	}
	asked := map[string]any{"hours": hours}
	for _, key := range []string{"platform", "location", "metric"} {
		if v.Get(key) != "" {
			asked[key] = v.Get(key)
		}
	}
	s.json(w, r, originalAnswer{answer(runs, r), asked})
}

// originalSince is the time since which r asks for runs: so many hours ago.
func (s *Server) originalSince(r *http.Request) (since time.Time, hours float64, err error) {
	text := cmp.Or(r.URL.Query().Get("hours"), "24")
	hours, err = strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(hours) || hours <= 0 || hours > mostHours {
		return since, hours, fmt.Errorf("hours=%s is not a number above 0 and up to %d", quoted(text), mostHours)
	}
	return s.Now().Add(-time.Duration(hours * float64(time.Hour))), hours, nil
}

func (s *Server) refuseOriginal(w http.ResponseWriter, details string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	result.WriteJSON(w, refusal{"Invalid query parameters", details})
}

func metrics() (list []string) {
	for _, x := range result.StatisticList {
		list = append(list, x.Key)
	}
	return list
}

// place is the key by which the original tool groups.
type place struct{ platform, location, metric string }

// values calls yield with each statistic of each run.
func values(runs []bench.Record, yield func(p place, v float64, r bench.Record)) {
	for _, r := range runs {
		t := result.StatisticsOf(r)
		for _, x := range result.StatisticList {
			if v, known := x.In(t); known {
				yield(place{r.Platform, bench.SeriesOf(r.Run).Location, x.Key}, v, r)
			}
		}
	}
}

func (s *Server) originalSums(runs []bench.Record, r *http.Request) any {
	return sums(runs, cmp.Or(r.URL.Query().Get("hours"), "24")+"h")
}

// originalLatest is the newest run of each platform and location.
func (s *Server) originalLatest(runs []bench.Record, _ *http.Request) any {
	newest := map[place]bench.Record{}
	for _, r := range runs {
		newest[place{r.Platform, bench.SeriesOf(r.Run).Location, ""}] = r
	}
	list := []bench.Record{}
	for _, r := range newest {
		list = append(list, r)
	}
	return sums(list, "latest")
}

func sums(runs []bench.Record, period string) []originalSum {
	all := map[place]*originalSum{}
	values(runs, func(p place, v float64, _ bench.Record) {
		if all[p] == nil {
			all[p] = &originalSum{p.platform, p.location, p.metric, 0, v, v, 0, period}
		}
		x := all[p]
		x.Avg, x.Min, x.Max, x.Count = x.Avg+v, min(x.Min, v), max(x.Max, v), x.Count+1
	})
	list := []originalSum{}
	for _, x := range all {
		x.Avg /= float64(x.Count)
		list = append(list, *x)
	}
	slices.SortFunc(list, func(a, b originalSum) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Location, b.Location),
			cmp.Compare(a.Metric, b.Metric))
	})
	return list
}

func (s *Server) originalPoints(runs []bench.Record, r *http.Request) any {
	metric := cmp.Or(r.URL.Query().Get("metric"), "mean_rtt")
	list := []originalPoint{}
	values(runs, func(p place, v float64, r bench.Record) {
		if p.metric == metric {
			list = append(list, originalPoint{p.platform, p.location, p.metric, v,
				r.End.UTC().Format("2006-01-02T15:04:05.000Z")})
		}
	})
	return list
}

func (s *Server) originalLocations(runs []bench.Record, _ *http.Request) any {
	list := []string{}
	for _, r := range runs {
		list = append(list, bench.SeriesOf(r.Run).Location)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
