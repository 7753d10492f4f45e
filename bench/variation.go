package bench

import (
	"cmp"
	"slices"
	"time"

	"rtcbench/internal/stats"
)

// Variation is how the delays of packets on one way differed, as a jitter buffer at the end of that way sees them. It
// is of the packets that arrived, late ones too, and whose times are known.
type Variation struct {
	Packets   int      // 0 = of none
	PDV       Spread   // delay − its minimum (RFC 5481)
	Buffer1   Quantity // beyond the fastest packet, the buffer that would have lost 1 % of them …
	Buffer01  Quantity // … and 0.1 %; not known where that is less than one packet
	JitterRTP Quantity // RFC 3550, in the order of arrival
	Reordered int      // packets that came after one that was sent later (RFC 4737)
	Extent    int      // how far back the worst of them has to be put, in packets
}

// LossBursts is how losses cluster (RFC 3357): the failed pings among those whose fate is known, and the packets lost
// on each way among those that went that way.
type LossBursts struct {
	RoundTrip stats.Bursts
	Known     bool // it is known where each lost ping was lost: Up and Down hold
	Up, Down  stats.Bursts
}

// passage is one packet on one way.
type passage struct{ left, came, took time.Duration }

// variations are the Variations of both ways.
func variations(r Run, o OneWay) (up, down Variation) {
	if !o.Known {
		return up, down
	}
	there, back := make([]passage, 0, len(r.Samples)), make([]passage, 0, len(r.Samples))
	for _, s := range r.Samples {
		took, ok := o.UpOf(s)
		if !ok || s.Outcome != Answered && s.Outcome != Late {
			continue
		}
		took2, _ := o.DownOf(s)
		reached := s.Sent + s.Up // by the echo's clock, which orders them as well as any
		there = append(there, passage{s.Sent, reached, took})
		back = append(back, passage{reached + s.Hold, s.Sent + s.RTT, took2})
	}
	return variation(there), variation(back)
}

func variation(list []passage) Variation {
	v := Variation{Packets: len(list)}
	if len(list) == 0 {
		return v
	}
	slices.SortStableFunc(list, func(a, b passage) int { return cmp.Compare(a.left, b.left) })
	order := make([]uint32, len(list)) // numbers by departure, in the order of arrival
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(list[a].came, list[b].came) })
	arrived := make([]time.Duration, len(list))
	for i, n := range order {
		arrived[i] = list[n].took
	}
	sorted := stats.Sorted(arrived)
	above := make([]time.Duration, len(sorted))
	for i, d := range sorted {
		above[i] = d - sorted[0]
	}
	v.PDV = spread(above)
	v.Buffer1, v.Buffer01 = Known(stats.Buffer(sorted, 0.01)), Known(stats.Buffer(sorted, 0.001))
	v.JitterRTP = Known(stats.RFC3550(arrived))
	v.Reordered, v.Extent = stats.Reordering(order)
	return v
}

// bursts looks at the settled pings of r in sending order.
func bursts(r Run) LossBursts {
	if r.OfOriginal() { // nobody knows which pings were lost
		return LossBursts{}
	}
	b := LossBursts{Known: r.Ways.Known}
	var failed, up, down []bool
	for _, s := range r.Samples {
		if !s.Settled() {
			continue
		}
		failed = append(failed, s.Failed())
		up = append(up, s.Reason == OnWayUp)
		if s.Reason != OnWayUp {
			down = append(down, s.Reason == OnWayDown)
		}
		b.Known = b.Known && (s.Outcome != Lost || s.Reason == OnWayUp || s.Reason == OnWayDown)
	}
	b.RoundTrip = stats.NewBursts(failed)
	if b.Known {
		b.Up, b.Down = stats.NewBursts(up), stats.NewBursts(down)
	}
	return b
}
