package dashboard

import (
	"math"
	"net/http"

	"rtcbench/bench"
	"rtcbench/internal/archive"
)

// Overview is what /api/v1/overview answers: what the map and the list of all series show, and no more. The series are
// stored as columns: row i of each column belongs to series i. Values that many series share stand in lists of their
// own, and the columns hold indexes into these lists.
type Overview struct {
	Store  string   `json:"store"`
	Since  float64  `json:"since"`
	Until  float64  `json:"until"`
	Errors []string `json:"errors"`

	Points    []Point  `json:"points"` // places on the map
	Locations []Spot   `json:"locations"`
	Echoes    []string `json:"echoes"` // places whose echo answered; none = no other place's
	Ways      []Way    `json:"ways"`

	Location []int           `json:"location"` // index into Locations
	Echo     []int           `json:"echo"`     // index into Echoes
	Way      []int           `json:"way"`      // index into Ways
	Runs     []int           `json:"runs"`
	LeftOut  []int           `json:"runs_left_out"` // invalid ones
	Answered []int           `json:"answered"`
	Failed   []int           `json:"failed"`
	P50      []*float64      `json:"p50"` // of the merged distribution, as P95 and P99
	P95      []*float64      `json:"p95"`
	P99      []*float64      `json:"p99"`
	LastEnd  []float64       `json:"last_end"`
	Validity []bench.Verdict `json:"validity"` // of the last run
	// the medians of 48 equal parts of the time, a character each: 0 to z stand for 36 equal steps from Least to Most,
	// and a space for a part without a ping
	Course []string   `json:"course"`
	Least  []*float64 `json:"least"`
	Most   []*float64 `json:"most"`
}

// Spot is a location and its point on the map.
type Spot struct {
	Name  string `json:"location_id"`
	Point *int   `json:"point"` // index into Points; null = not known
}

// Way is what carried the messages, and the path that they took.
type Way struct {
	Platform  string `json:"platform"`
	Engine    string `json:"engine"`
	Transport string `json:"transport_class"`
	Path      string `json:"path"`
}

func (s *Server) overview(w http.ResponseWriter, r *http.Request, from reader) {
	q, err := s.filters(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	t, err := s.timelinesOf(r.Context(), from, q, defaultParts)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.json(w, r, newOverview(from.store.String(), t, s.where()))
}

func newOverview(store string, t archive.Timelines, where func(location string) *Point) Overview {
	n := len(t.List)
	o := Overview{Store: store, Since: unix(t.Since), Until: unix(t.Until), Errors: texts(t.Bad), Locations: []Spot{},
		Location: make([]int, n), Echo: make([]int, n), Way: make([]int, n), Runs: make([]int, n),
		LeftOut: make([]int, n), Answered: make([]int, n), Failed: make([]int, n), P50: make([]*float64, n),
		P95: make([]*float64, n), P99: make([]*float64, n), LastEnd: make([]float64, n),
		Validity: make([]bench.Verdict, n), Course: make([]string, n), Least: make([]*float64, n),
		Most: make([]*float64, n)}
	points, locations, echoes, ways := numbers[Point](), numbers[string](), numbers[string](), numbers[Way]()
	for i, l := range t.List {
		o.Location[i] = locations.number(l.Location)
		if o.Location[i] == len(o.Locations) {
			spot := Spot{Name: l.Location}
			if p := where(l.Location); p != nil {
				at := points.number(*p)
				spot.Point = &at
			}
			o.Locations = append(o.Locations, spot)
		}
		o.Echo[i] = echoes.number(l.Echo)
		o.Way[i] = ways.number(Way{l.Platform, l.Engine, string(l.Transport), string(l.Path)})
		o.Runs[i], o.LeftOut[i] = l.Runs, l.LeftOut
		o.Answered[i], o.Failed[i] = l.Counts.Answered, l.Counts.Failed()
		o.P50[i], o.P95[i] = quantileOf(l.Histogram, 0.5), quantileOf(l.Histogram, 0.95)
		o.P99[i] = quantileOf(l.Histogram, 0.99)
		o.LastEnd[i], o.Validity[i] = unix(l.Last.End), l.Last.Verdict
		o.Course[i], o.Least[i], o.Most[i] = courseOf(l.Parts)
	}
	o.Points, o.Echoes, o.Ways = points.list, echoes.list, ways.list
	return o
}

// numbering gives each distinct value a number, in the order in which the values come.
type numbering[T comparable] struct {
	of   map[T]int
	list []T
}

func numbers[T comparable]() numbering[T] { return numbering[T]{map[T]int{}, []T{}} }

func (n *numbering[T]) number(x T) int {
	at, known := n.of[x]
	if !known {
		at = len(n.list)
		n.of[x], n.list = at, append(n.list, x)
	}
	return at
}

// heights are the characters of a course, from the lowest to the highest.
const heights = "0123456789abcdefghijklmnopqrstuvwxyz"

// courseOf draws the medians of parts as a course. least and most are the smallest and the largest median, in
// milliseconds; nil without a median.
func courseOf(parts []*archive.Part) (course string, least, most *float64) {
	medians := make([]*float64, len(parts))
	for i, p := range parts {
		if p == nil {
			continue
		}
		m := quantileOf(p.Histogram, 0.5)
		if medians[i] = m; m == nil {
			continue
		}
		if least == nil || *m < *least {
			least = m
		}
		if most == nil || *m > *most {
			most = m
		}
	}
	line := make([]byte, len(parts))
	for i, m := range medians {
		line[i] = ' '
		if m != nil {
			step := 0.0
			if *most > *least {
				step = (*m - *least) / (*most - *least) * float64(len(heights)-1)
			}
			line[i] = heights[int(math.Round(step))]
		}
	}
	return string(line), least, most
}
