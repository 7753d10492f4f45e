package dashboard

import (
	"net/http"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/stats"
)

// Mesh is what /api/v1/mesh answers: which places measured to which others. Times are Unix seconds.
type Mesh struct {
	Store  string   `json:"store"`
	Since  float64  `json:"since"`
	Until  float64  `json:"until"`
	Cells  []Cell   `json:"cells"`
	Next   *string  `json:"next"` // where the list goes on; null = nowhere
	Errors []string `json:"errors"`
}

// Cell is a series of runs that the echo of another place answered.
type Cell struct {
	From       string                `json:"from"`        // the location of the runner
	To         string                `json:"to"`          // the place of the echo
	ToLocation *string               `json:"to_location"` // where that place is; null where no hub knows it
	Platform   string                `json:"platform"`
	Engine     string                `json:"engine"`
	Transport  string                `json:"transport_class"`
	Path       string                `json:"path"`
	N          int                   `json:"n"` // pings answered in time
	Failed     int                   `json:"failed"`
	Runs       int                   `json:"runs"`
	LeftOut    int                   `json:"runs_left_out"` // invalid ones
	P50        *float64              `json:"p50_rtt"`
	P50CI      *[2]float64           `json:"p50_ci95"` // assumes that pings are independent of each other
	P95        *float64              `json:"p95_rtt"`
	P95CI      *[2]float64           `json:"p95_ci95"`
	Loss       *float64              `json:"packet_loss_rate"`
	LossCI     *[2]float64           `json:"packet_loss_ci95"`
	Verdicts   map[bench.Verdict]int `json:"verdicts"`
	Last       LastRun               `json:"last_run"`
}

func (s *Server) mesh(w http.ResponseWriter, r *http.Request, from reader) {
	t, next, isCSV, ok := s.timelines(w, r, from, 1, func(of bench.Series) bool { return of.Echo != bench.NoPlace })
	if !ok {
		return
	}
	linked(w, r, "/api/v1/mesh", next)
	m := s.newMesh(from.store.String(), t)
	if m.Next = next; isCSV {
		table(s, w, r, m.Cells)
		return
	}
	s.json(w, r, m)
}

func (s *Server) newMesh(store string, t archive.Timelines) Mesh {
	m := Mesh{Store: store, Since: unix(t.Since), Until: unix(t.Until), Cells: []Cell{}, Errors: texts(t.Bad)}
	places := map[string]string{}
	if s.Fleet != nil {
		for _, p := range s.Fleet().Places {
			places[p.Name] = p.Location
		}
	}
	for _, l := range t.List {
		sum := newSum(l.Part)
		c := Cell{From: l.Location, To: l.Echo, Platform: l.Platform, Engine: l.Engine,
			Transport: string(l.Transport), Path: string(l.Path), N: sum.Answered, Failed: sum.Failed, Runs: sum.Runs,
			LeftOut: sum.LeftOut, Loss: sum.Loss, LossCI: sum.LossCI, Verdicts: sum.Verdicts, Last: lastOf(l.Last)}
		if at, known := places[l.Echo]; known {
			c.ToLocation = &at
		}
		c.P50, c.P50CI = withInterval(l.Histogram, 0.5)
		c.P95, c.P95CI = withInterval(l.Histogram, 0.95)
		m.Cells = append(m.Cells, c)
	}
	return m
}

// withInterval is the quantile q of h in milliseconds. The 95 % interval is nil if there are too few pings for one.
func withInterval(h stats.Histogram, q float64) (*float64, *[2]float64) {
	d, ok := h.Quantile(q)
	value := quantityMillis(bench.Quantity{D: d, OK: ok})
	lo, hi, ok := stats.QuantileRanks(int(h.Total()), q)
	if !ok {
		return value, nil
	}
	at := ranks(h)
	return value, &[2]float64{millis(at(lo)), millis(at(hi))}
}

// texts are the texts of errors.
func texts(list []error) []string {
	all := []string{}
	for _, err := range list {
		all = append(all, err.Error())
	}
	return all
}
