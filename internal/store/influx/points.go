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

// Measurements. The original tool wrote the first two.
const (
	pingMeasurement    = "latency_measurements" // a point for each ping answered in time, at its send time
	summaryMeasurement = "run_summary"          // a point for each run, at its end
	runMeasurement     = "rtcbench_run"         // a point for each run, with all that reads it back
	// The packed samples in pieces: a point for each piece, one nanosecond apart, from the run's end on.
	samplesMeasurement = "rtcbench_samples"
)

// Texts are cut into pieces: version 1 limits a string field to 64 KB, and pieces of 2,000 bytes are readable in any
// tool.
const (
	textPiece   = 2000
	samplePiece = 30_000
	maxPieces   = 200 // of one text; a table of version 3 has at most 500 columns
)

// The bounds of one request: so many points, and about so many bytes before compression. Amazon Timestream for InfluxDB
// 3 advises a limit of 5 MiB for its smallest instances (max-http-request-size); other servers accept more.
const (
	batchLines = 5000
	batchBytes = 3 << 20
)

// encoder writes lines of line protocol and divides them into batches.
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

// flush ends a batch. Err keeps an error.
func (e *encoder) flush() {
	if e.lines > 0 && e.Err() == nil {
		e.batches = append(e.batches, append([]byte(nil), e.Bytes()...))
		e.Reset()
		e.lines = 0
	}
}

// tag is value as a tag in line protocol. Line protocol allows no control characters, and servers treat a backslash
// differently. A control character becomes %0A and so on, a backslash %5C, and a % that would read as such an escape
// %25. So two different names never become the same tag.
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
		if value := tag(tags[i+1]); value != "" { // empty for runs of the original tool; a tag cannot be empty
			e.AddTag(tags[i], value)
		}
	}
}

func (e *encoder) integer(name string, n int) { e.AddField(name, lineprotocol.IntValue(int64(n))) }

// double adds a field, unless v is nil or not finite.
func (e *encoder) double(name string, v *float64) {
	if v == nil {
		return
	}
	if value, ok := lineprotocol.FloatValue(*v); ok {
		e.AddField(name, value)
	}
}

// figure adds a number of a run under its common key.
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

// pieces adds a text as fields NAME_000, NAME_001, …, and the number of pieces as NAME_pieces.
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

// pointsOf is r in line protocol, in the order of writing. Tags and times of the points come from the run as it will be
// read back. So if the same run comes again, from a file or another store, it overwrites its own points.
func pointsOf(r bench.Record) ([][]byte, error) {
	packed, err := result.Pack(r)
	if err != nil {
		return nil, err
	}
	file := packed.File
	kept, err := packed.Run()
	if err != nil { // a run that cannot be read back is not written
		return nil, fmt.Errorf("%w: %w", bench.ErrRejected, err)
	}
	location := kept.Location
	if location == "" {
		location = bench.Unknown
	}
	end := packed.End
	// The encoder needs the tags sorted by name.
	tags := []string{"location_id", location, "platform", kept.Platform, "run_id", kept.ID}
	e := &encoder{}
	e.SetPrecision(lineprotocol.Nanosecond)
	e.pings(r, kept, tags)
	e.start(summaryMeasurement, tags...)
	for _, x := range file.Statistics.Figures() {
		if x.Unit != "ms" { // the original tool's summary has no durations
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

// pings adds the original tool's points: the pings answered in time. kept is r as it will be read back, with the times
// of the points.
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
		if !at.After(last) { // two points at the same time would overwrite each other
			at = last.Add(1)
		}
		e.end(at)
		last = at
	}
}

// statistics adds fields for dashboards that cannot read the document.
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
