package result

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"rtcbench/bench"
)

// Platforms are those whose runs a file may hold.
var Platforms = []string{"daily", "livekit"}

// most is the largest count that a file may hold: a run has no more pings than numbers for them, and sums of runs stay sums.
const most = math.MaxUint32

// word is what engines and transport classes are called; a table shows them as they are.
var word = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// check finds what would make a run that no prober can have made. The error names the key.
func (f File) check() error {
	for _, test := range []func() error{f.checkWhere, f.checkCounts, f.checkStatistics, f.checkSamples} {
		if err := test(); err != nil {
			return err
		}
	}
	return nil
}

func (f File) checkWhere() error {
	m := f.Metadata
	switch {
	case !slices.Contains(Platforms, f.Platform):
		return fmt.Errorf("platform: %.40q; known are %v", f.Platform, Platforms)
	case uuid.Validate(m.RunID) != nil:
		return fmt.Errorf("metadata.run_id: %.60q is no UUID", m.RunID)
	case m.LocationID != nil && len(*m.LocationID) > maxLocation:
		return fmt.Errorf("metadata.location_id: %d bytes; %d are allowed", len(*m.LocationID), maxLocation)
	case m.LocationID != nil && !utf8.ValidString(*m.LocationID):
		return fmt.Errorf("metadata.location_id: %q is no UTF-8", *m.LocationID)
	case m.StartTime < 0 || m.StartTime > 1e11 || m.EndTime < m.StartTime || m.EndTime > 1e11:
		return fmt.Errorf("metadata.start_time, end_time: %v to %v is no span of time", m.StartTime, m.EndTime)
	case !duration(m.DurationMS):
		return fmt.Errorf("metadata.duration_ms: %v is no duration", m.DurationMS)
	case m.CooldownMS < 0 || m.TimeoutMS < 0 || m.Iterations < 0 || m.CooldownMS > longest.Milliseconds() || m.TimeoutMS > longest.Milliseconds():
		return fmt.Errorf("metadata: iterations %d, timeout_ms %d, cooldown_ms %d: one is no such number", m.Iterations, m.TimeoutMS, m.CooldownMS)
	case !slices.Contains([]bench.Ended{bench.Complete, bench.Interrupted, bench.LinkLost, bench.DeadlinePassed}, f.Details.Ended):
		return fmt.Errorf("details.ended: %.40q is not known", f.Details.Ended)
	case !share(f.Details.Instrument.Steal, 1) || !share(f.Details.Instrument.Waited, maxThreads):
		return fmt.Errorf("details.instrument.cpu_steal, cpu_wait: %v, %v: one is no share", show(f.Details.Instrument.Steal), show(f.Details.Instrument.Waited))
	case f.Details.Instrument.ClockStep != nil && !duration(math.Abs(*f.Details.Instrument.ClockStep)):
		return fmt.Errorf("details.instrument.clock_step_ms: %v is no duration", *f.Details.Instrument.ClockStep)
	case f.Details.Validity != nil && !slices.Contains([]bench.Verdict{bench.Valid, bench.Doubtful, bench.Invalid}, f.Details.Validity.Verdict):
		return fmt.Errorf("details.validity.verdict: %.40q is not known", f.Details.Validity.Verdict)
	case f.Details.Engine != "" && !word.MatchString(f.Details.Engine):
		return fmt.Errorf("details.engine: %.40q is no name of an engine, as native or browser", f.Details.Engine)
	case f.Details.Echo.Unmatched < 0:
		return fmt.Errorf("details.echo.unmatched: %d is negative", f.Details.Echo.Unmatched)
	case or(f.Details.TransportClass) != "" && !word.MatchString(*f.Details.TransportClass):
		return fmt.Errorf("details.transport_class: %.40q is no name of one, as datachannel-reliable", *f.Details.TransportClass)
	}
	return nil
}

func (f File) checkCounts() error {
	c := f.Details.Counts
	for name, n := range map[string]int{"sent": c.Sent, "answered": c.Answered, "late": c.Late, "lost": c.Lost, "not_sent": c.NotSent, "unsettled": c.Unsettled, "duplicate": c.Duplicate, "malformed": c.Malformed, "foreign": c.Foreign, "warmup_sent": c.WarmupSent, "control_sent": c.ControlSent} {
		if n < 0 {
			return fmt.Errorf("details.counts.%s: %d is negative", name, n)
		}
		if n > most {
			return fmt.Errorf("details.counts.%s: %d are more than a run can have", name, n)
		}
	}
	if c.Answered+c.Late+c.Lost+c.Unsettled != c.Sent {
		return fmt.Errorf("details.counts: %d sent are not %d answered + %d late + %d lost + %d unsettled", c.Sent, c.Answered, c.Late, c.Lost, c.Unsettled)
	}
	return nil
}

func (f File) checkStatistics() error {
	s := f.Statistics
	for name, v := range map[string]*float64{
		"mean_rtt": s.MeanRTT, "median_rtt": s.MedianRTT, "min_rtt": s.MinRTT, "max_rtt": s.MaxRTT, "std_dev_rtt": s.StdDevRTT,
		"p50_rtt": s.P50RTT, "p95_rtt": s.P95RTT, "p99_rtt": s.P99RTT, "jitter": s.Jitter,
	} {
		if v != nil && !duration(*v) {
			return fmt.Errorf("statistics.%s: %v is no duration", name, *v)
		}
	}
	if r := s.PacketLossRate; r != nil && !(*r >= 0 && *r <= 1) {
		return fmt.Errorf("statistics.packet_loss_rate: %v is no ratio", *r)
	}
	for i, m := range f.Measurements {
		if !duration(m.RoundTripTime) {
			return fmt.Errorf("measurements[%d].round_trip_time: %v is no duration", i, m.RoundTripTime)
		}
	}
	return nil
}

// duration reports whether v milliseconds can have passed.
func duration(v float64) bool { return v >= 0 && v <= float64(longest/time.Millisecond) }

// maxThreads is the greatest share of a run that the threads of a process can have waited, all together.
const maxThreads = 1e6

// share reports whether v can be a part of most wholes.
func share(v *float64, most float64) bool { return v == nil || *v >= 0 && *v <= most }

func (f File) checkSamples() error {
	c := f.Details.Samples
	n := len(c.Seq)
	if n == 0 {
		return nil
	}
	for name, length := range map[string]int{"due_ms": len(c.Due), "sent_ms": len(c.Sent), "rtt_ms": len(c.RTT), "hold_ms": len(c.Hold), "up_raw_ms": len(c.UpRaw), "send_call_ms": len(c.SendCall), "outcome": len(c.Outcome)} {
		if length != n {
			return fmt.Errorf("details.samples.%s: %d values; seq has %d", name, length, n)
		}
	}
	if c.Reason != nil && len(c.Reason) != n {
		return fmt.Errorf("details.samples.reason: %d values; seq has %d", len(c.Reason), n)
	}
	var got bench.Counts
	var outcomes [5]int
	for i := range n {
		at := func(key string, v any, why string) error {
			return fmt.Errorf("details.samples.%s[%d]: %v %s", key, i, v, why)
		}
		outcome, ok := bench.ParseOutcome(c.Outcome[i])
		pong := outcome == bench.Answered || outcome == bench.Late
		switch {
		case !ok:
			return at("outcome", fmt.Sprintf("%.40q", c.Outcome[i]), "is not known")
		case i > 0 && c.Seq[i] <= c.Seq[i-1] || c.Seq[i] == 0:
			return at("seq", c.Seq[i], "is not above the one before")
		case !duration(c.Due[i]):
			return at("due_ms", c.Due[i], "is no duration")
		case outcome != bench.NotSent && (c.Sent[i] == nil || !(math.Abs(*c.Sent[i]) <= float64(longest/time.Millisecond))):
			return at("sent_ms", show(c.Sent[i]), "is no time")
		case pong && (c.RTT[i] == nil || !duration(*c.RTT[i])):
			return at("rtt_ms", show(c.RTT[i]), "is no duration")
		case c.Hold[i] != nil && !duration(*c.Hold[i]):
			return at("hold_ms", *c.Hold[i], "is no duration")
		case c.UpRaw[i] != nil && !(math.Abs(*c.UpRaw[i]) <= float64(longest/time.Millisecond)):
			return at("up_raw_ms", *c.UpRaw[i], "is no time")
		case c.SendCall[i] != nil && !duration(*c.SendCall[i]):
			return at("send_call_ms", *c.SendCall[i], "is no duration")
		}
		if c.Reason != nil {
			if _, ok := bench.ParseReason(c.Reason[i]); !ok {
				return at("reason", fmt.Sprintf("%.40q", c.Reason[i]), "is not known")
			}
		}
		outcomes[outcome]++
	}
	got.Answered, got.Late = outcomes[bench.Answered], outcomes[bench.Late]
	if want := f.Details.Counts; got.Answered != want.Answered || got.Late != want.Late {
		return fmt.Errorf("details.samples: %d answered and %d late; details.counts says %d and %d", got.Answered, got.Late, want.Answered, want.Late)
	}
	return nil
}

func show(v *float64) any {
	if v == nil {
		return "null"
	}
	return *v
}
