package influx

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// Measurements, the first two as the original tool wrote them.
const (
	pingMeasurement    = "latency_measurements" // a point for every ping answered in time, at the time when it was sent
	summaryMeasurement = "run_summary"          // a point a run, at its end
	runMeasurement     = "rtcbench_run"         // the same, with all that it takes to give the run back
	// its samples, packed: a point for each piece, from the run's end on a nanosecond apart
	samplesMeasurement = "rtcbench_samples"
)

// Texts are cut: a string field of version 1 ends at 64 KB, and pieces of 2,000 bytes stay readable in any tool.
const (
	textPiece   = 2000
	samplePiece = 30_000
	maxPieces   = 200 // of one text: a table of version 3 has at most 500 columns
)

// A request has so many points, and not many more bytes before compression. Amazon Timestream for InfluxDB 3 advises a
// limit of 5 MiB for its smallest instances (max-http-request-size); the others take more.
const (
	batchLines = 5000
	batchBytes = 3 << 20
)

// encoder writes lines, and cuts them into batches.
type encoder struct {
	lineprotocol.Encoder
	lines   int
	batches [][]byte
}

func (e *encoder) end(at time.Time) {
	e.EndLine(at)
	if e.lines++; e.lines == batchLines || len(e.Bytes()) >= batchBytes {
		e.flush()
	}
}

// flush ends a batch. An error stays for Err.
func (e *encoder) flush() {
	if e.lines > 0 && e.Err() == nil {
		e.batches = append(e.batches, append([]byte(nil), e.Bytes()...))
		e.Reset()
		e.lines = 0
	}
}

// tag is a value as a tag of line protocol can carry it. Line protocol has no control characters, and servers differ
// about a backslash: a control character becomes %0A, a backslash %5C, and a % that would read as one of them %25. So
// two names are never one tag.
func tag(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == 0x7f || c == '\\' || c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

func (e *encoder) start(measurement string, tags ...string) {
	e.StartLine(measurement)
	for i := 0; i < len(tags); i += 2 {
		if value := tag(tags[i+1]); value != "" { // of a run of the original tool; a tag cannot be empty
			e.AddTag(tags[i], value)
		}
	}
}

func (e *encoder) integer(name string, n int) { e.AddField(name, lineprotocol.IntValue(int64(n))) }

// double adds what is known; a value that is not finite is not.
func (e *encoder) double(name string, v *float64) {
	if v == nil {
		return
	}
	if value, ok := lineprotocol.FloatValue(*v); ok {
		e.AddField(name, value)
	}
}

// figure adds a number of a run by the name that it has everywhere.
func (e *encoder) figure(x result.Figure) {
	if x.Unit == "" {
		e.integer(x.Key, int(x.Value))
	} else {
		e.double(x.Key, &x.Value)
	}
}

func (e *encoder) text(name, s string) error {
	value, ok := lineprotocol.StringValue(s)
	if !ok {
		return fmt.Errorf("%w: %s is not valid UTF-8", bench.ErrRejected, name)
	}
	e.AddField(name, value)
	return nil
}

// pieces adds a text as NAME_000, NAME_001, … and how many there are.
func (e *encoder) pieces(name, s string) error {
	list := result.Split(s, textPiece)
	if len(list) > maxPieces {
		return fmt.Errorf("%w: its %s is %d bytes long; a point takes %d", bench.ErrRejected, name, len(s),
			maxPieces*textPiece)
	}
	for i, piece := range list {
		if err := e.text(fmt.Sprintf("%s_%03d", name, i), piece); err != nil {
			return err
		}
	}
	e.integer(name+"_pieces", len(list))
	return nil
}

// pointsOf is r in line protocol, in the order of writing. Where a point stands, which is its tags and its time, is
// taken from the run as it will be read back: in whatever form the same run comes again, out of a file or another
// store, it writes over itself.
func pointsOf(r bench.Record) ([][]byte, error) {
	packed, err := result.Pack(r)
	if err != nil {
		return nil, err
	}
	file := packed.File
	kept, err := packed.Run()
	if err != nil { // nobody could read it again
		return nil, fmt.Errorf("%w: %w", bench.ErrRejected, err)
	}
	location := kept.Location
	if location == "" {
		location = bench.Unknown
	}
	end := packed.End
	// in the order of their names, as the encoder wants them
	tags := []string{"location_id", location, "platform", kept.Platform, "run_id", kept.ID}
	e := &encoder{}
	e.SetPrecision(lineprotocol.Nanosecond)
	e.pings(r, kept, tags)
	e.start(summaryMeasurement, tags...)
	for _, x := range file.Statistics.Figures() {
		if x.Unit != "ms" { // the original's summary has no durations
			e.figure(x)
		}
	}
	e.end(end)
	samples := result.Split(base64.StdEncoding.EncodeToString(packed.Samples), samplePiece)
	for i, piece := range samples {
		e.start(samplesMeasurement, tags...)
		if err := e.text("data", piece); err != nil {
			return nil, err
		}
		e.end(end.Add(time.Duration(i)))
	}
	e.flush()
	e.start(runMeasurement, "engine", kept.Facts.Engine, "location_id", location, "platform", kept.Platform, "run_id",
		kept.ID, "transport_class", string(kept.Facts.Transport))
	e.statistics(file)
	if err := e.pieces("document", string(packed.Document)); err != nil {
		return nil, err
	}
	if err := e.pieces("histogram", base64.StdEncoding.EncodeToString(packed.Histogram)); err != nil {
		return nil, err
	}
	e.integer("samples_pieces", len(samples))
	e.end(end)
	e.flush()
	if err := e.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", bench.ErrRejected, err)
	}
	return e.batches, nil
}

// pings are the original's points: the pings answered in time. kept is r with the times at which they stand.
func (e *encoder) pings(r bench.Record, kept bench.Run, tags []string) {
	oneWay := r.Summary.OneWay
	ms := func(d time.Duration) *float64 {
		v := float64(d) / float64(time.Millisecond)
		return &v
	}
	var last time.Time
	for i, s := range r.Samples {
		if s.Outcome != bench.Answered {
			continue
		}
		e.start(pingMeasurement, tags...)
		e.double("round_trip_time", ms(s.RTT))
		if up, ok := oneWay.UpOf(s); ok {
			down, _ := oneWay.DownOf(s)
			e.double("client_to_server", ms(up))
			e.double("server_to_client", ms(down))
		}
		e.integer("message_number", int(s.Seq))
		at := kept.Start.Add(kept.Samples[i].Sent)
		if !at.After(last) { // two points of one time would be one
			at = last.Add(1)
		}
		e.end(at)
		last = at
	}
}

// statistics adds what a dashboard asks for without knowing our document.
func (e *encoder) statistics(f result.File) {
	for _, x := range append(f.Statistics.Figures(), f.Details.Counts.Figures()...) {
		e.figure(x)
	}
	e.integer("schema_version", f.Details.SchemaVersion)
	e.text("ended", string(f.Details.Ended))
	e.text("verdict", string(f.Details.Validity.Verdict))
	if f.Details.Path != nil {
		e.text("path", *f.Details.Path)
	}
}
