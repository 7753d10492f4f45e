package result

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
)

// Entry is one run of a file.
type Entry struct {
	Run   bench.Run
	Place string // where in the file: "line 12", "line 1, livekit"
	Note  string // what the file could not tell, for the reader; "" = nothing
}

// Decode reads runs: one result file, the file of both, one of the original tool, or any number
// of them after one another, as lines of JSON. A value with a mistake in it gives an error that says where,
// and the next one follows; after broken JSON none can.
func Decode(r io.Reader) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		lines := &lineReader{r: unmarked(r)}
		d := json.NewDecoder(lines)
		for {
			var raw json.RawMessage
			err := d.Decode(&raw)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Entry{}, broken(err, lines, d.InputOffset()))
				return
			}
			place := fmt.Sprintf("line %d", lines.at(d.InputOffset()-int64(len(raw))))
			for e, err := range values(raw, place) {
				if err != nil {
					err = fmt.Errorf("%s: %w", place, err)
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// broken says what is wrong with text that is no JSON.
func broken(err error, lines *lineReader, offset int64) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("line %d: the file ends in the middle of a value: it was cut off", lines.at(lines.read))
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: %w", lines.at(max(offset, syntax.Offset)), err)
	}
	return err
}

// values gives what one JSON value holds.
func values(raw json.RawMessage, place string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var both struct {
			Platform       *string
			Daily, Livekit json.RawMessage
			Run            json.RawMessage // an entry of the outbox
		}
		if err := json.Unmarshal(raw, &both); err != nil {
			yield(Entry{Place: place}, explain(err))
			return
		}
		if both.Platform == nil && both.Run != nil {
			raw = both.Run
		} else if both.Platform == nil && (both.Daily != nil || both.Livekit != nil) {
			for _, side := range []struct {
				name string
				raw  json.RawMessage
			}{{"daily", both.Daily}, {"livekit", both.Livekit}} {
				if side.raw == nil || string(side.raw) == "null" { // it failed then
					continue
				}
				e, err := one(side.raw)
				e.Place = place + ", " + side.name
				if err != nil {
					err = fmt.Errorf("%s: %w", side.name, err)
				}
				if !yield(e, err) {
					return
				}
			}
			return
		}
		e, err := one(raw)
		e.Place = place
		yield(e, err)
	}
}

func one(raw json.RawMessage) (Entry, error) {
	var f struct {
		File
		Details *Details `json:"details"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return Entry{}, explain(err)
	}
	if f.Details == nil {
		return original(f.File, raw)
	}
	f.File.Details = *f.Details
	run, err := f.File.Run()
	return Entry{Run: run}, err
}

// explain says a JSON error in the words of the file.
func explain(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return fmt.Errorf("%s: this cannot stand there: %s", cmp.Or(strings.TrimPrefix(t.Field, "File."), "the value"), t.Value)
	}
	return err
}

// original makes a run of a file that the original tool wrote. Its timestamps are milliseconds of a clock
// that began anywhere: their differences are kept, and the last pong is put at metadata.end_time.
func original(f File, raw []byte) (Entry, error) {
	if f.Platform == "" && f.Metadata.EndTime == 0 {
		return Entry{}, errors.New("this is no result file: it has neither platform nor metadata")
	}
	st := f.Statistics
	f.Details = Details{SchemaVersion: SchemaVersion, Tool: Tool{Version: bench.Original}, Ended: bench.Complete, Echo: Echo{Mode: "remote"}, OneWay: OneWay{Clocks: bench.UnknownOffsets}, Plan: Plan{Grid: "fixed"}}
	c := &f.Details.Counts
	c.Answered, c.Lost = st.SuccessfulMessages, st.FailedMessages
	c.Sent = c.Answered + c.Lost
	var told []string // what becomes of what the file says, and of what it does not say
	if f.Metadata.RunID == "" {
		told = append(told, "without a run_id: it is made from the content")
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return Entry{}, err
		}
		f.Metadata.RunID = uuidOf(compact.Bytes())
	}
	if c.Answered != len(f.Measurements) {
		return Entry{}, fmt.Errorf("statistics.successful_messages: %d; measurements has %d", c.Answered, len(f.Measurements))
	}
	if c.Answered == 0 {
		told = append(told, "statistics of 0.0 without a success are null")
		f.Statistics = Statistics{TotalMessages: c.Sent, FailedMessages: c.Lost, PacketLossRate: st.PacketLossRate}
	}
	if f.Metadata.StartTime > f.Metadata.EndTime {
		f.Metadata.StartTime = f.Metadata.EndTime
	}
	if err := f.check(); err != nil {
		return Entry{}, err
	}
	run, err := f.Run()
	if err != nil {
		return Entry{}, err
	}
	run.Kept, run.End = nil, clock(f.Metadata.EndTime)
	run.Start, run.Samples, err = anchored(f.Measurements, run.Start, run.End)
	run.Doubts = []bench.Doubt{{Code: "original", Text: "a file of the original tool: it does not say when pings were due, which ones were lost and by which way they went"}}
	if len(f.Measurements) > 0 {
		told = append(told, "timestamps are of a clock that began anywhere: they end at metadata.end_time")
	}
	if slices.ContainsFunc(f.Measurements, func(m Measurement) bool { return m.ClientToServer != nil || m.ServerToClient != nil }) {
		told = append(told, "one-way times are dropped: they are differences of two unrelated clocks")
	}
	return Entry{Run: run, Note: strings.Join(told, "; ")}, err
}

// anchored gives the answered pings by the time when they were sent.
func anchored(list []Measurement, start, end time.Time) (time.Time, []bench.Sample, error) {
	if len(list) == 0 {
		return start, nil, nil
	}
	byTime := slices.Clone(list)
	slices.SortStableFunc(byTime, func(a, b Measurement) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	first, last := byTime[0].Timestamp, math.Inf(-1)
	for i, m := range byTime {
		if math.Abs(m.Timestamp) > float64(longest/time.Millisecond) {
			return start, nil, fmt.Errorf("measurements[%d].timestamp: %v is no time", i, m.Timestamp)
		}
		last = max(last, m.Timestamp+m.RoundTripTime)
	}
	began := end.Add(-nanos(last - first))
	if began.Before(start) { // the two clocks disagree: the run is where its end is
		start = began
	}
	samples := make([]bench.Sample, len(byTime))
	for i, m := range byTime {
		sent := began.Sub(start) + nanos(m.Timestamp-first)
		samples[i] = bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Due: sent, Sent: sent, RTT: nanos(m.RoundTripTime)}
	}
	return start, samples, nil
}

// unmarked is r without the mark that some editors and shells put before UTF-8 (U+FEFF).
func unmarked(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if head, err := b.Peek(3); err == nil && string(head) == "\uFEFF" {
		b.Discard(3)
	}
	return b
}

// lineReader knows in which line each byte stood that was read through it.
type lineReader struct {
	r      io.Reader
	read   int64
	breaks []int64 // offsets of line breaks
}

func (l *lineReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, b := range p[:n] {
		if b == '\n' {
			l.breaks = append(l.breaks, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

func (l *lineReader) at(offset int64) int {
	i, _ := slices.BinarySearch(l.breaks, offset)
	return i + 1
}
