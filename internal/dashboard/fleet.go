package dashboard

import (
	"cmp"
	"net/http"
)

// Fleet is the places of a hub at one moment. Now is in Unix seconds.
type Fleet struct {
	Now     float64     `json:"now"`
	Version string      `json:"version"` // of the hub
	Places  []FleetSeat `json:"places"`
	Next    *string     `json:"next"` // where the list goes on; null = nowhere
}

// FleetSeat is a place of a fleet and what its runner reported last.
type FleetSeat struct {
	Name     string   `json:"name"`
	Location string   `json:"location_id"`
	Lat      *float64 `json:"lat"`
	Lon      *float64 `json:"lon"`
	State    string   `json:"state"`    // silent, unlike, failing, new, paused, well or revoked
	HeardAt  *float64 `json:"heard_at"` // by the hub's clock
	Version  string   `json:"version"`
	Waiting  *int     `json:"waiting"` // runs in its outbox
	LastRun  *float64 `json:"last_run_at"`
	Verdict  string   `json:"validity"`
	Error    string   `json:"error"`
	Offset   *float64 `json:"clock_offset_ms"` // of the runner's clock against the hub's
	Bound    *float64 `json:"clock_bound_ms"`  // the true offset is within this of Offset
}

func (s *Server) fleet(w http.ResponseWriter, r *http.Request) {
	if s.Fleet == nil {
		w.WriteHeader(http.StatusNoContent) // this is no hub
		return
	}
	p, err := pagingOf(r)
	isCSV, wrong := wantsCSV(r)
	if err = cmp.Or(err, wrong); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	f := s.Fleet()
	if p.limit > 0 || p.after != "" {
		f.Places, f.Next = part(p, byName(f.Places), func(x FleetSeat) string { return x.Name })
		linked(w, r, "/api/v1/fleet", f.Next)
	}
	if isCSV {
		table(s, w, r, f.Places)
		return
	}
	s.json(w, r, f)
}

// where looks up the point of a location: the one that the fleet reports for a place of the location, or else the point
// of the region with that name.
func (s *Server) where() func(location string) *Point {
	places := map[string]*Point{}
	if s.Fleet != nil {
		for _, p := range s.Fleet().Places {
			if places[p.Location] == nil && p.Lat != nil && p.Lon != nil {
				places[p.Location] = &Point{*p.Lat, *p.Lon, p.Name}
			}
		}
	}
	return func(location string) *Point {
		if at := places[location]; at != nil {
			return at
		}
		return whereIs(location)
	}
}
