package result

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// maxLocation is the largest length of a location, in bytes.
const maxLocation = 256

// longest is the longest duration that a file may have. It protects arithmetic from overflow.
const longest = 100 * 365 * 24 * time.Hour

// Run is the run in f. The error names the key that is wrong. A file without samples gives a run with Kept.
func (f File) Run() (bench.Run, error) {
	r, err := f.told()
	if err == nil {
		err = whole(r)
	}
	return r, err
}

// told is Run without comparing the samples with the counts.
func (f File) told() (bench.Run, error) {
	if v := f.Details.SchemaVersion; v != SchemaVersion {
		return bench.Run{}, fmt.Errorf("details.schema_version: %d; this rtcbench reads version %d (a newer one "+
			"may read it)", v, SchemaVersion)
	}
	if err := f.check(); err != nil {
		return bench.Run{}, err
	}
	return f.run()
}

// run is told for a file that was checked.
func (f File) run() (bench.Run, error) {
	m, d := f.Metadata, f.Details
	r := bench.Run{
		ID: canonical(m.RunID), Platform: f.Platform, RoomURL: m.RoomURL, Start: clock(m.StartTime),
		End: clock(m.StartTime).Add(nanos(m.DurationMS)), Ended: d.Ended,
		Plan: bench.Plan{
			Count: m.Iterations, Cooldown: fromMillis(m.CooldownMS), PaceUnknown: m.CooldownMS == nil ||
				d.Tool.Version == bench.Original, Timeout: time.Duration(m.TimeoutMS) * time.Millisecond,
			Warmup: zero(d.Plan.Warmup), EchoTimeout: fromMillis(d.Plan.EchoTimeoutMS),
			ReconnectTimeout: fromMillis(d.Plan.ReconnectMS),
			PayloadBytes:     zero(d.Plan.PayloadBytes), Class: asked(d.Plan), Media: d.Media != nil,
		},
		Counts: d.Counts.Counts,
		Ways:   ways(d.Loss),
		Echo: bench.Echo{Mode: d.Echo.Mode, Kind: or(d.Echo.Kind), Identity: or(d.Echo.Identity),
			Others: d.Echo.Others, Unmatched: d.Echo.Unmatched, Place: d.Echo.Place,
			FirstPong: span(d.Connect.FirstPong)},
		Clocks: d.OneWay.Clocks, Facts: f.facts(), Tool: bench.Tool(d.Tool), Standin: d.Standin,
		Turns: d.Turns.Bare(), Media: d.Media, Fleet: d.Fleet, Assumed: d.Voice.assumed(),
		Pauses: bench.Pauses{Total: span(d.Instrument.GCPause.Total), Max: span(d.Instrument.GCPause.Max)},
	}
	if m.LocationID != nil {
		r.Location = *m.LocationID
	}
	if d.Plan.PhaseMS != nil {
		r.Plan.Aligned, r.Plan.Phase = true, time.Duration(*d.Plan.PhaseMS)*time.Millisecond
	}
	if x := d.OneWay.Measured; x != nil {
		r.Synced = stats.Offset{Lo: nanos(x[0]), Theta: nanos(x[1]), Hi: nanos(x[2])}
	}
	if x := d.OneWay.Errors; x != nil {
		r.ClockErrors = bench.ClockErrors{Runner: q(x.Runner), Echo: q(x.Echo)}
	}
	if d.Instrument.FloorRTT != nil {
		r.Floor = &bench.Floor{RTT: span(d.Instrument.FloorRTT), Age: span(d.Instrument.FloorAge) * 1000}
	}
	if d.Error != nil {
		r.Err = errors.New(*d.Error)
	}
	for _, x := range d.Doubts {
		r.Doubts = append(r.Doubts, bench.Doubt(x))
	}
	r.Place()
	r.Machine = bench.Machine{Steal: ratio(d.Instrument.Steal), Waited: ratio(d.Instrument.Waited),
		ClockStep: q(d.Instrument.ClockStep)}
	r.Judged = d.Validity.judged()
	histogram, err := d.Histogram.read(r.Counts.Answered)
	if err != nil {
		return bench.Run{}, err
	}
	if r.Samples = d.Samples.list(); r.Samples == nil {
		r.Kept = &bench.Kept{Summary: f.summary(), Histogram: histogram, Conversation: d.Voice.told()}
	}
	return r, nil
}

// read is the histogram; it has to have so many answered pings. A nil h gives an empty histogram.
func (h *Histogram) read(answered int) (stats.Histogram, error) {
	if h == nil {
		return stats.Histogram{}, nil
	}
	list, err := bench.DecodeHistogram(h.Data)
	if err != nil {
		return list, fmt.Errorf("details.histogram: it cannot be unpacked: %w", err)
	}
	if n := list.Total(); n != uint64(answered) {
		return list, fmt.Errorf("details.histogram: %d pings; details.counts.answered is %d", n, answered)
	}
	return list, nil
}

func (f File) facts() bench.Facts {
	d := f.Details
	facts := bench.Facts{
		Engine: d.Engine, EngineVersion: d.EngineVersion, Transport: bench.TransportClass(or(d.TransportClass)),
		Channel: d.Channel.facts(), Inbound: d.InboundChannel.facts(), Reconnects: zero(d.Reconnects),
		Server: d.Server.Server, Audio: d.Audio,
	}
	if d.Connect.Signalling != nil {
		facts.Phases = append(facts.Phases, bench.Phase{Name: "signalling", At: span(d.Connect.Signalling)})
	}
	for _, p := range []struct {
		name string
		legs map[string]float64
	}{{"ice", d.Connect.ICE}, {"dtls", d.Connect.DTLS}, {"data_channel", d.Connect.Channel}} {
		for leg, at := range p.legs {
			facts.Phases = append(facts.Phases, bench.Phase{Name: p.name, Leg: bench.Leg(leg), At: nanos(at)})
		}
	}
	slices.SortFunc(facts.Phases, func(a, b bench.Phase) int { return int(a.At - b.At) })
	for _, p := range d.ICE {
		facts.ICE = append(facts.ICE, bench.ICEPair{
			Leg: bench.Leg(p.Leg), At: clock(f.Metadata.StartTime).Add(nanos(p.AtMS)),
			Local: bench.Candidate{Type: p.Local, Protocol: p.Protocol, Family: p.Family, Address: p.LocalAddress,
				RelayProtocol: p.RelayProtocol},
			Remote: bench.Candidate{Type: p.Remote, Protocol: p.Protocol, Family: p.Family, Address: p.RemoteAddress},
		})
	}
	facts.Hidden = d.Instrument.Hidden
	for _, c := range d.Changes {
		facts.Changes = append(facts.Changes,
			bench.Change{What: c.What, From: c.From, To: c.To, At: clock(f.Metadata.StartTime).Add(nanos(c.AtMS))})
	}
	if d.Daily != nil {
		facts.Daily = d.Daily.Daily
	}
	return facts
}

// judged is the verdict in the file; nil = the version that wrote the file gave no verdicts.
func (v *Validity) judged() *bench.Validity {
	if v == nil {
		return nil
	}
	out := &bench.Validity{Verdict: v.Verdict}
	for _, x := range v.Reasons {
		out.Grounds = append(out.Grounds, bench.Ground(x))
	}
	return out
}

func (c *Channel) facts() bench.Channel {
	if c == nil {
		return bench.Channel{}
	}
	return bench.Channel{Known: true, Ordered: c.Ordered, MaxRetransmits: c.MaxRetransmits}
}

// summary is the summary in the file, for a run without samples.
func (f File) summary() bench.Summary {
	t, d := f.Statistics, f.Details
	s := bench.Summary{
		P90: q(d.RTT.P90), P999: q(d.RTT.P999), JitterRTP: q(d.JitterRFC3550), IPDV: d.IPDV.spread(),
		PDV:        d.PDV.spread(),
		LongestRun: zero(d.Loss.LongestRun), Hold: d.Hold.spread(), TimerError: d.Instrument.TimerError.spread(),
		SendCall: d.Instrument.SendCall.spread(),
		OneWay:   d.OneWay.known(),
		Bursts:   d.Bursts.told(),
	}
	if v := d.Variation; v != nil {
		s.Up, s.Down = v.Up.told(), v.Down.told()
	}
	t.tell(&s)
	if t.PacketLossRate != nil {
		s.LossKnown, s.Loss = true, *t.PacketLossRate
	}
	if d.Loss.Wilson95 != nil {
		s.LossLo, s.LossHi = d.Loss.Wilson95[0], d.Loss.Wilson95[1]
	}
	for name, to := range map[string]*bench.Interval{"p50": &s.P50CI, "p95": &s.P95CI, "p99": &s.P99CI} {
		if ci := d.RTT.CI95[name]; ci != nil {
			*to = bench.Interval{Lo: nanos(ci[0]), Hi: nanos(ci[1]), OK: true}
		} else {
			to.Needed = d.RTT.NNeeded[name]
		}
	}
	for _, x := range d.Doubts {
		s.Doubts = append(s.Doubts, bench.Doubt(x))
	}
	return s
}

func (o OneWay) known() bench.OneWay {
	if o.UpP50 == nil || o.DownP50 == nil || o.Theta == nil || o.Up == nil {
		return bench.OneWay{Why: or(o.Reason)}
	}
	theta := nanos(*o.Theta)
	less, more := nanos(o.Up[1])-span(o.UpP50), span(o.UpP50)-nanos(o.Up[0])
	w := bench.OneWay{
		Known: true, Offset: stats.Offset{Theta: theta, Lo: theta - less, Hi: theta + more},
		Up: bench.Spread{P50: q(o.UpP50)}, Down: bench.Spread{P50: q(o.DownP50)},
	}
	if x := o.SkewPPM; x != nil && o.ThetaAt != nil && o.SkewUsed != nil {
		w.Offset.At, w.Offset.Skew, w.Offset.SkewLo, w.Offset.SkewHi = nanos(*o.ThetaAt), *o.SkewUsed/1e6, x[0]/
			1e6, x[1]/1e6
	}
	return w
}

func (x Quantiles) spread() bench.Spread {
	return bench.Spread{P50: q(x.P50), P95: q(x.P95), P99: q(x.P99)}
}

func (t Tail) spread() bench.Spread {
	return bench.Spread{P50: q(t.P50), P99: q(t.P99), Max: q(t.Max)}
}

// list are the columns as samples. check has checked that the columns are equally long.
func (c Samples) list() []bench.Sample {
	if len(c.Seq) == 0 {
		return nil
	}
	list := make([]bench.Sample, len(c.Seq))
	for i := range list {
		s := bench.Sample{Seq: c.Seq[i], Due: nanos(c.Due[i]), Sent: span(c.Sent[i]), SendCall: span(c.SendCall[i]),
			RTT: span(c.RTT[i])}
		s.Outcome, _ = bench.ParseOutcome(c.Outcome[i])
		if len(c.Reason) > 0 { // absent or empty if no sample has a reason
			s.Reason, _ = bench.ParseReason(c.Reason[i])
		}
		if c.Hold[i] != nil && c.UpRaw[i] != nil {
			s.Stamped, s.Hold, s.Up = true, span(c.Hold[i]), span(c.UpRaw[i])
		}
		list[i] = s
	}
	return list
}

// uuidOf is an ID for a file that has none. It depends on the content alone.
func uuidOf(content []byte) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, content).String()
}

func or(s *string) string { return zero(s) }

// zero is *v; the zero value if v is nil.
func zero[T any](v *T) (value T) {
	if v != nil {
		value = *v
	}
	return value
}

// asked is the transport class that a plan asks for.
func asked(p Plan) bench.TransportClass {
	if p.Lossy {
		return bench.DataChannelLossy
	}
	return bench.TransportClass(or(p.Class))
}

// fromMillis is v milliseconds; 0 if v is nil.
func fromMillis(v *int64) time.Duration { return time.Duration(zero(v)) * time.Millisecond }

// nanos is v milliseconds, rounded to whole nanoseconds: this is exactly the duration that was written.
func nanos(v float64) time.Duration { return time.Duration(math.Round(v * 1e6)) }

func span(v *float64) time.Duration {
	if v == nil {
		return 0
	}
	return nanos(*v)
}

func ratio(v *float64) bench.Share {
	if v == nil {
		return bench.Share{}
	}
	return bench.Share{Ratio: *v, OK: true}
}

func q(v *float64) bench.Quantity { return bench.Quantity{D: span(v), OK: v != nil} }

// clock is a time of day from Unix seconds, rounded to the microsecond as in files.
func clock(s float64) time.Time { return time.UnixMicro(int64(math.Round(s * 1e6))).UTC() }

func ways(l Loss) bench.Ways {
	if l.Up == nil || l.Down == nil {
		return bench.Ways{}
	}
	return bench.Ways{Known: true, Up: *l.Up, Down: *l.Down, Unknown: l.Unknown}
}

// canonical is the canonical spelling of a UUID (RFC 9562, section 4). A text that is no UUID stays as it is.
func canonical(id string) string {
	if u, err := uuid.Parse(id); err == nil {
		return u.String()
	}
	return id
}
