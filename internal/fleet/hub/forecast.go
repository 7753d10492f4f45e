package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/result"
)

// Forecast says which job would run at which place, and what that costs a day. It is calculated: nothing is measured.
type Forecast struct {
	Every  time.Duration `json:"every_ns"`
	Jitter time.Duration `json:"jitter_ns"`
	Serial uint64        `json:"serial"` // of the current plan; 0 = there is none
	Same   bool          `json:"same"`   // the current plan says the same
	Known  bool          `json:"known"`  // the places are known: a hub was asked
	Jobs   []JobForecast `json:"jobs"`
	Idle   []string      `json:"idle"`  // places without a job
	Notes  []string      `json:"notes"` // warnings
	Cost
}

// JobForecast is a job of a Forecast.
type JobForecast struct {
	Name     string        `json:"name"`
	Platform string        `json:"platform"`
	Echo     string        `json:"echo"`
	Places   []string      `json:"places"`
	Each     Cost          `json:"each"` // for each place
	Longest  time.Duration `json:"longest_ns"`
}

// Cost is the cost of a day.
type Cost struct {
	Runs  int64 `json:"runs"`
	Pings int64 `json:"pings"`
	Kept  int64 `json:"kept_bytes"`  // size of the runs in the stores, packed
	Hub   int64 `json:"hub_bytes"`   // traffic between places and hub: runs, seats, hellos
	Busy  int64 `json:"busy_ms"`     // the longest that measuring may take
	Idles int64 `json:"hello_bytes"` // the part of Hub that hellos take; also without jobs
	Rooms int64 `json:"rooms"`       // rooms that the hub makes ahead of time, by a platform's REST interface
}

func (c Cost) times(n int64) Cost {
	return Cost{c.Runs * n, c.Pings * n, c.Kept * n, c.Hub * n, c.Busy * n, c.Idles * n, c.Rooms * n}
}

func (c Cost) plus(d Cost) Cost {
	return Cost{c.Runs + d.Runs, c.Pings + d.Pings, c.Kept + d.Kept, c.Hub + d.Hub, c.Busy + d.Busy,
		c.Idles + d.Idles, c.Rooms + d.Rooms}
}

// ForecastOf is the forecast of o for these places; nil places = they are not known.
func ForecastOf(o Orders, places []fleet.Place) Forecast {
	f := Forecast{Every: o.Every, Jitter: o.Jitter, Known: places != nil, Idle: []string{}, Notes: []string{}}
	slots := int64(24 * time.Hour / max(o.Every, time.Second))
	busy := map[string]time.Duration{} // for each place, in a slot
	for _, j := range o.Jobs {
		one := JobForecast{Name: j.Name, Platform: j.Platform, Echo: cmp.Or(j.Echo, "local"),
			Places: []string{}, Longest: j.Longest,
			Each: j.cost(o.Every).times(slots)}
		for _, p := range places {
			if j.Where.Has(p) && !j.Answers(p.Name) {
				one.Places = append(one.Places, p.Name)
				busy[p.Name] += j.Longest
			}
		}
		if j.Echo == fleet.EchoMesh && len(one.Places) == 1 {
			one.Each = Cost{} // it has nobody to measure
		}
		if f.Known && len(one.Places) == 0 {
			f.Notes = append(f.Notes, fmt.Sprintf("job %s: %s", j.Name, j.nobody()))
		}
		f.Notes = append(f.Notes, j.echoNotes(one.Places, places, o.Every)...)
		f.Cost = f.plus(one.Each.times(int64(len(one.Places))))
		f.Jobs = append(f.Jobs, one)
	}
	hello := size(fleet.Hello{Version: "v0.0.0", Sent: time.Now(), LastRun: time.Now(), SeatsTo: time.Now(),
		Verdict: "valid"}) + size(fleet.Heard{Received: time.Now(), Answered: time.Now()})
	hellos := hello * int64(24*time.Hour/fleet.HelloEvery)
	for _, p := range places {
		f.Hub, f.Idles = f.Hub+hellos, f.Idles+hellos
		switch most := busy[p.Name] + o.Jitter; {
		case busy[p.Name] == 0:
			f.Idle = append(f.Idle, p.Name)
		case most > o.Every:
			f.Notes = append(f.Notes, fmt.Sprintf("%s: its jobs may take %v of a slot of %v, where nobody answers or "+
				"a link is down; the slots meanwhile are skipped", p.Name, most.Round(time.Second), o.Every))
		}
	}
	return f
}

// nobody says why no place does a job.
func (j Order) nobody() string {
	if len(j.Where) > 0 {
		return "no place has these labels"
	}
	return "there is no place yet that would do it"
}

// echoNotes are warnings about a job whose pings other places answer.
func (j Order) echoNotes(measure []string, all []fleet.Place, every time.Duration) (notes []string) {
	n := len(measure)
	switch {
	case all == nil || j.Echo == fleet.EchoLocal:
	case j.Echo == fleet.EchoMesh && n < 2:
		notes = append(notes, fmt.Sprintf("job %s: a mesh needs two places", j.Name))
	case j.Echo == fleet.EchoMesh:
		notes = append(notes, fmt.Sprintf("job %s: each of %d places measures another in turn, each pair every %v",
			j.Name, n, every*time.Duration(n-1)))
	case !slices.ContainsFunc(all, func(p fleet.Place) bool { return j.Answers(p.Name) }):
		notes = append(notes, fmt.Sprintf("job %s: the place that is to answer, %s, has not joined", j.Name, j.Echo))
	case n > fleet.MaxCallers:
		notes = append(notes, fmt.Sprintf("job %s: %d places would be answered by one, and %d are the most", j.Name, n,
			fleet.MaxCallers))
	}
	return notes
}

// cost is the cost of one run.
func (j Order) cost(every time.Duration) Cost {
	kept := packedSize(j.Platform, j.Plan.Count)
	c := Cost{Runs: 1, Pings: int64(j.Plan.Count), Kept: kept, Hub: kept, Busy: j.Longest.Milliseconds()}
	of, err := j.leaseOf(fleet.Plan{Every: every}, "place", time.Now().Add(time.Hour))
	if err != nil {
		return c
	}
	seat := fleet.Seat{Job: j.Name, Slot: of.From}
	if j.hosted() { // the size is that of a Daily seat with example texts: no room is made for a forecast
		some := bench.Seat{Identity: of.Identity[bench.Runner], Room: bench.Room{Name: of.Room,
			URL: "https://domain.daily.co/" + of.Room, Token: of.Room + of.Room + of.Room + of.Room}}
		seat.Runner, seat.Answerer = some, some
		c.Rooms = 1
	} else if made, err := j.Lease.Make(context.Background(), j.Place, of); err == nil {
		seat.Runner, seat.Answerer = made[bench.Runner], made[bench.Answerer]
	}
	c.Hub += size(seat)
	return c
}

func size(v any) int64 {
	data, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return int64(len(data))
}

// mostPacked is how many pings are packed to estimate the size of a run. The size of a larger run is scaled up.
const mostPacked = 2000

// packedSize is the size in bytes of a run of so many pings. It packs a made-up run.
func packedSize(platform string, pings int) int64 {
	n := min(pings, mostPacked)
	now := time.Now()
	r := bench.Run{ID: "00000000-0000-7000-8000-000000000000", Platform: platform, Start: now, End: now,
		Plan: bench.Plan{Count: n}, Ended: bench.Complete,
		Counts: bench.Counts{Sent: n, Answered: n}}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		rtt := 20*time.Millisecond + time.Duration(random.ExpFloat64()*float64(3*time.Millisecond))
		due := time.Duration(i) * 100 * time.Millisecond
		r.Samples = append(r.Samples, bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Due: due,
			Sent: due + time.Duration(random.IntN(200_000)), SendCall: time.Duration(random.IntN(50_000)), RTT: rtt,
			Stamped: true, Hold: time.Duration(random.IntN(50_000)), Up: rtt/2 + time.Duration(random.IntN(1_000_000))})
	}
	p, err := result.Pack(bench.NewRecord(r))
	if err != nil {
		return 0
	}
	data, err := p.MarshalBinary()
	if err != nil || n == 0 {
		return int64(len(data))
	}
	return int64(len(data)) * int64(pings) / int64(n)
}
