package result

import (
	"rtcbench/bench"
	"rtcbench/internal/stats"
)

type (
	// Variations are the delay variations of both ways: to the echo and back.
	Variations struct {
		Up   Variation `json:"up"`
		Down Variation `json:"down"`
	}
	// Variation is the delay variation of the packets of one way, as a jitter buffer at its end sees it.
	Variation struct {
		Packets       int      `json:"packets"`
		PDV           Above    `json:"pdv_ms"`
		Buffer        Buffer   `json:"buffer_ms"`
		JitterRFC3550 *float64 `json:"jitter_rfc3550_ms"`
		Reordered     int      `json:"reordered"`
		Extent        int      `json:"reordering_extent"`
	}
	// Above are quantiles of the delay above the shortest delay.
	Above struct {
		P50  *float64 `json:"p50"`
		P90  *float64 `json:"p90"`
		P95  *float64 `json:"p95"`
		P99  *float64 `json:"p99"`
		P999 *float64 `json:"p999"`
		Max  *float64 `json:"max"`
	}
	// Buffer is the delay of the jitter buffer that would have lost this share; null = less than one packet.
	Buffer struct {
		Percent1  *float64 `json:"loses_1_percent"`
		Percent01 *float64 `json:"loses_0_1_percent"`
	}
	// Bursts is how failed pings cluster, and how the losses of each way cluster. A way is null if not all of its
	// losses are known.
	Bursts struct {
		RoundTrip *Burst `json:"round_trip"`
		Up        *Burst `json:"up"`
		Down      *Burst `json:"down"`
	}
	// Burst is how the losses among packets cluster.
	Burst struct {
		Packets  int      `json:"packets"`
		Lost     int      `json:"lost"`
		Periods  int      `json:"periods"`
		Mean     float64  `json:"mean_length"`
		Longest  int      `json:"longest"`
		Distance *float64 `json:"distance_p50"`
		Ratio    *float64 `json:"burst_ratio"`
	}
)

func variations(up, down bench.Variation) *Variations {
	if up.Packets == 0 {
		return nil
	}
	return &Variations{variation(up), variation(down)}
}

func variation(v bench.Variation) Variation {
	p := v.PDV
	return Variation{
		Packets: v.Packets, Buffer: Buffer{quantity(v.Buffer1), quantity(v.Buffer01)},
		PDV: Above{quantity(p.P50), quantity(p.P90), quantity(p.P95), quantity(p.P99), quantity(p.P999),
			quantity(p.Max)},
		JitterRFC3550: quantity(v.JitterRTP), Reordered: v.Reordered, Extent: v.Extent,
	}
}

func (v Variation) told() bench.Variation {
	p := v.PDV
	return bench.Variation{
		Packets: v.Packets, Buffer1: q(v.Buffer.Percent1), Buffer01: q(v.Buffer.Percent01),
		PDV: bench.Spread{P50: q(p.P50), P90: q(p.P90), P95: q(p.P95), P99: q(p.P99), P999: q(p.P999),
			Max: q(p.Max)},
		JitterRTP: q(v.JitterRFC3550), Reordered: v.Reordered, Extent: v.Extent,
	}
}

func bursts(b bench.LossBursts) *Bursts {
	if b.RoundTrip.Lost == 0 {
		return nil
	}
	out := &Bursts{RoundTrip: burst(b.RoundTrip)}
	if b.Known {
		out.Up, out.Down = burst(b.Up), burst(b.Down)
	}
	return out
}

func burst(b stats.Bursts) *Burst {
	return &Burst{b.Packets, b.Lost, b.Periods, b.Mean, b.Longest, when(b.Distance > 0, b.Distance),
		when(b.Ratio > 0, b.Ratio)}
}

func (b *Bursts) told() (out bench.LossBursts) {
	if b == nil || b.RoundTrip == nil {
		return out
	}
	out.RoundTrip = b.RoundTrip.told()
	if b.Up != nil && b.Down != nil {
		out.Known, out.Up, out.Down = true, b.Up.told(), b.Down.told()
	}
	return out
}

func (b Burst) told() stats.Bursts {
	return stats.Bursts{Packets: b.Packets, Lost: b.Lost, Periods: b.Periods, Mean: b.Mean, Longest: b.Longest,
		Distance: zero(b.Distance), Ratio: zero(b.Ratio)}
}
