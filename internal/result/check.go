package result

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"rtcbench/bench"
)

// Platforms are the platforms whose runs a file may hold. A program that supports more of them adds to Platforms before
// it reads a file.
var Platforms = []string{"daily", "livekit"}

const (
	// most is the largest count that a file may hold. A run has no more pings than a uint32 has numbers, and sums of
	// runs do not overflow.
	most = math.MaxUint32
	// mostUnused is how many more slots a run may have missed than it used. An unused slot takes almost no bytes in a
	// packed run, but as much memory as any other slot.
	mostUnused = 4_000_000
	// lastSecond is the last Unix second that every store can hold: its nanoseconds fit into 63 bits.
	lastSecond = math.MaxInt64 / int64(time.Second)
	// apart is the tolerance between the duration and the difference of start and end: a file rounds these times, and
	// the clocks are not read at the same moment.
	apart = time.Second
	// offBy is the tolerance for a round trip time that a file rounds.
	offBy = time.Millisecond
)

// check is an error if no prober can have made the run. The error names the key. check is called for a file that is
// read, for a run that is unpacked, and for a run that is packed for a store.
func (f File) check() error {
	for _, test := range []func() error{f.checkValues, f.checkWhere, f.checkTimes, f.checkCounts, f.checkStatistics,
		f.checkSamples, f.checkNumbers, f.checkMedia} {
		if err := test(); err != nil {
			return err
		}
	}
	return nil
}

func (f File) checkWhere() error {
	m, d := f.Metadata, f.Details
	v := d.Validity
	switch {
	case !slices.Contains(Platforms, f.Platform):
		return fmt.Errorf("platform: %.40q; known are %v", f.Platform, Platforms)
	case m == Metadata{}:
		return missing("metadata")
	case m.Platform != "" && m.Platform != f.Platform:
		return fmt.Errorf("metadata.platform: %.40q; platform is %q", m.Platform, f.Platform)
	case uuid.Validate(m.RunID) != nil:
		return fmt.Errorf("metadata.run_id: %.60q is no UUID", m.RunID)
	case m.LocationID != nil && len(*m.LocationID) > maxLocation:
		return fmt.Errorf("metadata.location_id: %d bytes; %d are allowed", len(*m.LocationID), maxLocation)
	case m.LocationID != nil && strings.ContainsRune(*m.LocationID, 0): // not every store can hold a zero byte
		return errors.New("metadata.location_id: there is a zero character in it")
	case !slices.Contains([]bench.Ended{bench.Complete, bench.Interrupted, bench.LinkLost, bench.DeadlinePassed},
		d.Ended):
		return fmt.Errorf("details.ended: %.40q is not known", d.Ended)
	case !share(d.Instrument.Steal, 1) || !share(d.Instrument.Waited, maxThreads):
		return fmt.Errorf("details.instrument.cpu_steal, cpu_wait: %v, %v: one is no share", show(d.Instrument.Steal),
			show(d.Instrument.Waited))
	case v != nil && !slices.Contains(bench.Verdicts, v.Verdict):
		return fmt.Errorf("details.validity.verdict: %.40q is not known", v.Verdict)
	case !bench.Path(or(d.Path)).Valid() && or(d.Path) != "":
		return unknown("path", bench.Path(or(d.Path)), bench.Paths)
	}
	for i, leg := range d.Audio {
		if !slices.Contains(bench.Stamps, leg.Stamped) {
			return unknown(fmt.Sprintf("audio[%d].stamped", i), leg.Stamped, bench.Stamps)
		}
	}
	return cmp.Or(
		word("engine", d.Engine, bench.Engines),
		word("transport_class", bench.TransportClass(or(d.TransportClass)), bench.TransportClasses),
		word("plan.class", bench.TransportClass(or(d.Plan.Class)), bench.TransportClasses),
		word("plan.grid", or(d.Plan.Grid), []string{fixed, closedLoop}),
		word("echo.mode", d.Echo.Mode, []string{"local", "remote"}),
		d.Voice.check(),
	)
}

// word is an error unless is is one of list, or "".
func word[S ~string](key string, is S, list []S) error {
	if is == "" || slices.Contains(list, is) {
		return nil
	}
	return unknown(key, is, list)
}

func unknown[S ~string](key string, is S, list []S) error {
	return fmt.Errorf("details.%s: %.40q is not known; known are %v (a newer rtcbench may know it)", key, is, list)
}

// checkTimes checks that every store can hold the times. The time of a clock that was never set is accepted.
func (f File) checkTimes() error {
	m := f.Metadata
	for _, at := range []struct {
		key   string
		value float64
	}{{"start_time", m.StartTime}, {"end_time", m.EndTime}} {
		if !(at.value >= 0 && at.value <= float64(lastSecond)) {
			return fmt.Errorf("metadata.%s: %s is no time, in Unix seconds", at.key, plain(at.value))
		}
	}
	span := time.Duration((m.EndTime - m.StartTime) * float64(time.Second))
	switch took := nanos(m.DurationMS); {
	case span < 0:
		return fmt.Errorf("metadata.end_time: %s is before metadata.start_time, %s", plain(m.EndTime),
			plain(m.StartTime))
	// The duration in files of the original tool is not used.
	case f.Details.Tool.Version != bench.Original && (span-took).Abs() > max(apart, took/100):
		return fmt.Errorf("metadata.duration_ms: %s does not fit: start_time and end_time are %s ms apart",
			plain(m.DurationMS), plain(ms(span)))
	}
	return nil
}

// fastest is the latest end of a run that is believed. A run by a clock that is merely fast is accepted.
var fastest = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// checkBefore is an error if the run in the file ends after limit.
func (f File) checkBefore(limit time.Time) error {
	if end := clock(f.Metadata.EndTime); end.After(limit) {
		return fmt.Errorf("metadata.end_time: %s (%s) is in the future", plain(f.Metadata.EndTime),
			end.Format(time.DateTime))
	}
	return nil
}

// checkPongs is an error if a pong of r came when none can have: after the end of the run, in time although the plan's
// timeout was over, or before the echo sent the pong. Files of the original tool say none of these.
func checkPongs(r bench.Run) error {
	if r.OfOriginal() {
		return nil
	}
	took := r.End.Sub(r.Start)
	latest := took + max(apart, took/100)
	for i, s := range r.Samples {
		if s.Outcome != bench.Answered && s.Outcome != bench.Late {
			continue
		}
		switch {
		case s.Sent < -apart || s.Sent+s.RTT > latest:
			return fmt.Errorf("details.samples: sent_ms[%d] and rtt_ms[%d]: %s and %s; the run took %s ms", i, i,
				plain(ms(s.Sent)), plain(ms(s.RTT)), plain(ms(took)))
		case s.Stamped && s.Hold > s.RTT+offBy:
			return fmt.Errorf("details.samples.hold_ms[%d]: %s, of a round trip of %s ms: no echo can have held the "+
				"ping for longer", i, plain(ms(s.Hold)), plain(ms(s.RTT)))
		case s.Outcome == bench.Answered && s.RTT > r.Plan.Timeout+offBy:
			return fmt.Errorf("details.samples.rtt_ms[%d]: %s, of a ping that was answered in time; "+
				"metadata.timeout_ms is %s", i, plain(ms(s.RTT)), plain(ms(r.Plan.Timeout)))
		}
	}
	return nil
}

func (f File) checkCounts() error {
	c, s, planned := f.Details.Counts, f.Statistics, f.Metadata.Iterations
	late, lost, unsettled := c.Late, c.Lost, c.Unsettled
	switch {
	case c.Answered+late+lost+unsettled != c.Sent:
		return fmt.Errorf("details.counts: %d sent are not %d answered + %d late + %d lost + %d unsettled", c.Sent,
			c.Answered, late, lost, unsettled)
	case c.Sent > planned:
		return fmt.Errorf("metadata.iterations: %d; %d pings were sent", planned, c.Sent)
	case c.NotSent > mostUnused+c.Sent:
		return fmt.Errorf("details.counts.not_sent: %d slots beside %d pings are more than a run can have missed",
			c.NotSent, c.Sent)
	case s.SuccessfulMessages != c.Answered:
		return fmt.Errorf("statistics.successful_messages: %d; details.counts.answered is %d",
			s.SuccessfulMessages, c.Answered)
	case s.FailedMessages != late+lost:
		return fmt.Errorf("statistics.failed_messages: %d; %d late and %d lost ones are in details.counts",
			s.FailedMessages, late, lost)
	case s.TotalMessages != s.SuccessfulMessages+s.FailedMessages:
		return fmt.Errorf("statistics.total_messages: %d are not %d successful and %d failed ones", s.TotalMessages,
			s.SuccessfulMessages, s.FailedMessages)
	}
	return nil
}

// checkStatistics checks the measurements and the loss rate against the counts.
func (f File) checkStatistics() error {
	s := f.Statistics
	for i, m := range f.Measurements {
		if !duration(m.RoundTripTime) {
			return fmt.Errorf("measurements[%d].round_trip_time: %s is no duration", i, plain(m.RoundTripTime))
		}
		if !(math.Abs(m.Timestamp) <= float64(longest/time.Millisecond)) {
			return fmt.Errorf("measurements[%d].timestamp: %s is no time", i, plain(m.Timestamp))
		}
	}
	r := s.PacketLossRate
	if r == nil || s.TotalMessages == 0 {
		return nil
	}
	if want := float64(s.FailedMessages) / float64(s.TotalMessages); !(math.Abs(*r-want) < 1e-4) {
		return fmt.Errorf("statistics.packet_loss_rate: %s is no ratio of %d failed by %d",
			plain(*r), s.FailedMessages, s.TotalMessages)
	}
	return nil
}

// duration reports whether v is a possible duration in milliseconds.
func duration(v float64) bool { return v >= 0 && v <= float64(longest/time.Millisecond) }

// maxThreads is the largest possible sum of the waiting times of all threads, as a multiple of the run's duration.
const maxThreads = 1e6

// share reports whether v is from 0 to most, or not known.
func share(v *float64, most float64) bool { return v == nil || *v >= 0 && *v <= most }

// checkNumbers checks that each measurement is of a different ping, and that the plan has this ping.
func (f File) checkNumbers() error {
	last := uint32(f.Metadata.Iterations + f.Details.Counts.NotSent)
	if seq := f.Details.Samples.Seq; len(seq) > 0 {
		last = seq[len(seq)-1]
	}
	seen := make(map[uint32]bool, len(f.Measurements))
	for i, m := range f.Measurements {
		switch n := m.MessageNumber; {
		case n == 0:
			return fmt.Errorf("measurements[%d].message_number: 0; pings are counted from 1", i)
		case n > last:
			return fmt.Errorf("measurements[%d].message_number: %d; the last ping is %d", i, n, last)
		case seen[n]:
			return fmt.Errorf("measurements[%d].message_number: %d is there twice", i, n)
		}
		seen[m.MessageNumber] = true
	}
	return nil
}

func (f File) checkSamples() error {
	c := f.Details.Samples
	n := len(c.Seq)
	for _, list := range []struct {
		name   string
		length int
	}{
		{"due_ms", len(c.Due)}, {"sent_ms", len(c.Sent)}, {"rtt_ms", len(c.RTT)}, {"hold_ms", len(c.Hold)},
		{"up_raw_ms", len(c.UpRaw)},
		{"send_call_ms", len(c.SendCall)}, {"outcome", len(c.Outcome)}, {"reason", len(c.Reason)},
	} {
		if list.length != n && (list.name != "reason" || list.length > 0) {
			return fmt.Errorf("details.samples.%s: %d values; seq has %d", list.name, list.length, n)
		}
	}
	for i := range n {
		if err := c.check(i); err != nil {
			return err
		}
	}
	return nil
}

// check checks one sample of the columns.
func (c Samples) check(i int) error {
	bad := func(key string, v any, why string) error {
		return fmt.Errorf("details.samples.%s[%d]: %v %s", key, i, v, why)
	}
	time := func(v *float64) bool { return v != nil && math.Abs(*v) <= longestMS }
	outcome, ok := bench.ParseOutcome(c.Outcome[i])
	pong := outcome == bench.Answered || outcome == bench.Late
	switch {
	case !ok:
		return bad("outcome", fmt.Sprintf("%.40q", c.Outcome[i]), "is not known")
	case i > 0 && c.Seq[i] <= c.Seq[i-1] || c.Seq[i] == 0:
		return bad("seq", c.Seq[i], "is not above the one before")
	case !duration(c.Due[i]):
		return bad("due_ms", plain(c.Due[i]), "is no duration")
	case outcome != bench.NotSent && !time(c.Sent[i]):
		return bad("sent_ms", show(c.Sent[i]), "is no time")
	case pong && (c.RTT[i] == nil || !duration(*c.RTT[i])):
		return bad("rtt_ms", show(c.RTT[i]), "is no duration")
	case c.Hold[i] != nil && !duration(*c.Hold[i]):
		return bad("hold_ms", plain(*c.Hold[i]), "is no duration")
	case c.UpRaw[i] != nil && !time(c.UpRaw[i]):
		return bad("up_raw_ms", plain(*c.UpRaw[i]), "is no time")
	case c.SendCall[i] != nil && !duration(*c.SendCall[i]):
		return bad("send_call_ms", plain(*c.SendCall[i]), "is no duration")
	}
	if len(c.Reason) > 0 {
		if _, ok := bench.ParseReason(c.Reason[i]); !ok {
			return bad("reason", fmt.Sprintf("%.40q", c.Reason[i]), "is not known")
		}
	}
	return nil
}

// whole is an error if the samples of r, or the histogram in their place, contradict the counts.
func whole(r bench.Run) error {
	if r.Kept != nil {
		if n, want := r.Kept.Histogram.Total(), uint64(r.Counts.Answered); n != want {
			return fmt.Errorf("the histogram has %d pings; details.counts.answered is %d", n, want)
		}
		return nil
	}
	var got bench.Counts
	got.Tally(r.Samples)
	want := r.Counts
	if r.OfOriginal() { // a file of the original tool has the answered pings alone
		got.Lost, got.Sent = want.Lost, got.Answered+want.Lost
	}
	for _, x := range slices.Backward(bench.CountList) { // sent last: it is the sum of the others
		if is, told := *x.Of(&got), *x.Of(&want); x.Fate && is != told {
			return fmt.Errorf("details.counts.%s: %d; the samples have %d", x.Key, told, is)
		}
	}
	for i, s := range r.Samples {
		for _, d := range []time.Duration{s.Due, s.RTT, s.Hold, s.SendCall} {
			if d < 0 || d > longest {
				return fmt.Errorf("%w: %v of sample %d is no duration", errPacked, d, i)
			}
		}
		if s.Sent.Abs() > longest || s.Up.Abs() > longest {
			return fmt.Errorf("%w: %v and %v of sample %d: one is no time", errPacked, s.Sent, s.Up, i)
		}
	}
	return nil
}

var errPacked = errors.New("the samples are damaged")

func missing(key string) error { return fmt.Errorf("%s: it is missing", key) }

func show(v *float64) string {
	if v == nil {
		return "null"
	}
	return plain(*v)
}

// plain is v as people write numbers, without an exponent: so a time of day can be looked up. Numbers from 1e21 on have
// an exponent.
func plain(v float64) string {
	if math.Abs(v) < 1e21 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}
