package dashboard

import (
	"math"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// BufferPoint says that a jitter buffer which waits so long, beyond the fastest packet, would have lost that share.
type BufferPoint struct {
	Wait  float64 `json:"wait_ms"`
	Share float64 `json:"share"`
}

// Buffers are those of each way; empty where it is not known how long packets took on it.
type Buffers struct {
	Up   []BufferPoint `json:"up"`
	Down []BufferPoint `json:"down"`
}

// buffersOf is what a run of audio says of jitter buffers; nil for every other run.
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

// bufferCurve goes from half of the packets to one, twelve steps for each factor of ten.
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
