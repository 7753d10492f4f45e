package bench

import (
	"slices"
	"time"

	"rtcbench/internal/stats"
)

// Media is what a run says of sound itself, beside its pings: how long bursts of noise took from the mouth of the page
// to its ear, through encoder, server, echo, server, jitter buffer and decoder, on one sample clock. These times depend
// on the jitter buffer's history first, and on the path second: no two runs are compared by them.
type Media struct {
	Bursts []NoiseBurst `json:"bursts"` // those whose fate is known, in the order in which they were said
}

// NoiseBurst is one burst of noise. Its fields stand in files by the names in json; durations are in milliseconds.
type NoiseBurst struct {
	Seq   int      `json:"seq"`
	At    Quantity `json:"at_ms"`           // when it was said, after the start of the run
	Ear   Quantity `json:"mouth_to_ear_ms"` // null = it was not heard within 3 s
	Match float64  `json:"match"`           // coefficient of correlation of what was heard with what was said
	// what the jitter buffer tells of itself, since the burst before: for how long sound stood in it, and what it
	// aims at
	Buffer    Quantity `json:"jitter_buffer_ms"`
	Target    Quantity `json:"jitter_buffer_target_ms"`
	Played    int      `json:"played_samples"`    // that came out of it …
	Concealed int      `json:"concealed_samples"` // … and those that were made up instead
}

// Heard is how long the bursts took that were heard.
func (m Media) Heard() []time.Duration { return m.list(func(b NoiseBurst) Quantity { return b.Ear }) }

// list are the known values of one quantity of the bursts.
func (m Media) list(of func(NoiseBurst) Quantity) (list []time.Duration) {
	for _, b := range m.Bursts {
		if q := of(b); q.OK {
			list = append(list, q.D)
		}
	}
	return list
}

// MediaSummary is what the bursts say together. Each median is of the bursts whose value is known.
type MediaSummary struct {
	Said, Heard                      int
	Least, P50, Most, Buffer, Target Quantity
	Concealed                        float64 // of what was played, a ratio
}

// Summary sums up the bursts of m.
func (m Media) Summary() MediaSummary {
	heard := stats.Sorted(m.Heard())
	q := func(list []time.Duration, q float64) Quantity { return Known(stats.Quantile(list, q)) }
	s := MediaSummary{Said: len(m.Bursts), Heard: len(heard), Least: q(heard, 0), P50: q(heard, 0.5), Most: q(heard, 1)}
	s.Buffer = q(stats.Sorted(m.list(func(b NoiseBurst) Quantity { return b.Buffer })), 0.5)
	s.Target = q(stats.Sorted(m.list(func(b NoiseBurst) Quantity { return b.Target })), 0.5)
	played, concealed := 0, 0
	for _, b := range m.Bursts {
		played, concealed = played+b.Played, concealed+b.Concealed
	}
	if played > 0 {
		s.Concealed = min(1, float64(concealed)/float64(played))
	}
	return s
}

// Put inserts b in the order of Seq. A burst with the same Seq stays as it is.
func (m *Media) Put(b NoiseBurst) {
	at, found := slices.BinarySearchFunc(m.Bursts, b.Seq, func(x NoiseBurst, seq int) int { return x.Seq - seq })
	if !found {
		m.Bursts = slices.Insert(m.Bursts, at, b)
	}
}
