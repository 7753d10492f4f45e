package dashboard

import (
	"math"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// BufferPoint says which share of the packets a jitter buffer loses that waits Wait ms longer than the fastest packet
// took.
type BufferPoint struct {
	Wait  float64 `json:"wait_ms"`
	Share float64 `json:"share"`
}

// Buffers are the curves of both ways. A curve is empty if the one-way delays of its way are not known.
type Buffers struct {
	Up   []BufferPoint `json:"up"`
	Down []BufferPoint `json:"down"`
}

// buffersOf are the jitter buffers of a run of audio; nil for every other run.
func buffersOf(r bench.Record) *Buffers {
	if r.Facts.Transport != bench.RTPAudio {
		return nil
	}
	var up, down []time.Duration
	for _, s := range r.Samples {
		took, ok := r.Summary.OneWay.UpOf(s)
		if !ok || s.Outcome != bench.Answered && s.Outcome != bench.Late {
			continue
		}
		back, _ := r.Summary.OneWay.DownOf(s)
		up, down = append(up, took), append(down, back)
	}
	return &Buffers{Up: bufferCurve(up), Down: bufferCurve(down)}
}

// bufferCurve goes from a loss of half of the packets down to the loss of one packet, in twelve steps for each factor
// of ten.
func bufferCurve(took []time.Duration) []BufferPoint {
	list := []BufferPoint{}
	sorted := stats.Sorted(took)
	for i := 0; ; i++ {
		share := 0.5 * math.Pow(10, -float64(i)/12)
		wait, ok := stats.Buffer(sorted, share)
		if !ok {
			return list
		}
		list = append(list, BufferPoint{millis(wait), share})
	}
}
