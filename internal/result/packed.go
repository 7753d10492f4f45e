package result

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"rtcbench/bench"
)

// Packed is a run as stores keep it.
type Packed struct {
	Document  []byte // the result file as one line of JSON, without its long lists
	Samples   []byte // see packSamples; nil = the run has none
	Histogram []byte // of the answered pings: stats.Histogram.AppendBinary
	Invalid   bool   // the document's verdict is bench.Invalid; only Pack says so
}

// Pack packs run. Times of samples are kept to 0.1 µs; everything else as the result file has it.
func Pack(run bench.Run) (Packed, error) {
	var p Packed
	var err error
	s := bench.Summarise(run)
	p.Invalid = s.Validity.Verdict == bench.Invalid
	if p.Document, err = json.Marshal(lean(run, s)); err != nil {
		return Packed{}, err
	}
	if p.Histogram, err = run.Histogram().MarshalBinary(); err != nil {
		return Packed{}, err
	}
	if len(run.Samples) > 0 {
		p.Samples = packSamples(run.Samples, run.Plan)
	}
	return p, nil
}

// Run is the run that was packed. Without Samples it has Kept.
func (p Packed) Run() (bench.Run, error) {
	var f File
	if err := json.Unmarshal(p.Document, &f); err != nil {
		return bench.Run{}, explain(err)
	}
	run, err := f.Run()
	if err != nil {
		return bench.Run{}, err
	}
	if p.Samples != nil {
		run.Kept = nil
		if run.Samples, err = unpackSamples(p.Samples); err != nil {
			return bench.Run{}, err
		}
		return run, nil
	}
	if err := run.Kept.Histogram.UnmarshalBinary(p.Histogram); err != nil {
		return bench.Run{}, err
	}
	return run, nil
}

// tick is to what times of packed samples are kept.
const tick = 100 * time.Nanosecond

const packedVersion = 1

// packSamples packs samples in columns, about 10 bytes each:
//
//	version, number of samples, cooldown of the grid in ns (0 = due times have a column)
//	seq:     runs of (step, length)
//	fate:    runs of (outcome | reason<<3 | stamped<<6, length)
//	due, sent − due, send call, RTT, hold, up:
//	         the least value, then each value less the least, in ticks, where a sample has one
//
// All numbers are varints; those that may be negative are zigzag.
func packSamples(samples []bench.Sample, plan bench.Plan) []byte {
	b := []byte{packedVersion}
	b = binary.AppendUvarint(b, uint64(len(samples)))
	grid := plan.Cooldown
	for _, s := range samples {
		if s.Due != plan.Due(s.Seq) {
			grid = 0
		}
	}
	b = binary.AppendUvarint(b, uint64(grid))
	last := uint32(0)
	steps, fates := make([]uint64, len(samples)), make([]uint64, len(samples))
	for i, s := range samples {
		steps[i], last = uint64(s.Seq-last), s.Seq
		fates[i] = uint64(s.Outcome) | uint64(s.Reason)<<3
		if s.Stamped {
			fates[i] |= 1 << 6
		}
	}
	b = appendRuns(appendRuns(b, steps), fates)
	for _, c := range columnsOf(grid) {
		b = c.pack(b, samples)
	}
	return b
}

func appendRuns(b []byte, values []uint64) []byte {
	for i := 0; i < len(values); {
		n := 1
		for i+n < len(values) && values[i+n] == values[i] {
			n++
		}
		b = binary.AppendUvarint(binary.AppendUvarint(b, values[i]), uint64(n))
		i += n
	}
	return b
}

// column is one time of the samples that have it.
type column struct {
	has func(*bench.Sample) bool
	get func(*bench.Sample) time.Duration
	set func(*bench.Sample, time.Duration)
}

func columnsOf(grid time.Duration) []column {
	sent := func(s *bench.Sample) bool { return s.Outcome != bench.NotSent }
	pong := func(s *bench.Sample) bool { return s.Outcome == bench.Answered || s.Outcome == bench.Late }
	stamped := func(s *bench.Sample) bool { return s.Stamped }
	list := []column{
		{sent, func(s *bench.Sample) time.Duration { return s.Sent - s.Due }, func(s *bench.Sample, d time.Duration) { s.Sent = s.Due + d }},
		{sent, func(s *bench.Sample) time.Duration { return s.SendCall }, func(s *bench.Sample, d time.Duration) { s.SendCall = d }},
		{pong, func(s *bench.Sample) time.Duration { return s.RTT }, func(s *bench.Sample, d time.Duration) { s.RTT = d }},
		{stamped, func(s *bench.Sample) time.Duration { return s.Hold }, func(s *bench.Sample, d time.Duration) { s.Hold = d }},
		{stamped, func(s *bench.Sample) time.Duration { return s.Up }, func(s *bench.Sample, d time.Duration) { s.Up = d }},
	}
	if grid == 0 {
		due := column{func(*bench.Sample) bool { return true }, func(s *bench.Sample) time.Duration { return s.Due }, func(s *bench.Sample, d time.Duration) { s.Due = d }}
		list = append([]column{due}, list...)
	}
	return list
}

func ticks(d time.Duration) int64 {
	n := int64(math.Round(float64(d) / float64(tick)))
	if n == 0 && d > 0 {
		return 1 // 0 means that there is none
	}
	return n
}

func (c column) pack(b []byte, samples []bench.Sample) []byte {
	least, any := int64(math.MaxInt64), false
	for i := range samples {
		if c.has(&samples[i]) {
			least, any = min(least, ticks(c.get(&samples[i]))), true
		}
	}
	if !any {
		return b
	}
	b = binary.AppendVarint(b, least)
	for i := range samples {
		if c.has(&samples[i]) {
			b = binary.AppendUvarint(b, uint64(ticks(c.get(&samples[i]))-least))
		}
	}
	return b
}

var errPacked = errors.New("the samples are damaged")

// unpackSamples reads what packSamples wrote.
func unpackSamples(b []byte) ([]bench.Sample, error) {
	if len(b) == 0 || b[0] != packedVersion {
		return nil, fmt.Errorf("%w, or packed by a newer rtcbench", errPacked)
	}
	r := reader{b: b[1:]}
	n, grid := r.uvarint(), time.Duration(r.uvarint())
	const most = 1 << 27
	if r.bad || n > most || grid < 0 {
		return nil, errPacked
	}
	steps, fates := r.runs(n), r.runs(n)
	if r.bad {
		return nil, errPacked
	}
	samples := make([]bench.Sample, n)
	seq := uint64(0)
	for i := range samples {
		s := &samples[i]
		seq += steps[i]
		outcome, reason := fates[i]&7, fates[i]>>3&7
		if seq > math.MaxUint32 || outcome > uint64(bench.NotSent) || reason > uint64(bench.OnWayDown) {
			return nil, errPacked
		}
		s.Seq, s.Outcome, s.Reason, s.Stamped = uint32(seq), bench.Outcome(outcome), bench.Reason(reason), fates[i]>>6&1 == 1
		s.Due = bench.Plan{Cooldown: grid}.Due(s.Seq)
	}
	for _, c := range columnsOf(grid) {
		r.column(c, samples)
	}
	if r.bad || len(r.b) > 0 {
		return nil, errPacked
	}
	return samples, nil
}

// reader takes numbers off b; bad says that one was missing.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// runs reads n values; what it makes is never larger than what it has read allows.
func (r *reader) runs(n uint64) []uint64 {
	var values []uint64
	for uint64(len(values)) < n && !r.bad {
		v, length := r.uvarint(), r.uvarint()
		if length == 0 || length > n-uint64(len(values)) {
			r.bad = true
			break
		}
		for range length {
			values = append(values, v)
		}
	}
	return values
}

func (r *reader) column(c column, samples []bench.Sample) {
	var least int64
	first := true
	for i := range samples {
		s := &samples[i]
		if !c.has(s) || r.bad {
			continue
		}
		if first {
			least, first = r.varint(), false
		}
		c.set(s, time.Duration(least+int64(r.uvarint()))*tick)
	}
}
