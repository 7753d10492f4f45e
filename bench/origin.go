package bench

import "time"

// Origin is where a run of a fleet came from. A runner says of which plan, job and slot the run is. The hub adds the
// rest when the run comes, and drops what the runner said but the hub's own plan does not have. The fields stand in
// files by the names in json.
type Origin struct {
	Place string    `json:"place"`
	Plan  uint64    `json:"plan,omitempty"` // its serial; 0 = not known
	Job   string    `json:"job,omitempty"`
	Slot  time.Time `json:"slot,omitzero"` // by the hub's clock, as Received
	// Received is when the hub had the run; it is zero of a run that no hub has had.
	Received time.Time `json:"received,omitzero"`
	// how far the place's clock was ahead of the hub's at its last hello, and within what that is right; nil = not
	// known
	Offset *float64 `json:"clock_offset_ms,omitempty"`
	Bound  *float64 `json:"clock_bound_ms,omitempty"`
}
