package turn

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"rtcbench/bench"
)

// way is one end of a line inside this process: what is spoken on it is heard at the other end after delay, and what
// its rules say is lost or late.
type way struct {
	name  string
	other *way
	delay time.Duration
	loses func(n int) bool          // nil = nothing
	late  func(n int) time.Duration // nil = nothing

	mu    sync.Mutex
	n     int
	heard chan bench.Heard
	over  chan struct{}
	once  sync.Once
}

// newWay is two ends of one line.
func newWay(delay time.Duration) (caller, agent *way) {
	caller = &way{name: "caller", delay: delay, heard: make(chan bench.Heard, 1<<12), over: make(chan struct{})}
	agent = &way{name: "agent", delay: delay, heard: make(chan bench.Heard, 1<<12), over: make(chan struct{})}
	caller.other, agent.other = agent, caller
	caller.heard <- bench.Heard{From: "agent", At: time.Now(), Kind: bench.HeardJoined}
	agent.heard <- bench.Heard{From: "caller", At: time.Now(), Kind: bench.HeardJoined}
	return caller, agent
}

func (w *way) Speak(packet []byte, samples uint64) (time.Time, error) {
	w.mu.Lock()
	n := w.n
	w.n++
	w.mu.Unlock()
	at := time.Now()
	if w.loses != nil && w.loses(n) {
		return at, nil
	}
	delay := w.delay
	if w.late != nil {
		delay += w.late(n)
	}
	h := bench.Heard{From: w.name, Kind: bench.HeardSound, Track: w.name,
		Sound: bench.Sound{Seq: uint16(65000 + n), Timestamp: uint32(samples) + 1<<31, Packet: packet}}
	arrive := func() {
		h.At = time.Now()
		select {
		case w.other.heard <- h:
		case <-w.other.over:
		}
	}
	if delay > 0 {
		time.AfterFunc(delay, arrive)
	} else { // a timer of a synctest bubble that is over at once crashes the race detector of Go 1.26, once in a while
		go arrive()
	}
	return at, nil
}

func (w *way) Hear(ctx context.Context) (bench.Heard, error) {
	select {
	case h := <-w.heard:
		return h, nil
	case <-w.over:
		return bench.Heard{}, bench.ErrEnded
	case <-ctx.Done():
		return bench.Heard{}, ctx.Err()
	}
}

func (w *way) Facts() bench.Facts { return bench.Facts{} }

func (w *way) Close() error {
	w.once.Do(func() { close(w.over) })
	return nil
}

// noise is white noise of a level, the same for the same seed.
func noise(dbfs float64, samples int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, samples)
	for i := range out {
		out[i] = float32(r.NormFloat64() * amplitude(dbfs))
	}
	return out
}
