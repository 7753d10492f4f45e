package fleet

import (
	"time"

	"rtcbench/bench"
)

// Seat is the right to use one room in one slot of one job: for the runner, and for the echo beside it. If another
// place answers, each of the two places gets a seat. It then has the other's identity, but not the other's token.
type Seat struct {
	Job      string     `json:"job"`
	Slot     time.Time  `json:"slot"`
	Runner   bench.Seat `json:"runner"`
	Answerer bench.Seat `json:"echo"`
	At       string     `json:"at,omitempty"`  // place whose echo answers; "" = this place
	For      string     `json:"for,omitempty"` // place that this place answers; "" = this place measures
}

// SeatsWanted asks for the seats of a plan's slots that begin at From or later.
type SeatsWanted struct {
	Serial uint64    `json:"serial"`
	From   time.Time `json:"from"`
	Slots  int       `json:"slots,omitempty"` // at most so many slots; 0 = the slots of a day
}

// SeatsLeased is the answer to SeatsWanted. Seats of slots before To are complete. The runner asks again for later
// ones.
type SeatsLeased struct {
	Seats []Seat    `json:"seats"`
	To    time.Time `json:"to"`
	Error string    `json:"error,omitempty"` // why seats of some job are missing

	Serial uint64 `json:"serial,omitempty"` // of the hub's plan
}

// Lease is how far ahead seats are given, unless the slots are so short that there would be more than MostSlots. A
// runner can measure every slot for so long while the hub is away.
const Lease = 24 * time.Hour

// MostSlots is how many slots ahead seats are given at the most: a day of slots of 18 s.
const MostSlots = 4800

// Ahead is how far ahead the seats of this plan are given.
func (p Plan) Ahead() time.Duration { return min(Lease, MostSlots*p.Every) }

// MaxSeats is the most seats of one answer.
const MaxSeats = 2000

// Told is a message of the hub that no runner has requested.
type Told struct {
	Serial uint64  `json:"serial,omitempty"` // a plan with this serial is ready
	Run    *RunNow `json:"run,omitempty"`    // an order for this moment
}
