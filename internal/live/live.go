// Package live carries the pings of a run that goes on to whoever watches it. Nothing is kept, and nothing waits for
// it: what is too much is dropped, and counted.
package live

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"

	"rtcbench/bench"
)

// Pings is what has become known of a run since it was told of last.
type Pings struct {
	Run      string  `json:"run"`    // names the run while it goes on
	RunID    string  `json:"run_id"` // "" until it is over
	Place    string  `json:"place"`  // of a fleet; "" = this machine
	Location string  `json:"location_id"`
	Platform string  `json:"platform"`
	Engine   string  `json:"engine"`
	Class    string  `json:"transport_class"`
	Count    int     `json:"count"`
	Every    float64 `json:"cooldown_ms"` // 0 = each ping leaves when the one before it is settled
	List     []Ping  `json:"pings"`
	Dropped  int     `json:"dropped"` // that are in no list
	Over     bool    `json:"over"`
}

// Ping is a ping whose fate is known. A lost one may turn out late, and is then told again.
type Ping struct {
	Seq     uint32   `json:"seq"`
	Outcome string   `json:"outcome"`
	At      float64  `json:"at_ms"` // when it was due, from the beginning of the run
	RTT     *float64 `json:"rtt_ms"`
}

// Wire takes what is told. It never waits.
type Wire interface {
	Wanted() bool // somebody watches
	Send(message []byte)
	Close() // it is not used any more
}

const (
	tellEvery = 100 * time.Millisecond
	most      = 500                    // pings in one message, and such that wait for somebody to watch
	patience  = 200 * time.Millisecond // of the end of a run
)

// Tell tells w of a run: on is called with each sample, and end when the run is over. Both return at once.
func Tell(w Wire, p Pings) (on func(bench.Sample), end func(runID string)) {
	p.Run, p.List = uuid.NewString(), []Ping{}
	t := &teller{wire: w, of: p, over: make(chan struct{}), told: make(chan struct{})}
	go t.run()
	return t.take, t.end
}

// teller is a run that is told of.
type teller struct {
	wire Wire
	over chan struct{} // closed: the run is
	told chan struct{} // closed: all was told

	mu      sync.Mutex
	of      Pings
	began   time.Duration // when the first ping was due
	started bool
}

func (t *teller) take(s bench.Sample) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.started {
		t.started, t.began = true, s.Due
	}
	p := Ping{Seq: s.Seq, Outcome: s.Outcome.String(), At: millis(s.Due - t.began)}
	if s.Outcome == bench.Answered || s.Outcome == bench.Late {
		rtt := millis(s.RTT)
		p.RTT = &rtt
	}
	if len(t.of.List) == most { // whoever comes to watch sees the latest
		copy(t.of.List, t.of.List[1:])
		t.of.List = t.of.List[:most-1]
		t.of.Dropped++
	}
	t.of.List = append(t.of.List, p)
}

// end waits a moment for the last message, and no longer.
func (t *teller) end(runID string) {
	t.mu.Lock()
	t.of.Over, t.of.RunID = true, runID
	t.mu.Unlock()
	close(t.over)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-t.told:
	case <-timer.C:
	}
}

func (t *teller) run() {
	defer close(t.told)
	defer t.wire.Close()
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.tell()
		case <-t.over:
			t.tell()
			return
		}
	}
}

func (t *teller) tell() {
	if !t.wire.Wanted() {
		return
	}
	t.mu.Lock()
	p := t.of
	t.of.List, t.of.Dropped = []Ping{}, 0
	started := t.started
	t.mu.Unlock()
	if !started || len(p.List) == 0 && !p.Over {
		return
	}
	if message, err := json.Marshal(p); err == nil {
		t.wire.Send(message)
	}
}

// Bounds of what is taken from others.
const (
	mostBytes = 60 << 10 // fits into one datagram
	longest   = 256
)

// Read is the message of a process of ours, within bounds: it may come from a runner that was stolen.
func Read(message []byte) (p Pings, ok bool) {
	if len(message) > mostBytes || json.Unmarshal(message, &p) != nil || len(p.List) > most {
		return p, false
	}
	for _, text := range []string{p.Run, p.RunID, p.Place, p.Location, p.Platform, p.Engine, p.Class} {
		if len(text) > longest {
			return p, false
		}
	}
	for _, one := range p.List {
		if _, known := bench.ParseOutcome(one.Outcome); !known {
			return p, false
		}
	}
	return p, p.Run != ""
}

func millis(d time.Duration) float64 { return float64(d) / 1e6 }
