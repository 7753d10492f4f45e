package result

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
)

// original makes a run of a file of the original tool. The timestamps in the file are the times of the pongs, in ms of
// a clock with an unknown beginning. Their differences are kept, and the last pong is put at metadata.end_time.
func original(f File, raw []byte, now time.Time) (Entry, error) {
	switch {
	case f.Platform == "" && f.Metadata == (Metadata{}):
		return Entry{}, errors.New("this is no result file: it has neither platform nor metadata")
	case f.Metadata == (Metadata{}):
		return Entry{}, missing("metadata")
	case f.Statistics == (Statistics{}):
		return Entry{}, missing("statistics")
	case f.Metadata.EndTime < firstOriginal:
		return Entry{}, fmt.Errorf("metadata.end_time: %s is no time of day, in Unix seconds",
			plain(f.Metadata.EndTime))
	}
	st := f.Statistics
	f.Details = Details{SchemaVersion: SchemaVersion, Tool: Tool{Version: bench.Original}, Ended: bench.Complete,
		Echo: Echo{Mode: "remote"}, OneWay: OneWay{Clocks: bench.UnknownOffsets}}
	f.Metadata.CooldownMS = nil
	if f.Platform == "livekit" { // fixed in the original tool's code
		f.Details.TransportClass, f.Details.Channel = text(string(bench.DataChannelReliable)), &Channel{Ordered: true}
	}
	c := &f.Details.Counts
	c.Answered, c.Lost = st.SuccessfulMessages, st.FailedMessages
	c.Sent = c.Answered + c.Lost
	var told []string // notes for people about missing or changed values
	if f.Metadata.RunID == "" {
		told = append(told, "without a run_id: it is made from the content")
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return Entry{}, err
		}
		f.Metadata.RunID = uuidOf(compact.Bytes())
	}
	if c.Answered != len(f.Measurements) {
		return Entry{}, fmt.Errorf("statistics.successful_messages: %d; measurements has %d", c.Answered,
			len(f.Measurements))
	}
	if c.Answered == 0 {
		told = append(told, "statistics of 0.0 without a success are null")
		f.Statistics = Statistics{TotalMessages: st.TotalMessages, FailedMessages: c.Lost,
			PacketLossRate: st.PacketLossRate}
	}
	if err := cmp.Or(f.unknown(), f.check(), f.checkBefore(now.Add(24*time.Hour))); err != nil {
		return Entry{}, err
	}
	run, err := f.run()
	if err != nil {
		return Entry{}, err
	}
	run.Kept, run.End = nil, clock(f.Metadata.EndTime)
	run.Start, run.Samples = anchored(f.Measurements, run.Start, run.End)
	run.Doubts = []bench.Doubt{{Code: "original", Text: "a file of the original tool: it does not say when pings " +
		"were due, which ones failed and by which way they went; " +
		"it counts a pong as lost that came before its send call had returned"}}
	if len(f.Measurements) > 0 {
		told = append(told, "timestamps are of a clock that began anywhere: they end at metadata.end_time")
	}
	if slices.ContainsFunc(f.Measurements, func(m Measurement) bool {
		return m.ClientToServer != nil || m.ServerToClient != nil
	}) {
		told = append(told, "one-way times are dropped: they are differences of two unrelated clocks")
	}
	return Entry{Run: run, Note: strings.Join(told, "; ")}, whole(run)
}

// unknown is an error if a value is missing that every run has. The original tool always writes these values, and they
// are never 0: a 0 means that the value is missing.
func (f File) unknown() error {
	if f.Metadata.StartTime < firstOriginal {
		return fmt.Errorf("metadata.start_time: %s is no time of day, in Unix seconds", plain(f.Metadata.StartTime))
	}
	for i, m := range f.Measurements {
		switch {
		case m.RoundTripTime == 0:
			return fmt.Errorf("measurements[%d].round_trip_time: it is missing, or 0: no message travels in no time", i)
		case m.Timestamp == 0:
			return fmt.Errorf("measurements[%d].timestamp: it is missing, or 0", i)
		}
	}
	return nil
}

// firstOriginal is before the first version of the original tool, in Unix seconds: 2020-01-01.
const firstOriginal = 1577836800

// anchored gives the answered pings, sorted by their send times. A ping was sent its round trip time before its
// timestamp. The pings keep their numbers if the numbers in the file are possible.
func anchored(list []Measurement, start, end time.Time) (time.Time, []bench.Sample) {
	if len(list) == 0 {
		return start, nil
	}
	left := func(m Measurement) float64 { return m.Timestamp - m.RoundTripTime }
	byTime := slices.Clone(list)
	slices.SortStableFunc(byTime, func(a, b Measurement) int { return cmp.Compare(left(a), left(b)) })
	last, numbered := math.Inf(-1), true
	for i, m := range byTime {
		last = max(last, m.Timestamp)
		numbered = numbered && m.MessageNumber > 0 && (i == 0 || m.MessageNumber > byTime[i-1].MessageNumber)
	}
	began := end.Add(-nanos(last - left(byTime[0])))
	if began.Before(start) && !began.Before(time.Unix(0, 0)) { // the clocks disagree: the end is right
		start = began
	}
	samples := make([]bench.Sample, len(byTime))
	for i, m := range byTime {
		sent := max(0, began.Sub(start)+nanos(left(m)-left(byTime[0])))
		samples[i] = bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Due: sent, Sent: sent,
			RTT: nanos(m.RoundTripTime)}
		if numbered {
			samples[i].Seq = m.MessageNumber
		}
	}
	return start, samples
}
