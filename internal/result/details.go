package result

import (
	"strings"
	"time"

	"rtcbench/bench"
)

// Details are the values for which the original format has no place.
type Details struct {
	SchemaVersion  int          `json:"schema_version"`
	Tool           Tool         `json:"tool"`
	Engine         string       `json:"engine"`
	EngineVersion  string       `json:"engine_version"`
	TransportClass *string      `json:"transport_class"`
	Path           *string      `json:"path"`            // how the messages really travelled: bench.Path
	Channel        *Channel     `json:"channel"`         // the data channel of the pings
	InboundChannel *Channel     `json:"inbound_channel"` // the data channel of the pongs
	Plan           Plan         `json:"plan"`
	Echo           Echo         `json:"echo"`
	Counts         Counts       `json:"counts"`
	Ended          bench.Ended  `json:"ended"`
	Error          *string      `json:"error"`
	RTT            RTT          `json:"rtt_ms"`
	LateRTT        []float64    `json:"late_rtt_ms"`
	JitterRFC3550  *float64     `json:"jitter_rfc3550_ms"`
	IPDV           Quantiles    `json:"ipdv_ms"`
	PDV            Quantiles    `json:"pdv_ms"`
	Variation      *Variations  `json:"variation,omitempty"` // of each way; absent = not known
	Loss           Loss         `json:"loss"`
	Bursts         *Bursts      `json:"bursts,omitempty"` // absent = no ping failed
	Hold           Tail         `json:"hold_ms"`
	OneWay         OneWay       `json:"one_way"`
	Instrument     Instrument   `json:"instrument"`
	Connect        Connect      `json:"connect_ms"`
	ICE            []ICE        `json:"ice"`
	Reconnects     *int         `json:"reconnects"`
	Server         Server       `json:"server"`
	Histogram      *Histogram   `json:"histogram"`
	Samples        Samples      `json:"samples"`
	Doubts         []Doubt      `json:"doubts"`
	Validity       *Validity    `json:"validity"`
	Changes        []Change     `json:"path_changes"`
	Daily          *Daily       `json:"daily,omitempty"`
	Turns          *bench.Turns `json:"turns,omitempty"`   // of a run whose samples are turns of a conversation
	Audio          []AudioLeg   `json:"audio,omitempty"`   // what was negotiated, of a run of audio packets
	Voice          *Voice       `json:"voice,omitempty"`   // of a run of audio packets that has an answer
	Media          *bench.Media `json:"media,omitempty"`   // of a run that played sound: burst by burst
	Standin        bool         `json:"standin,omitempty"` // a stand-in for tests, and not the platform

	Fleet *bench.Origin `json:"fleet,omitempty"` // of a place of a fleet
}

type (
	// AudioLeg is what was negotiated for one leg of audio.
	AudioLeg = bench.AudioLeg
	// Tool is the program that made the run.
	Tool struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
		Go      string `json:"go"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
	}
	// Channel is how a data channel was opened. A null max_retransmits is no limit.
	Channel struct {
		Ordered        bool    `json:"ordered"`
		MaxRetransmits *uint16 `json:"max_retransmits"`
	}
	// Plan are the values of the plan that metadata has no place for. A payload_bytes of 0 means that pings have no
	// padding.
	Plan struct {
		PayloadBytes  *int    `json:"payload_bytes"`
		Warmup        *int    `json:"warmup"`
		EchoTimeoutMS *int64  `json:"echo_timeout_ms"`
		Grid          *string `json:"grid"`
		ReconnectMS   *int64  `json:"reconnect_timeout_ms"`
		Lossy         bool    `json:"lossy"`              // the lossy channel was asked for
		Class         *string `json:"class,omitempty"`    // another transport than a data channel that was asked for
		PhaseMS       *int64  `json:"phase_ms,omitempty"` // of a grid that is aligned to Unix time
	}
	// Echo is the echo that answered.
	Echo struct {
		Mode     string   `json:"mode"`
		Kind     *string  `json:"kind"`
		Identity *string  `json:"identity"`
		Others   []string `json:"others"`

		Unmatched int    `json:"unmatched,omitempty"` // pongs of the run's echo that match no ping of the run, or cannot be read
		Place     string `json:"place,omitempty"`     // of a fleet, where the echo is
	}
	// RTT are the values that statistics has no place for. n_needed is how many pings an absent interval needs.
	RTT struct {
		P90     *float64               `json:"p90"`
		P999    *float64               `json:"p999"`
		CI95    map[string]*[2]float64 `json:"ci95"`
		NNeeded map[string]int         `json:"n_needed"`
	}
	// Quantiles are quantiles of a delay variation.
	Quantiles struct {
		P50 *float64 `json:"p50"`
		P95 *float64 `json:"p95"`
		P99 *float64 `json:"p99"`
	}
	// Tail is the median of a distribution and its upper tail.
	Tail struct {
		P50 *float64 `json:"p50"`
		P99 *float64 `json:"p99"`
		Max *float64 `json:"max"`
	}
	// Loss are the values besides packet_loss_rate. Up, Down and Unknown are how many pings were lost on which way. Up
	// and Down are null if the echo does not report the pings that it saw.
	Loss struct {
		Wilson95   *[2]float64 `json:"wilson95"`
		LongestRun *int        `json:"longest_run"`
		Up         *int        `json:"up"`
		Down       *int        `json:"down"`
		Unknown    int         `json:"unknown"`
	}
	// OneWay are the one-way delays. theta is the echo's clock minus the runner's. up and down are the intervals of the
	// two P50.
	OneWay struct {
		Clocks    bench.Clocks `json:"clocks"`
		Reason    *string      `json:"reason"` // why the delays are not known
		Theta     *float64     `json:"theta_ms"`
		HalfWidth *float64     `json:"half_width_ms"`
		UpP50     *float64     `json:"up_p50_ms"`
		Up        *[2]float64  `json:"up_ms"`
		DownP50   *float64     `json:"down_p50_ms"`
		Down      *[2]float64  `json:"down_ms"`
		// For clocks that may drift: when theta was valid, in ms since the start of the run.
		ThetaAt  *float64    `json:"theta_at_ms,omitempty"`
		SkewUsed *float64    `json:"skew_used_ppm,omitempty"` // the drift that was used
		SkewPPM  *[2]float64 `json:"skew_ppm"`                // least and greatest possible drift
		// Least, best and greatest theta, measured between the clocks directly.
		Measured *[3]float64 `json:"measured_ms,omitempty"`
		// How far the clocks may be from UTC, as their kernels report.
		Errors *ClockErrors `json:"clock_error_ms,omitempty"`
	}
	ClockErrors struct {
		Runner *float64 `json:"runner"`
		Echo   *float64 `json:"echo"`
	}
	// Instrument are the known errors of the instrument itself.
	Instrument struct {
		TimerError Tail     `json:"timer_error_ms"`
		SendCall   Tail     `json:"send_call_ms"`
		GCPause    GCPause  `json:"gc_pause_ms"`
		FloorRTT   *float64 `json:"floor_rtt_p50_ms"`
		FloorAge   *float64 `json:"floor_age_s"`
		// P50 minus the floor: an estimate of the part that is not the instrument's.
		Platform  *float64 `json:"platform_rtt_p50_ms"`
		Steal     *float64 `json:"cpu_steal"`     // ratio of the time of all processors
		Waited    *float64 `json:"cpu_wait"`      // ratio: all threads' wait for a processor, by the run's time
		ClockStep *float64 `json:"clock_step_ms"` // step of the wall clock against the monotonic clock
		Hidden    bool     `json:"page_hidden"`   // the browser's page was in the background
	}
	GCPause struct {
		Total *float64 `json:"total"`
		Max   *float64 `json:"max"`
	}
	// Connect are the times of the steps of joining, since the beginning.
	Connect struct {
		Signalling *float64           `json:"signalling"`
		ICE        map[string]float64 `json:"ice"`
		DTLS       map[string]float64 `json:"dtls"`
		Channel    map[string]float64 `json:"data_channel"`
		FirstPong  *float64           `json:"first_pong"`
	}
	// ICE is a selected candidate pair. at_ms is since the start of the run.
	ICE struct {
		Leg           string  `json:"leg"`
		AtMS          float64 `json:"at_ms"`
		Local         string  `json:"local"`
		Remote        string  `json:"remote"`
		Protocol      string  `json:"protocol"`
		Family        string  `json:"family"`
		LocalAddress  string  `json:"local_address,omitempty"`
		RemoteAddress string  `json:"remote_address,omitempty"`
		Path          *string `json:"path"`                     // bench.Path of this pair
		RelayProtocol string  `json:"relay_protocol,omitempty"` // transport to a local relay
	}
	Histogram struct {
		Format string `json:"format"`
		Unit   string `json:"unit"`
		Data   string `json:"data"`
	}
	// Samples are all slots in columns. Times are since the start of the run. up_raw_ms is T2 − T1, which includes the
	// offset of the clocks.
	Samples struct {
		Seq      []uint32   `json:"seq"`
		Due      []float64  `json:"due_ms"`
		Sent     []*float64 `json:"sent_ms"`
		RTT      []*float64 `json:"rtt_ms"`
		Hold     []*float64 `json:"hold_ms"`
		UpRaw    []*float64 `json:"up_raw_ms"`
		SendCall []*float64 `json:"send_call_ms"`
		Outcome  []string   `json:"outcome"`
		// Why a slot was not used, or where a ping was lost; absent = no slot has a reason.
		Reason []string `json:"reason,omitempty"`
	}
	Doubt struct {
		Code string `json:"code"`
		Text string `json:"text"`
	}
	// Validity is the verdict and its reasons, the worst first. docs/validity.md has the limits.
	Validity struct {
		Verdict bench.Verdict `json:"verdict"`
		Reasons []Reason      `json:"reasons"`
	}
	// Reason is a reason against the run. value and limit are in unit.
	Reason struct {
		Code    string        `json:"code"`
		Verdict bench.Verdict `json:"verdict"`
		Value   float64       `json:"value"`
		Limit   float64       `json:"limit"`
		Unit    string        `json:"unit"`
		Text    string        `json:"text"`
	}
	// Change is a part of the way that changed during the run. at_ms is since the start of the run.
	Change struct {
		What string  `json:"what"`
		From string  `json:"from"`
		To   string  `json:"to"`
		AtMS float64 `json:"at_ms"`
	}
)

func newDetails(r bench.Run, s bench.Summary) Details {
	c, f := r.Counts, r.Facts
	told := !r.OfOriginal()
	number := func(n int) *int { return when(told, n) }
	span := func(d time.Duration) *int64 { return when(told, d.Milliseconds()) }
	d := Details{
		SchemaVersion: SchemaVersion, Tool: Tool(r.Tool),
		Engine: f.Engine, EngineVersion: f.EngineVersion, TransportClass: text(string(f.Transport)),
		Path:    text(string(r.Path())),
		Channel: channel(f.Channel), InboundChannel: channel(f.Inbound),
		Plan: Plan{
			PayloadBytes: number(r.Plan.PayloadBytes), Warmup: number(r.Plan.Warmup),
			EchoTimeoutMS: span(r.Plan.EchoTimeout),
			Grid:          grid(r.Plan), ReconnectMS: span(r.Plan.ReconnectTimeout),
			Lossy: r.Plan.Class == bench.DataChannelLossy, Class: class(r.Plan.Class),
		},
		Echo: Echo{
			Mode: r.Echo.Mode, Kind: text(r.Echo.Kind), Identity: text(r.Echo.Identity), Others: others(r, told),
			Unmatched: r.Echo.Unmatched, Place: r.Echo.Place,
		},
		Counts: CountsOf(r),
		Ended:  r.Ended,
		RTT: RTT{P90: quantity(s.P90), P999: quantity(s.P999), CI95: map[string]*[2]float64{},
			NNeeded: map[string]int{}},
		LateRTT: []float64{}, JitterRFC3550: quantity(s.JitterRTP), IPDV: quantiles(s.IPDV), PDV: quantiles(s.PDV),
		Variation: variations(s.Up, s.Down), Bursts: bursts(s.Bursts),
		Loss:   loss(r.Ways, c.Lost, number(s.LongestRun)),
		Hold:   tail(s.Hold),
		OneWay: oneWay(r.Clocks, s.OneWay),
		Instrument: Instrument{TimerError: tail(s.TimerError), SendCall: tail(s.SendCall),
			GCPause: GCPause{when(told, ms(r.Pauses.Total)), when(told, ms(r.Pauses.Max))}},
		Connect: connect(r), ICE: []ICE{}, Reconnects: number(f.Reconnects),
		Server: Server{f.Server}, Audio: f.Audio,
		Doubts: []Doubt{}, Validity: validity(s.Validity), Changes: []Change{},
	}
	if r.Plan.Aligned {
		phase := r.Plan.Phase.Milliseconds()
		d.Plan.PhaseMS = &phase
	}
	if r.Clocks == bench.SyncedClocks {
		d.OneWay.Measured = &[3]float64{ms(r.Synced.Lo), ms(r.Synced.Theta), ms(r.Synced.Hi)}
	}
	if e := r.ClockErrors; e.Runner.OK || e.Echo.OK {
		d.OneWay.Errors = &ClockErrors{quantity(e.Runner), quantity(e.Echo)}
	}
	if r.Err != nil {
		d.Error = text(strings.ToValidUTF8(r.Err.Error(), "�"))
	}
	if s.LossKnown {
		d.Loss.Wilson95 = &[2]float64{s.LossLo, s.LossHi}
	}
	for name, ci := range map[string]bench.Interval{"p50": s.P50CI, "p95": s.P95CI, "p99": s.P99CI} {
		d.RTT.CI95[name] = nil
		if ci.OK {
			d.RTT.CI95[name] = &[2]float64{ms(ci.Lo), ms(ci.Hi)}
		} else {
			d.RTT.NNeeded[name] = ci.Needed
		}
	}
	for _, p := range f.ICE {
		d.ICE = append(d.ICE, ICE{
			Leg: string(p.Leg), AtMS: ms(p.At.Sub(r.Start)), Local: p.Local.Type, Remote: p.Remote.Type,
			Protocol: p.Remote.Protocol, Family: p.Remote.Family, LocalAddress: p.Local.Address,
			RemoteAddress: p.Remote.Address,
			Path:          text(string(p.Path())), RelayProtocol: p.Local.RelayProtocol,
		})
	}
	for _, x := range s.Doubts {
		d.Doubts = append(d.Doubts, Doubt{x.Code, strings.ToValidUTF8(x.Text, "�")})
	}
	for _, c := range f.Changes {
		d.Changes = append(d.Changes, Change{c.What, c.From, c.To, ms(c.At.Sub(r.Start))})
	}
	d.Standin, d.Turns, d.Media, d.Fleet = r.Standin, r.Turns.WithUnmarked(), r.Media, r.Fleet
	d.Voice = newVoice(bench.Record{Run: r, Summary: s})
	i, m := &d.Instrument, r.Machine
	i.Steal, i.Waited, i.ClockStep, i.Hidden = when(m.Steal.OK, m.Steal.Ratio), when(m.Waited.OK, m.Waited.Ratio),
		quantity(m.ClockStep), f.Hidden
	if r.Floor != nil {
		d.Instrument.FloorRTT, d.Instrument.FloorAge = when(true, ms(r.Floor.RTT)), when(true, r.Floor.Age.Seconds())
		platform, known := r.PlatformRTT(s.P50)
		d.Instrument.Platform = when(known, ms(platform))
	}
	if r.Platform == "daily" {
		d.Daily = &Daily{f.Daily}
	}
	return d
}

// class is the transport class that a plan asks for; nil = a data channel, for which Plan.Lossy suffices.
func class(c bench.TransportClass) *string {
	if c == bench.DataChannelReliable || c == bench.DataChannelLossy {
		return nil
	}
	return text(string(c))
}
