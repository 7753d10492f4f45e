package result

import (
	"rtcbench/bench"
	"rtcbench/internal/stats"
)

func others(r bench.Run, told bool) []string {
	if !told {
		return nil
	}
	return append([]string{}, r.Echo.Others...)
}

// The words of plan.grid.
const (
	fixed      = "fixed"
	closedLoop = "closed-loop"
)

// grid is how the pings of p are timed; nil = not known.
func grid(p bench.Plan) *string {
	switch {
	case p.PaceUnknown:
		return nil
	case p.ClosedLoop():
		return text(closedLoop)
	}
	return text(fixed)
}

func validity(v bench.Validity) *Validity {
	out := &Validity{Verdict: v.Verdict, Reasons: []Reason{}}
	for _, g := range v.Grounds {
		out.Reasons = append(out.Reasons, Reason(g))
	}
	return out
}

// newHistogram is h in the form of the file; nil = h is empty.
func newHistogram(h stats.Histogram) (*Histogram, error) {
	if h.Total() == 0 {
		return nil, nil
	}
	data, err := bench.EncodeHistogram(h)
	return &Histogram{Format: "hdr-v2-deflate-base64", Unit: "us", Data: data}, err
}

func columns(r bench.Run) Samples {
	n := len(r.Samples)
	c := Samples{
		Seq: make([]uint32, n), Due: make([]float64, n), Sent: make([]*float64, n), RTT: make([]*float64, n),
		Hold: make([]*float64, n), UpRaw: make([]*float64, n), SendCall: make([]*float64, n),
		Outcome: make([]string, n),
	}
	for i, x := range r.Samples {
		sent := x.Outcome != bench.NotSent
		pong := x.Outcome == bench.Answered || x.Outcome == bench.Late
		c.Seq[i], c.Due[i], c.Outcome[i] = x.Seq, ms(x.Due), x.Outcome.String()
		c.Sent[i], c.SendCall[i] = when(sent, ms(x.Sent)), when(sent && x.SendCall > 0, ms(x.SendCall))
		c.RTT[i] = when(pong, ms(x.RTT))
		if x.Reason != bench.NoReason && c.Reason == nil {
			c.Reason = make([]string, n)
		}
		if c.Reason != nil {
			c.Reason[i] = x.Reason.String()
		}
		c.Hold[i], c.UpRaw[i] = when(x.Stamped, ms(x.Hold)), when(x.Stamped, ms(x.Up))
	}
	return c
}

func oneWay(clocks bench.Clocks, o bench.OneWay) OneWay {
	if !o.Known {
		return OneWay{Clocks: clocks, Reason: text(o.Why)}
	}
	up, down := o.Up.P50.D, o.Down.P50.D
	less, more := o.Offset.Theta-o.Offset.Lo, o.Offset.Hi-o.Offset.Theta // how far theta may be from the truth
	w := OneWay{
		Clocks: clocks, Theta: when(true, ms(o.Offset.Theta)), HalfWidth: when(true, ms(o.Offset.HalfWidth())),
		UpP50: when(true, ms(up)), Up: &[2]float64{ms(up - more), ms(up + less)},
		DownP50: when(true, ms(down)), Down: &[2]float64{ms(down - less), ms(down + more)},
	}
	if x := o.Offset; x.SkewLo < x.SkewHi {
		w.ThetaAt, w.SkewUsed, w.SkewPPM = when(true, ms(x.At)), when(true, 1e6*x.Skew), &[2]float64{1e6 * x.SkewLo,
			1e6 * x.SkewHi}
	}
	return w
}

func connect(r bench.Run) Connect {
	c := Connect{ICE: map[string]float64{}, DTLS: map[string]float64{}, Channel: map[string]float64{},
		FirstPong: when(r.Echo.FirstPong > 0, ms(r.Echo.FirstPong))}
	for _, p := range r.Facts.Phases {
		at := ms(p.At)
		switch p.Name {
		case "signalling":
			c.Signalling = &at
		case "ice":
			c.ICE[string(p.Leg)] = at
		case "dtls":
			c.DTLS[string(p.Leg)] = at
		case "data_channel":
			c.Channel[string(p.Leg)] = at
		}
	}
	return c
}

func loss(w bench.Ways, lost int, longest *int) Loss {
	if !w.Known {
		return Loss{LongestRun: longest, Unknown: lost}
	}
	return Loss{LongestRun: longest, Up: &w.Up, Down: &w.Down, Unknown: w.Unknown}
}

func channel(c bench.Channel) *Channel {
	if !c.Known {
		return nil
	}
	return &Channel{c.Ordered, c.MaxRetransmits}
}

func quantiles(s bench.Spread) Quantiles {
	return Quantiles{quantity(s.P50), quantity(s.P95), quantity(s.P99)}
}

func tail(s bench.Spread) Tail { return Tail{quantity(s.P50), quantity(s.P99), quantity(s.Max)} }

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// HideAddresses removes the addresses of both ends from ICE pairs.
func HideAddresses(pairs []bench.ICEPair) {
	for i := range pairs {
		pairs[i].Local.Address, pairs[i].Remote.Address = "", ""
	}
}
