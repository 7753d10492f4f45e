package timestream

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite/types"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// Names of dimensions, measures and columns. A dimension and a measure of a table must have different names.
const (
	dimPlatform  = "platform"
	dimLocation  = "location_id"
	dimRun       = "run_id"
	dimEngine    = "engine"
	dimTransport = "transport_class"
	dimPart      = "part"

	measurePing      = "ping"
	measureRun       = "rtcbench_run"
	measureDocument  = "rtcbench_document"
	measureHistogram = "rtcbench_histogram"
	measureSamples   = "rtcbench_samples"

	columnText       = "text"
	columnDocuments  = "document_parts"
	columnHistograms = "histogram_parts"
	columnSamples    = "samples_parts"
)

// Limits of the service (Developer Guide, "Quotas"). The values of a multi-measure record have 2,048 bytes together,
// and so has a record with its names and dimensions. A long text takes several records. maxRecord leaves a margin: the
// guide may not name everything that counts.
const (
	maxBatch  = 100
	maxRecord = 2000
	maxParts  = 10000 // of one text; the dimension has four digits
	// minText is the least room for text that a record has to have beside its dimensions, in bytes.
	minText = 800
)

// batch are records with common attributes, for one or more requests.
type batch struct {
	common  types.Record
	records []types.Record
}

// recordsOf is r as records, in the order of writing. The record by which the run is found comes last: a run is seen
// when all of it is there. The times of the records are those of the run as it will be read back, to the microsecond.
// So if the same run comes again, from a file or another store, it overwrites its own records.
func recordsOf(r bench.Record) ([]batch, error) {
	packed, err := result.Pack(r)
	if err != nil {
		return nil, err
	}
	run, file := r.Run, packed.File
	kept, err := packed.Run()
	if err != nil { // a run that cannot be read back is not written
		return nil, fmt.Errorf("%w: %w", bench.ErrRejected, err)
	}
	run.Start, run.Samples = kept.Start, kept.Samples
	run.End = packed.End
	origin := []types.Dimension{dimension(dimPlatform, run.Platform), dimension(dimLocation, locationOf(run))}
	ofRun := append(origin[:2:2], dimension(dimRun, run.ID))
	all := ofRun
	for _, d := range []types.Dimension{dimension(dimEngine, run.Facts.Engine),
		dimension(dimTransport, string(run.Facts.Transport))} {
		if *d.Value != "" { // empty for runs of the original tool; a dimension cannot be empty
			all = append(all[:len(all):len(all)], d)
		}
	}
	parts, counts, err := texts(packed, room(all))
	if err != nil {
		return nil, err
	}
	return []batch{
		{common(run, origin, types.TimeUnitMilliseconds), statistics(file.Statistics)},
		{common(run, ofRun, types.TimeUnitNanoseconds), pings(run, r.Summary.OneWay)},
		{common(run, all, types.TimeUnitMicroseconds), parts},
		{common(run, all, types.TimeUnitMicroseconds), []types.Record{summary(file, counts)}},
	}, nil
}

func locationOf(run bench.Run) string {
	if run.Location == "" {
		return bench.Unknown
	}
	return run.Location
}

func dimension(name, value string) types.Dimension {
	return types.Dimension{Name: aws.String(name), Value: aws.String(value)}
}

// common are the common attributes of a run's records. The time is the end of the run. The version is the same time in
// milliseconds, so writing a run again changes nothing.
func common(run bench.Run, d []types.Dimension, unit types.TimeUnit) types.Record {
	r := types.Record{Dimensions: d, TimeUnit: unit, Version: aws.Int64(run.End.UnixMilli())}
	switch unit {
	case types.TimeUnitMilliseconds:
		r.Time = number(run.End.UnixMilli())
	case types.TimeUnitMicroseconds:
		r.Time = number(run.End.UnixMicro())
	}
	return r
}

func number(n int64) *string { return aws.String(strconv.FormatInt(n, 10)) }

// measures are the values of a record. Values that are nil or not finite are left out.
type measures []types.MeasureValue

func (m *measures) bigint(name string, n int) {
	*m = append(*m, types.MeasureValue{Name: aws.String(name), Type: types.MeasureValueTypeBigint,
		Value: number(int64(n))})
}

func (m *measures) double(name string, v *float64) {
	if v != nil && !math.IsNaN(*v) && !math.IsInf(*v, 0) {
		*m = append(*m, types.MeasureValue{Name: aws.String(name), Type: types.MeasureValueTypeDouble,
			Value: aws.String(strconv.FormatFloat(*v, 'f', -1, 64))})
	}
}

func (m *measures) varchar(name, s string) {
	if s != "" {
		*m = append(*m, types.MeasureValue{Name: aws.String(name), Type: types.MeasureValueTypeVarchar,
			Value: aws.String(s)})
	}
}

// figures adds numbers of a run under their common keys.
func (m *measures) figures(list []result.Figure) {
	for _, x := range list {
		if x.Unit == "" {
			m.bigint(x.Key, int(x.Value))
		} else {
			m.double(x.Key, &x.Value)
		}
	}
}

// statistics are the records that the original tool wrote: one for each statistic that is known.
func statistics(s result.Statistics) []types.Record {
	var m measures
	m.figures(s.Figures())
	records := make([]types.Record, len(m))
	for i, v := range m {
		records[i] = types.Record{MeasureName: v.Name, MeasureValueType: v.Type, MeasureValue: v.Value}
	}
	return records
}

func multi(name string, m measures) types.Record {
	return types.Record{MeasureName: aws.String(name), MeasureValueType: types.MeasureValueTypeMulti, MeasureValues: m}
}

// pings are the records of the pings that were sent, each at its send time.
func pings(run bench.Run, oneWay bench.OneWay) []types.Record {
	ms := func(d time.Duration) *float64 { return aws.Float64(float64(d) / float64(time.Millisecond)) }
	var records []types.Record
	last := int64(math.MinInt64)
	for _, s := range run.Samples {
		if s.Outcome == bench.NotSent {
			continue
		}
		var m measures
		m.bigint("message_number", int(s.Seq))
		m.varchar("outcome", s.Outcome.String())
		switch s.Outcome {
		case bench.Answered:
			m.double("round_trip_time", ms(s.RTT))
		case bench.Late:
			m.double("late_round_trip_time", ms(s.RTT))
		}
		if up, ok := oneWay.UpOf(s); ok && s.Outcome == bench.Answered {
			down, _ := oneWay.DownOf(s)
			m.double("client_to_server", ms(up))
			m.double("server_to_client", ms(down))
		}
		r := multi(measurePing, m)
		// Two records at the same time would overwrite each other. Times are rounded to 1 µs, as in the run that will
		// be read back.
		last = max(last+1, run.Start.Add(s.Sent).Round(time.Microsecond).UnixNano())
		r.Time = number(last)
		records = append(records, r)
	}
	return records
}

// summary is the record by which a run is found. parts are the numbers of its text records.
func summary(f result.File, parts [3]int) types.Record {
	var m measures
	m.figures(f.Statistics.Figures())
	m.figures(f.Details.Counts.Figures())
	m.varchar("ended", string(f.Details.Ended))
	m.varchar("verdict", string(f.Details.Validity.Verdict))
	if f.Details.Path != nil {
		m.varchar("path", *f.Details.Path)
	}
	m.bigint("schema_version", f.Details.SchemaVersion)
	m.bigint(columnDocuments, parts[0])
	m.bigint(columnHistograms, parts[1])
	m.bigint(columnSamples, parts[2])
	return multi(measureRun, m)
}

// room is how many bytes of text fit into a record with these dimensions.
func room(dimensions []types.Dimension) int {
	used := len(measureHistogram) + len(columnText) + len(dimPart) + 4 + 8
	for _, d := range dimensions {
		used += len(*d.Name) + len(*d.Value)
	}
	return maxRecord - used
}

// texts are the text records of a packed run, and how many there are of each kind.
func texts(p result.Packed, room int) ([]types.Record, [3]int, error) {
	var counts [3]int
	if room < minText {
		return nil, counts,
			fmt.Errorf("%w: platform, location and the other dimensions take %d bytes of a record of %d",
				bench.ErrRejected, maxRecord-room, maxRecord)
	}
	var records []types.Record
	for i, t := range []struct{ measure, text string }{
		{measureDocument, string(p.Document)},
		{measureHistogram, base64.StdEncoding.EncodeToString(p.Histogram)},
		{measureSamples, base64.StdEncoding.EncodeToString(p.Samples)},
	} {
		for _, chunk := range result.Split(t.text, room) {
			if counts[i] == maxParts {
				return nil, counts, fmt.Errorf("%w: %s is %d bytes; Timestream records take %d of one run",
					bench.ErrRejected, t.measure, len(t.text), maxParts*room)
			}
			var m measures
			m.varchar(columnText, chunk)
			r := multi(t.measure, m)
			r.Dimensions = []types.Dimension{dimension(dimPart, fmt.Sprintf("%04d", counts[i]))}
			records = append(records, r)
			counts[i]++
		}
	}
	return records, counts, nil
}
