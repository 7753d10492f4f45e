package fleet

import (
	"time"

	"rtcbench/bench"
)

// Seat is the right to one room for one slot of one job: of the runner, and of the echo beside it. Where another place
// answers, each of the two is given its own seat, and of the other who that is.
type Seat struct {
	Job      string     `json:"job"`
	Slot     time.Time  `json:"slot"`
	Runner   bench.Seat `json:"runner"`
	Answerer bench.Seat `json:"echo"`
	At       string     `json:"at,omitempty"`  // the place that answers; "" = this one
	For      string     `json:"for,omitempty"` // the place that this one answers; "" = it measures
}

// SeatsWanted asks for the seats of a plan's slots that begin at From or later.
type SeatsWanted struct {
	Serial uint64    `json:"serial"`
	From   time.Time `json:"from"`
	Slots  int       `json:"slots,omitempty"` // so many and no more; 0 = up to a day ahead
}

// SeatsLeased is the answer. All seats up to To are there; who wants later ones asks again.
type SeatsLeased struct {
	Seats []Seat    `json:"seats"`
	To    time.Time `json:"to"`
	Error string    `json:"error,omitempty"` // why seats of some job are missing

	Serial uint64 `json:"serial,omitempty"` // of the hub's plan
}

// Lease is how far ahead seats are given: so long a hub may be away, and every slot is measured all the same.
const Lease = 24 * time.Hour

// MaxSeats is how many seats one answer has at the most.
const MaxSeats = 2000

// Told is what a hub tells its runners without being asked.
type Told struct {
	Serial uint64  `json:"serial,omitempty"` // there is a plan with this one
	Run    *RunNow `json:"run,omitempty"`    // do this now
}
