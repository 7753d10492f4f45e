package voice

import (
	"fmt"
	"time"

	"rtcbench/bench"
)

// The words of bench, by their names here.
type (
	Assumptions = bench.Assumed
	Codec       = bench.Codec
	Verdict     = bench.Conversation
	Part        = bench.ConversationPart
)

// Defaults are those of a browser that sends Opus. They have no codec: none is standard.
func Defaults() Assumptions {
	return Assumptions{Capture: 10 * millis, Frame: 26500 * time.Microsecond, Playout: 10 * millis, Turn: 800 * millis}
}

// The sources of Defaults.
const (
	blockSource = "one block of WebRTC's audio device module (fine_audio_buffer.h)"
	frameSource = "20 ms of Opus, and libopus' lookahead of 6.5 ms"
	turnSource  = "where a reply begins to feel slow (soniox.com/wiki/voice-agent-latency-budget)"
	given       = "as given"
)

// way is one direction of a path.
type way struct {
	name          string
	fastest       time.Duration
	fastestSource string
	buffer        time.Duration
	bufferSource  string
	late          float64 // the share that came too late for the buffer
	lost          float64
	lostSource    string
	burstR        float64
}

// Told judges a run by its own assumptions. A run that was read back without its pings was judged when they were there.
func Told(r bench.Record) Verdict {
	if r.Kept != nil && r.Kept.Conversation.Known {
		return r.Kept.Conversation
	}
	return Of(r, AssumedOf(r.Run))
}

// AssumedOf are the assumptions of r: its own, or those that are made by default.
func AssumedOf(r bench.Run) Assumptions {
	if r.Assumed != nil {
		return *r.Assumed
	}
	return Defaults()
}

// Assumed is a as a run has it.
func Assumed(a Assumptions) *Assumptions {
	if a == Defaults() {
		return nil
	}
	return &a
}

// Of judges a run.
func Of(r bench.Record, a Assumptions) Verdict {
	if !r.Summary.P50.OK {
		return Verdict{Why: "no ping was answered in time"}
	}
	up, down := bothWays(r, a)
	v, w := judge(up, a), judge(down, a)
	if w.R < v.R {
		v = w
	}
	v.Network = r.Summary.P50.D - r.Summary.Hold.P50.D
	v.TurnShare = float64(v.Network) / float64(a.Turn)
	v.Parts = append(v.Parts, known("turn", 100*v.TurnShare, percentUnit,
		fmt.Sprintf("two legs, %s ms, of %s ms: %s", number(v.Network), number(a.Turn),
			sourceOf(a.Turn, Defaults().Turn, turnSource))))
	return v
}

// judge rates one way.
func judge(w way, a Assumptions) Verdict {
	d := Defaults()
	v := Verdict{Known: true, Way: w.name, Bound: !a.Codec.Known,
		MouthToEar: a.Capture + a.Frame + w.fastest + w.buffer + a.Playout}
	percent := 100 * (1 - (1-w.lost)*(1-w.late))
	i := Impairment{Delay: v.MouthToEar, BurstR: 1}
	burst := known("burst ratio", 1, "", "losses are taken as random: nothing shows bursts")
	if w.burstR > 1 {
		burst.Value, burst.Source = w.burstR, "measured (details.bursts)"
	}
	codec := []Part{{Name: "ie, bpl",
		Source: "not given, and no standard has them for Opus: R is of the delay alone"}}
	if c := a.Codec; c.Known {
		i.Ie, i.Bpl, i.Loss, i.BurstR = c.Ie, c.Bpl, percent, max(1, w.burstR)
		codec = []Part{known("ie", c.Ie, "", c.Source), known("bpl", c.Bpl, "", c.Source)}
	}
	v.R = i.R()
	v.MOS = MOS(v.R)
	v.Parts = []Part{
		millisPart("capture", a.Capture, sourceOf(a.Capture, d.Capture, blockSource)),
		millisPart("frame", a.Frame, sourceOf(a.Frame, d.Frame, frameSource)),
		millisPart("one way", w.fastest, w.fastestSource),
		millisPart("buffer", w.buffer, w.bufferSource),
		millisPart("playout", a.Playout, sourceOf(a.Playout, d.Playout, blockSource)),
		millisPart("mouth to ear", v.MouthToEar, "ITU-T G.114: to 150 ms nearly all are content, 400 ms at the most"),
		known("loss", percent, percentUnit, fmt.Sprintf("lost %.2f %%, %s; too late for the buffer %.2f %%",
			100*w.lost, w.lostSource, 100*w.late)),
		burst,
	}
	v.Parts = append(v.Parts, codec...)
	return v
}

const percentUnit = "%"

func known(name string, value float64, unit, source string) Part {
	return Part{Name: name, Known: true, Value: value, Unit: unit, Source: source}
}

func millisPart(name string, d time.Duration, source string) Part {
	return known(name, float64(d)/float64(millis), "ms", source)
}

func sourceOf(value, byDefault time.Duration, source string) string {
	if value != byDefault {
		return given
	}
	return "assumed: " + source
}

func number(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d)/float64(millis)) }

// bothWays are what was measured of the way up and the way down.
func bothWays(r bench.Record, a Assumptions) (up, down way) {
	s := r.Summary
	half := way{fastest: (s.Min.D - s.Hold.P50.D) / 2, buffer: s.PDV.P99.D, late: 0.01,
		burstR:        s.Bursts.RoundTrip.Ratio,
		fastestSource: "assumed: half of the fastest round trip, for nothing is known of the ways",
		bufferSource:  "the variation of the whole round trip (P99), for nothing is known of the ways",
		lost:          s.Loss, lostSource: "of the whole round trip: nobody knows on which way"}
	up, down = half, half
	if s.OneWay.Known && s.Up.Packets > 0 {
		up.of(s.OneWay.Up, s.Up, howKnown(r))
		down.of(s.OneWay.Down, s.Down, howKnown(r))
	}
	if s.Bursts.Known {
		up.lost, up.burstR = share(s.Bursts.Up.Lost, s.Bursts.Up.Packets), s.Bursts.Up.Ratio
		down.lost, down.burstR = share(s.Bursts.Down.Lost, s.Bursts.Down.Packets), s.Bursts.Down.Ratio
		up.lostSource, down.lostSource = "measured on this way", "measured on this way"
	}
	up.name, down.name = "up", "down"
	if a.Buffer.OK {
		up.take(a.Buffer.D, r, s.OneWay.UpOf, s.Up)
		down.take(a.Buffer.D, r, s.OneWay.DownOf, s.Down)
	}
	return up, down
}

// of sets what is known of the delay of a way. A buffer is counted from the fastest packet, and so is the delay.
func (w *way) of(delay bench.Spread, v bench.Variation, how string) {
	w.fastest, w.fastestSource = delay.P50.D-v.PDV.P50.D, "the fastest packet; "+how
	w.buffer, w.late = v.PDV.P95.D, 0.05
	w.bufferSource = "measured: P95 of the variation; fewer than 100 packets came"
	if v.Buffer1.OK {
		w.buffer, w.late = v.Buffer1.D, 0.01
		w.bufferSource = "measured: would have lost 1 % of what came"
	}
}

// howKnown says what the one-way times rest on.
func howKnown(r bench.Record) string {
	o, half := r.Summary.OneWay, number(r.Summary.OneWay.Offset.HalfWidth())
	switch {
	case r.Clocks == bench.OneClock:
		return "measured, by one clock"
	case r.Clocks == bench.SyncedClocks, r.ClockErrors.Sum().OK && !o.Disbelieved:
		return "measured, ± " + half + " ms"
	}
	return "assumed half of the round trip, ± " + half + " ms: the clocks are not synchronised"
}

// take sets the buffer that somebody asked for, and what comes too late for it.
func (w *way) take(buffer time.Duration, r bench.Record, delay func(bench.Sample) (time.Duration, bool),
	v bench.Variation) {
	w.buffer, w.bufferSource = buffer, given
	came, late := 0, 0
	for _, s := range r.Samples {
		d, ok := delay(s)
		if !ok || s.Outcome != bench.Answered && s.Outcome != bench.Late {
			continue
		}
		if came++; d-w.fastest > buffer {
			late++
		}
	}
	if came > 0 {
		w.late = share(late, came)
		return
	}
	w.late = 1 // of a run without its pings: at the most what the quantiles say
	for _, q := range []struct {
		q     bench.Quantity
		above float64
	}{{v.PDV.P50, 0.5}, {v.PDV.P90, 0.1}, {v.PDV.P95, 0.05}, {v.PDV.P99, 0.01}, {v.PDV.P999, 0.001}, {v.PDV.Max, 0}} {
		if q.q.OK && q.q.D <= buffer {
			w.late = q.above
		}
	}
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
