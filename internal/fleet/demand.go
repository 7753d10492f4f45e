package fleet

import "time"

// RunNow tells a place to carry out a job of its plan at once, in seats made for this moment: to measure, or to answer
// other places.
type RunNow struct {
	ID     string `json:"id"`
	Serial uint64 `json:"serial"` // of the plan that has the job
	Seats  []Seat `json:"seats"`
}

// Ran is the result of such an order at one place.
type Ran struct {
	ID       string        `json:"id"`
	Place    string        `json:"place"`
	Done     bool          `json:"done"`
	Error    string        `json:"error,omitempty"`
	Run      string        `json:"run,omitempty"`
	Echo     string        `json:"echo,omitempty"` // the place that answered
	Verdict  string        `json:"verdict,omitempty"`
	Answered int           `json:"answered"`
	Failed   int           `json:"failed"`
	P50      time.Duration `json:"p50_ns"`
	P95      time.Duration `json:"p95_ns"`
}
